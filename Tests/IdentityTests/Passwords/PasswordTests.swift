import Testing

@testable import Identity

/// How passwords are kept and tested.
@Suite struct PasswordTests {
    private let cheap = PasswordHash.Cost(logN: 4, r: 8, p: 1)

    /// Made by Python's `hashlib.scrypt`: N=16384, r=8, p=1, salt "SodiumChlorideXY".
    @Test func theHashIsScrypt() throws {
        let hash = try #require(
            PasswordHash(
                "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGVYWQ$NwLRDxFkxNVA3XShfJD4Wwpr-nJK2CYXfmZ-rEB_pzQ"))
        #expect(try hash.matches(Array("pleaseletmein".utf8)) && !hash.matches(Array("pleaseletmeim".utf8)))
    }

    @Test func onlyTheSamePasswordMatches() throws {
        let hash = try PasswordHash(of: Array("correct horse".utf8), cost: cheap)
        #expect(try hash.matches(Array("correct horse".utf8)))
        for other in ["", "correct hors", "correct horse ", "Correct horse", "correct\0horse"] {
            #expect(try !hash.matches(Array(other.utf8)), "\(other)")
        }
        #expect(try PasswordHash(of: Array("correct horse".utf8), cost: cheap) != hash, "the salt is fresh")
    }

    @Test func theTextFormIsStrictAndBounded() throws {
        let hash = try PasswordHash(of: [1, 2, 3], cost: cheap)
        #expect(PasswordHash(hash.text) == hash)
        let rest = "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        #expect(PasswordHash("$scrypt$ln=15,r=8,p=1" + rest)?.cost == .standard)
        for head in [
            "$scrypt$ln=19,r=8,p=1", "$scrypt$ln=18,r=32,p=1", "$scrypt$ln=0,r=8,p=1", "$scrypt$ln=15,r=8,p=17",
            "$scrypt$ln=015,r=8,p=1", "$scrypt$ln=+5,r=8,p=1", "$scrypt$r=8,ln=15,p=1", "$argon2$ln=15,r=8,p=1",
            "$scrypt$ln=15,r=8", "scrypt$ln=15,r=8,p=1", "$scrypt$ln=99999999999999999999,r=8,p=1",
        ] {
            #expect(PasswordHash(head + rest) == nil, "\(head)")
        }
    }

    @Test func theUsualCostIsMemoryHard() {
        #expect(PasswordHash.Cost.standard.logN >= 15 && PasswordHash.Cost.standard.r >= 8)
        #expect(PasswordHash.Cost.standard.bytes >= 32 << 20)
    }

    @Test func withoutAHashTheSameWorkIsDone() throws {
        let checker = try PasswordChecker(cost: PasswordHash.Cost(logN: 14, r: 8, p: 1))
        let hash = try checker.hash("right")
        #expect(try checker.check("right", hash) && !checker.check("wrong", hash) && !checker.check("right", nil))
        let clock = ContinuousClock()
        func time(_ hash: PasswordHash?) throws -> Duration {
            let runs = try (0..<5).map { _ in try clock.measure { _ = try checker.check("wrong", hash) } }
            return runs.min() ?? .zero
        }
        let (known, unknown) = (try time(hash), try time(nil))
        #expect(unknown > known / 3 && known > unknown / 3, "\(known) \(unknown)")
    }
}
