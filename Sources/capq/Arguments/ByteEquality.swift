extension StringProtocol {
    /// Compares UTF-8 bytes, so that look-alikes Unicode holds equal stay different words.
    func hasSameBytes(as other: some StringProtocol) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}
