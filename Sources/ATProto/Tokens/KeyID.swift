/// The fragments of a DID document that name keys, with their `#`, as `kid` writes them (section 2).
public enum KeyID {
    /// The user's key: delegation tokens, commits, service auth.
    public static let account = "#atproto"
    /// The authority's key for credentials.
    public static let space = "#atproto_space"
}

/// The fragments of a DID document that name services, with their `#` (section 2).
public enum ServiceID {
    public static let personalDataServer = "#atproto_pds"
    public static let spaceHost = "#atproto_space_host"
}
