// Swift's `==` on String equates canonically equivalent texts, such as the Kelvin sign and K; outside text is compared
// byte by byte instead.

extension String {
    /// Tests that both texts have the same UTF-8 bytes.
    func isExactly(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension String? {
    /// Tests that the text is present and has these UTF-8 bytes.
    func isExactly(_ other: String) -> Bool { self?.isExactly(other) ?? false }
}
