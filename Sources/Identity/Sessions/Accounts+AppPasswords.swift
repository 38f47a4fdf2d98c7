import Multiformats
import Storage
package import UCAN

extension Accounts {
    package struct AppPassword: Hashable, Sendable {
        package let name: String
        package let isPrivileged: Bool
        package let createdAt: Timestamp
    }

    /// App passwords one account may have.
    private static let maximumAppPasswords = 100

    /// Makes an app password, `xxxx-xxxx-xxxx-xxxx` of 80 random bits, shown this once.
    ///
    /// Throws `invalidRequest` for a name that is empty, above 64 bytes, or taken.
    package func createAppPassword(
        _ name: String, isPrivileged: Bool, of did: DID, at now: Timestamp
    ) throws -> String {
        guard (1...64).contains(name.utf8.count) else {
            throw IdentityError(.invalidRequest, "the name of an app password has 1 to 64 bytes")
        }
        let letters = Array(Base32Lower.encode(try SecureRandom.bytes(10)).utf8)
        let password = stride(from: 0, to: 16, by: 4).map { String(decoding: letters[$0..<($0 + 4)], as: UTF8.self) }
            .joined(separator: "-")
        let tag = tag(of: password, did)
        try store.change(at: now) { transaction in
            let names = try transaction.rows(
                AppPasswordTable.self, [AppPasswordTable.name], where: [AppPasswordTable.did.is(did.text)]
            ) { $0[AppPasswordTable.name] }
            guard names.count < Self.maximumAppPasswords else {
                throw IdentityError(.invalidRequest, "an account has at most \(Self.maximumAppPasswords) app passwords")
            }
            guard !names.contains(where: { UTF8Bytes.equal($0, name) }) else {
                throw IdentityError(.invalidRequest, "there is an app password of that name")
            }
            try transaction.insert(
                AppPasswordTable.self,
                [
                    AppPasswordTable.did.to(did.text), AppPasswordTable.name.to(name), AppPasswordTable.tag.to(tag),
                    AppPasswordTable.isPrivileged.to(isPrivileged), AppPasswordTable.createdAt.to(now.microseconds),
                ])
        }
        return password
    }

    package func appPasswords(of did: DID) throws -> [AppPassword] {
        try store.read { reader in
            try reader.rows(
                AppPasswordTable.self, where: [AppPasswordTable.did.is(did.text)],
                order: [AppPasswordTable.createdAt.ascending, AppPasswordTable.name.ascending]
            ) { row in
                AppPassword(
                    name: row[AppPasswordTable.name], isPrivileged: row[AppPasswordTable.isPrivileged],
                    createdAt: Timestamp(microseconds: row[AppPasswordTable.createdAt]))
            }
        }
    }

    /// Revokes an app password and ends every session begun with it; no change when there is none.
    package func revokeAppPassword(_ name: String, of did: DID, at now: Timestamp) throws {
        try store.transact(at: now) { transaction in
            try transaction.delete(
                AppPasswordTable.self, where: [AppPasswordTable.did.is(did.text), AppPasswordTable.name.is(name)])
            try Self.endSessions(of: did, appPassword: name, in: transaction)
        }
    }

    /// The name of the app password that a text is; nil for any other. The keyed hash needs no slowness: the passwords
    /// are random.
    func appPassword(_ password: String, of did: DID) throws -> String? {
        guard Self.isAppPassword(password) else { return nil }
        return try store.read { reader in
            try reader.first(
                AppPasswordTable.self, [AppPasswordTable.name],
                where: [AppPasswordTable.did.is(did.text), AppPasswordTable.tag.is(tag(of: password, did))]
            ) { $0[AppPasswordTable.name] }
        }
    }

    private func tag(of password: String, _ did: DID) -> [UInt8] {
        HMACSHA256.code(of: Array(did.text.utf8) + [0] + Array(password.utf8), key: vault.appPasswordSecret)
    }

    private static func isAppPassword(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.count == 4 && part.allSatisfy { (0x61...0x7a).contains($0) || (0x32...0x37).contains($0) }
            }
    }
}
