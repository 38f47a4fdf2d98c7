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
            WriteBudgetTable.self, where: [WriteBudgetTable.account.is(account)]
        ) { row in
            (
                hour: row[WriteBudgetTable.hour], hourPoints: row[WriteBudgetTable.hourPoints],
                day: row[WriteBudgetTable.day], dayPoints: row[WriteBudgetTable.dayPoints]
            )
        }
        if let spent {
            if spent.hour >= hour { (hour, hourPoints) = (spent.hour, spent.hourPoints) }
            if spent.day >= day { (day, dayPoints) = (spent.day, spent.dayPoints) }
        }
        try check(points, of: limits.hourlyPoints, spent: hourPoints, until: (hour + 1) * Self.hour, now, "hour")
        try check(points, of: limits.dailyPoints, spent: dayPoints, until: (day + 1) * Self.day, now, "day")
        try change.put(
            WriteBudgetTable.self,
            [
                WriteBudgetTable.account.to(account), WriteBudgetTable.hour.to(hour),
                WriteBudgetTable.hourPoints.to(hourPoints + points), WriteBudgetTable.day.to(day),
                WriteBudgetTable.dayPoints.to(dayPoints + points),
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
