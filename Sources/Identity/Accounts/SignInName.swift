package import ATProto
package import UCAN

/// What somebody signs in by, in the one form in which it is looked up, counted and compared.
///
/// Text is ASCII before anything is asked of it: Swift's `==` equates texts of other bytes, such as the Kelvin sign and `K`.
package enum SignInName: Hashable, Sendable {
    case did(DID)
    case handle(Handle)
    /// Text that names nobody; all of it is one name, so that trying other texts is no way around a limit.
    case nobody

    /// Reads a DID, or a handle in any case with or without an `@`.
    package init(_ text: String) {
        if text.utf8.starts(with: "did:".utf8) {
            self = (try? DID(text)).map { .did($0) } ?? .nobody
        } else {
            let name = text.utf8.first == UInt8(ascii: "@") ? String(Substring(text.utf8.dropFirst())) : text
            self = (try? Handle(name)).map { .handle($0) } ?? .nobody
        }
    }

    /// The canonical text, by which attempts are counted.
    package var text: String {
        switch self {
        case .did(let did): did.text
        case .handle(let handle): handle.text
        case .nobody: ""
        }
    }
}
