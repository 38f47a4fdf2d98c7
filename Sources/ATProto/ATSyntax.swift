// Whoever reads documents and tokens reads the names in them.
@_exported public import ATSyntax
