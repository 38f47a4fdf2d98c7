/// Holds the texts of the lexicons that the service itself speaks, byte for byte as published.
package enum LexiconTexts {}
