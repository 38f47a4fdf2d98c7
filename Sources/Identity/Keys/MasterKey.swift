import COpenSSL
import Glibc
import Multiformats
import UCAN

/// Holds the 32 secret bytes everything else secret here is derived from or sealed under; they lie in a file of 0600.
package struct MasterKey: Sendable {
    private static let magic = "capservice-master-key-1:"

    private let secret: [UInt8]

    init(secret: [UInt8]) { self.secret = secret }

    /// Reads the file; nil when there is none. Refuses a file that others may read, or that is not of this form.
    package static func read(_ path: String) throws(IdentityError) -> MasterKey? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot open the key file `\(path)`")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw IdentityError(.keyFile, "the key file `\(path)` is not a plain file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw IdentityError(
                .keyFile, "the key file `\(path)` can be read by others", hint: "run `chmod 600 \(path)`")
        }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count > 0, let key = MasterKey(file: bytes[..<count]) else {
            throw IdentityError(.keyFile, "the key file `\(path)` is damaged", hint: "restore it from a backup")
        }
        return key
    }

    /// Makes a key.
    init() throws(IdentityError) { secret = try SecureRandom.bytes(32) }

    /// Makes a key and its file, durable when it returns; refuses to replace one.
    package static func create(_ path: String) throws(IdentityError) -> MasterKey {
        let key = try MasterKey()
        try key.write(to: path)
        return key
    }

    /// Makes the file, durable when it returns; refuses to replace one.
    func write(to path: String) throws(IdentityError) {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("cannot make the key file `\(path)`") }
        defer { close(descriptor) }
        let bytes = Array("\(Self.magic)\(Base16.encode(secret))\n".utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            unlink(path)
            throw Self.failure("cannot write the key file `\(path)`")
        }
        let folder = Glibc.open(Self.parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Self.failure("cannot open the folder of `\(path)`") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Self.failure("cannot keep the key file `\(path)`") }
    }

    /// Derives 32 bytes for one purpose: HKDF-Expand of RFC 5869, one block, with the purpose as info.
    package func derive(_ purpose: String) -> [UInt8] { HMACSHA256.code(of: Array(purpose.utf8) + [1], key: secret) }

    private init?(file: ArraySlice<UInt8>) {
        guard file.starts(with: Self.magic.utf8), file.last == UInt8(ascii: "\n"),
            let secret = Base16.decode(file.dropFirst(Self.magic.utf8.count).dropLast()), secret.count == 32
        else { return nil }
        self.secret = secret
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func failure(_ words: String) -> IdentityError {
        IdentityError(.keyFile, "\(words): \(String(cString: strerror(errno)))")
    }
}

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
