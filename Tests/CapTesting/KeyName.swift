import Multiformats
import UCAN

/// Gives keys by readable names, since a did:key that is no key is refused wherever one is taken in.
public enum KeyName {
    /// The did:key of the Ed25519 key whose seed is the BLAKE3 of the name.
    public static func did(_ name: String) -> String {
        let seed = BLAKE3.hash(Array(name.utf8)).bytes
        guard let key = try? PrivateKey(curve: .ed25519, seed: seed) else { return "" }
        return key.did.text
    }
}
