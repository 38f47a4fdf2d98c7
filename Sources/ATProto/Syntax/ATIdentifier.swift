/// Checks what names an account: a DID or a handle.
public enum ATIdentifier {
    public static func isValid(_ text: String) -> Bool { ATProtoDID.isValid(text) || Handle.isValid(text) }
}
