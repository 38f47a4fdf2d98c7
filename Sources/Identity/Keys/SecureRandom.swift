import COpenSSL
import Multiformats

/// Gives unpredictable bytes.
package enum SecureRandom {
    package static func bytes(_ count: Int) throws(IdentityError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_priv_bytes(&bytes, Int32(count)) == 1 else {
            throw IdentityError(.cryptoFailure, "the random generator gave no bytes")
        }
        return bytes
    }

    /// Sixteen bytes in lower-case hexadecimal: the form of a `jti`.
    package static func identifier() throws(IdentityError) -> String { Base16.encode(try bytes(16)) }
}
