/// Hashes and tests passwords, a bounded number at a time, in the same time whether the account exists or not.
package final class PasswordChecker: Sendable {
    private let cost: PasswordHash.Cost
    private let gate: CountingGate
    /// Stands in for accounts that do not exist.
    private let decoy: PasswordHash

    /// `concurrency` hashes may be under way at once; each takes the memory of `cost`.
    package init(cost: PasswordHash.Cost = .standard, concurrency: Int = 2) throws(IdentityError) {
        self.cost = cost
        gate = CountingGate(concurrency)
        decoy = try PasswordHash.decoy(cost: cost)
    }

    /// Makes the hash to keep; waits for its turn.
    package func hash(_ password: String) throws(IdentityError) -> PasswordHash {
        gate.enter()
        defer { gate.leave() }
        return try PasswordHash(of: Array(password.utf8), cost: cost)
    }

    /// Tests a password; without a hash it takes as long and is false.
    package func check(_ password: String, _ hash: PasswordHash?) throws(IdentityError) -> Bool {
        gate.enter()
        defer { gate.leave() }
        let matches = try (hash ?? decoy).matches(Array(password.utf8))
        return matches && hash != nil
    }
}
