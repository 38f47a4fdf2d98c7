import Storage
import UCAN

/// Says that an account has spent its points (429 `RateLimitExceeded`, atproto-spaces.md 7).
package struct RateLimitExceeded: Error, Sendable, Hashable {
    /// Points of the window that is used up, and what is left of it.
    package let limit: Int64
    package let remaining: Int64
    /// Whole seconds until the window ends, at least 1.
    package let retryAfter: Int
    package let message: String
}

/// Charges the writes of an account against an hourly and a daily budget, in windows numbered from 1970.
struct WriteBudget {
    private static let hour: Int64 = 3600 * 1_000_000
    private static let day: Int64 = 24 * hour

    let limits: RepoLimits

    /// Spends points; throws `RateLimitExceeded` when a window has not as many left.
    ///
    /// A clock that went back spends from the newest window seen, so that going back refills nothing.
    func charge(_ points: Int64, to account: String, in change: TableChange) throws {
        let now = change.now.microseconds
        var (hour, hourPoints, day, dayPoints) = (now / Self.hour, Int64(0), now / Self.day, Int64(0))
        let spent = try change.first(
            "SELECT hour, hour_points, day, day_points FROM write_budget WHERE account = ?1", [.text(account)]
        ) { ($0.integer(0), $0.integer(1), $0.integer(2), $0.integer(3)) }
        if let spent {
            if spent.0 >= hour { (hour, hourPoints) = (spent.0, spent.1) }
            if spent.2 >= day { (day, dayPoints) = (spent.2, spent.3) }
        }
        try check(points, of: limits.hourlyPoints, spent: hourPoints, until: (hour + 1) * Self.hour, now, "hour")
        try check(points, of: limits.dailyPoints, spent: dayPoints, until: (day + 1) * Self.day, now, "day")
        try change.run(
            """
            INSERT INTO write_budget(account, hour, hour_points, day, day_points) VALUES(?1, ?2, ?3, ?4, ?5) \
            ON CONFLICT(account) DO UPDATE SET hour = ?2, hour_points = ?3, day = ?4, day_points = ?5
            """,
            [
                .text(account), .integer(hour), .integer(hourPoints + points), .integer(day),
                .integer(dayPoints + points),
            ])
    }

    private func check(
        _ points: Int64, of limit: Int64, spent: Int64, until end: Int64, _ now: Int64, _ window: String
    ) throws(RateLimitExceeded) {
        guard points > limit - spent else { return }
        throw RateLimitExceeded(
            limit: limit, remaining: max(0, limit - spent), retryAfter: Int(max(1, (end - now + 999_999) / 1_000_000)),
            message: "the account has used up its writes of this \(window)")
    }
}
