import ATProto
import Multiformats
import Storage
import UCAN

/// How revisions and CIDs stand in the tables: TID values as integers, CIDs of records and blobs as SHA-256 digests.
extension TID {
    /// Revisions made or accepted here are below 2^63; one beyond would sort last.
    var column: Int64 { Int64(clamping: value) }

    init(column: Int64) { self.init(value: UInt64(clamping: column)) }
}

extension CID {
    var digestColumn: [UInt8] { hash.digest.bytes }

    /// Names a record by its stored digest.
    init(record digest: [UInt8]) throws(StorageError) {
        self.init(codec: CID.dagCBORCodec, hash: try Multihash(stored: digest))
    }

    /// Names a blob by its stored digest.
    init(blob digest: [UInt8]) throws(StorageError) {
        self.init(codec: CID.rawCodec, hash: try Multihash(stored: digest))
    }
}

extension CID {
    /// Throws `corrupt` unless it names these bytes: what is stored under a CID is never given out as something else.
    func check(_ bytes: [UInt8], _ what: @autoclosure () -> String) throws(StorageError) {
        guard SHA256.hash(bytes) == hash.digest else { throw .damaged(what()) }
    }

    func check(_ bytes: UnsafeRawBufferPointer, _ what: @autoclosure () -> String) throws(StorageError) {
        guard SHA256.hash(bytes) == hash.digest else { throw .damaged(what()) }
    }
}

extension Multihash {
    fileprivate init(stored digest: [UInt8]) throws(StorageError) {
        guard let digest = Digest(digest) else {
            throw StorageError(.corrupt, "a stored CID is not of 32 bytes", hint: "restore the file from a backup")
        }
        self.init(code: .sha2_256, digest: digest)
    }
}
