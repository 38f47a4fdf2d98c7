import COpenSSL
import Glibc
import Multiformats

/// Holds a salted scrypt hash with its own parameters, as the text `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`.
package struct PasswordHash: Hashable, Sendable {
    /// What one guess costs: 128 * r * 2^logN bytes of memory, p times.
    package struct Cost: Hashable, Sendable {
        package let logN: Int
        package let r: Int
        package let p: Int

        /// 32 MiB; about a twentieth of a second.
        package static let standard = Cost(logN: 15, r: 8, p: 1)

        package init(logN: Int, r: Int, p: Int) {
            self.logN = logN
            self.r = r
            self.p = p
        }

        /// What a stored hash may ask for: at most 256 MiB and 16 passes.
        var isBounded: Bool {
            (1...18).contains(logN) && (1...32).contains(r) && (1...16).contains(p) && bytes <= 1 << 28
        }

        var bytes: Int { 128 * r << logN }
    }

    private static let saltCount = 16
    private static let hashCount = 32

    package let cost: Cost
    let salt: [UInt8]
    let hash: [UInt8]

    /// Hashes with a fresh salt; takes the memory and time of `cost`.
    package init(of password: [UInt8], cost: Cost = .standard) throws(IdentityError) {
        self.cost = cost
        salt = try SecureRandom.bytes(Self.saltCount)
        hash = try Self.scrypt(password, salt, cost)
    }

    /// Makes a hash that no password has.
    static func decoy(cost: Cost) throws(IdentityError) -> PasswordHash {
        PasswordHash(
            cost: cost, salt: try SecureRandom.bytes(saltCount), hash: try SecureRandom.bytes(hashCount))
    }

    private init(cost: Cost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// Reads the text form; nil for any other, and for costs beyond the bound.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1].elementsEqual("scrypt".utf8),
            let cost = Self.cost(parts[2]), cost.isBounded,
            let salt = Base64URL.decode(parts[3]), let hash = Base64URL.decode(parts[4]),
            salt.count == Self.saltCount, hash.count == Self.hashCount
        else { return nil }
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    package var text: String {
        "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(Base64URL.encode(salt))$\(Base64URL.encode(hash))"
    }

    /// Tests a password in the time of `cost`, whatever it is.
    package func matches(_ password: [UInt8]) throws(IdentityError) -> Bool {
        let made = try Self.scrypt(password, salt, cost)
        return CRYPTO_memcmp(made, hash, Self.hashCount) == 0
    }

    private static func cost(_ text: Substring.UTF8View) -> Cost? {
        let parts = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var numbers: [Int] = []
        for (part, name) in zip(parts, ["ln=", "r=", "p="]) {
            guard part.starts(with: name.utf8), let digits = String(part.dropFirst(name.utf8.count)),
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits), "\(number)" == digits
            else { return nil }
            numbers.append(number)
        }
        return Cost(logN: numbers[0], r: numbers[1], p: numbers[2])
    }

    private static func scrypt(_ password: [UInt8], _ salt: [UInt8], _ cost: Cost) throws(IdentityError) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: hashCount)
        let done = password.withUnsafeBytes { password in
            EVP_PBE_scrypt(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt, salt.count,
                UInt64(1) << UInt64(cost.logN), UInt64(cost.r), UInt64(cost.p), UInt64(cost.bytes * 2 + (1 << 20)),
                &out, out.count)
        }
        guard done == 1 else { throw IdentityError(.cryptoFailure, "the password could not be hashed") }
        return out
    }
}

/// Hashes and tests passwords, in the same time whether the account exists or not. How many at once, and so how much memory,
/// is for who calls.
package final class PasswordChecker: Sendable {
    private let cost: PasswordHash.Cost
    /// Stands in for accounts that do not exist.
    private let decoy: PasswordHash

    package init(cost: PasswordHash.Cost = .standard) throws(IdentityError) {
        self.cost = cost
        decoy = try PasswordHash.decoy(cost: cost)
    }

    /// Makes the hash to keep.
    package func hash(_ password: String) throws(IdentityError) -> PasswordHash {
        return try PasswordHash(of: Array(password.utf8), cost: cost)
    }

    /// Tests a password; without a hash it takes as long and is false.
    package func check(_ password: String, _ hash: PasswordHash?) throws(IdentityError) -> Bool {
        let matches = try (hash ?? decoy).matches(Array(password.utf8))
        return matches && hash != nil
    }
}
