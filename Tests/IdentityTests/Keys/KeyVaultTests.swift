import CapTesting
import Glibc
import Storage
import Testing
import UCAN

@testable import Identity

/// How signing keys lie on the disk.
@Suite struct KeyVaultTests {
    @Test func aSealedKeyOpensForItsOwnAccountOnly() throws {
        let vault = try KeyVault(MasterKey(secret: [UInt8](repeating: 7, count: 32)))
        let key = try PrivateKey.generate(.secp256k1)
        let box = try vault.seal(key, of: "did:web:a", .atproto)
        #expect(try vault.open(box, curve: .secp256k1, of: "did:web:a", .atproto).publicKey == key.publicKey)
        #expect(box.count == 32 + SealedBox.overhead)
        #expect(!box.indices.contains { Array(box[$0...].prefix(16)) == Array(key.seed[..<16]) })
        #expect(try vault.seal(key, of: "did:web:a", .atproto) != box, "the nonce is fresh")
        #expect(throws: IdentityError.self) { try vault.open(box, curve: .secp256k1, of: "did:web:b", .atproto) }
        #expect(throws: IdentityError.self) { try vault.open(box, curve: .p256, of: "did:web:a", .atproto) }
        let other = try KeyVault(MasterKey(secret: [UInt8](repeating: 8, count: 32)))
        #expect(throws: IdentityError.self) { try other.open(box, curve: .secp256k1, of: "did:web:a", .atproto) }
    }

    @Test func noByteOfASealedKeyMayChange() throws {
        let key = [UInt8](repeating: 1, count: 32)
        let box = try SealedBox.seal([1, 2, 3], key: key, context: [9])
        #expect(try SealedBox.open(box, key: key, context: [9]) == [1, 2, 3])
        for index in box.indices {
            var changed = box
            changed[index] ^= 1
            #expect(throws: IdentityError.self, "\(index)") { try SealedBox.open(changed, key: key, context: [9]) }
        }
        for count in 0..<box.count {
            #expect(throws: IdentityError.self) { try SealedBox.open(Array(box[..<count]), key: key, context: [9]) }
        }
        #expect(try SealedBox.open(SealedBox.seal([], key: key, context: []), key: key, context: []) == [])
    }

    @Test func theKeyFileIsForItsOwnerOnly() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/keys"
        #expect(try MasterKey.read(path) == nil)
        let key = try MasterKey.create(path)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try MasterKey.read(path)?.derive("x") == key.derive("x"))
        #expect(key.derive("x") != key.derive("y") && key.derive("x").count == 32)
        #expect(throws: IdentityError.self, "nothing is replaced") { try MasterKey.create(path) }
        chmod(path, 0o640)
        #expect(throws: IdentityError.self) { try MasterKey.read(path) }
        chmod(path, 0o600)
        symlink(path, folder.path + "/link")
        #expect(throws: IdentityError.self) { try MasterKey.read(folder.path + "/link") }
        for text in ["", "short", folder.read("keys").dropLast(2) + "\n", folder.read("keys") + "\n"] {
            folder.write(String(text), to: "keys")
            #expect(throws: IdentityError.self, "\(text)") { try MasterKey.read(path) }
        }
    }

    @Test func aLostOrForeignKeyFileIsRefused() throws {
        let folder = TemporaryFolder()
        let vault = try KeyVault.open(folder.path + "/a", proof: nil)
        let proof = try vault.proof()
        let again = try KeyVault.open(folder.path + "/a", proof: proof)
        #expect(again.appPasswordSecret == vault.appPasswordSecret)
        #expect(throws: IdentityError.self) { try KeyVault.open(folder.path + "/lost", proof: proof) }
        #expect(folder.read("lost").isEmpty, "no new key hides the loss")
        _ = try KeyVault.open(folder.path + "/b", proof: nil)
        #expect(throws: IdentityError.self) { try KeyVault.open(folder.path + "/b", proof: proof) }
    }

    @Test func aNewDatabaseBesideTheKeyFileOfAnotherIsRefused() throws {
        let folder = TemporaryFolder()
        let first = try AccountRig(in: folder)
        try first.make("alice")
        let key = folder.read("keys")
        first.store.close()
        // The same database finds its key file again, also when the first start ended before it was made.
        try AccountRig(in: folder).store.close()
        for name in ["log.sqlite", "log.sqlite.head"] { unlink(folder.path + "/" + name) }
        #expect(throws: IdentityError.self) {
            try Accounts.checkNothingIsLost(
                store: folder.path + "/log.sqlite", isThere: try GraphStore.isThere(folder.path + "/log.sqlite"),
                keyFile: folder.path + "/keys")
        }
        #expect(throws: IdentityError.self) { try AccountRig(in: folder) }
        #expect(folder.read("keys") == key)
        unlink(folder.path + "/keys")
        let rig = try AccountRig(in: folder)
        rig.store.close()
        unlink(folder.path + "/keys")
        try AccountRig(in: folder).store.close()
    }
}
