import CapabilityGraph
import Storage
import UCAN

/// A UCAN invocation that holds by itself: its window, signature, lifetime, address and shape. What it rests on is the
/// graph's to say.
struct Invocation: Sendable {
    let token: Token
    let question: InvocationQuestion
    /// What its use leaves behind: a statement is used once, by whichever route.
    let mark: ReplayMark
}

extension Service {
    /// Verifies an invocation: the one way for all routes, in the order in which the reference names faults.
    ///
    /// The instant may be one that a question names, and then nothing is counted against the issuer (`isCounted`): whoever
    /// shows somebody's token must not use up, or move into the future, that principal's requests.
    func verifiedInvocation(
        _ unverified: UnverifiedToken, at now: Timestamp, isCounted: Bool
    ) throws(ErrorAnswer) -> Invocation {
        guard unverified.isInWindow(at: now), let expires = unverified.expires else {
            throw ErrorAnswer(401, "expired", "Invocation expired or not yet valid")
        }
        let token = try verify(unverified, status: 401, text: "Failed to verify signature")
        guard isShortLived(expires, at: now) else {
            throw ErrorAnswer(401, "lifetimeExceeded", "Invocation lifetime exceeds server maximum")
        }
        if isCounted { try checkRate(of: token.issuer, at: now) }
        return Invocation(
            token: token, question: try invocation(token),
            mark: ReplayMark(
                statement: token.statementID, expiresAt: expires.microseconds + 60_000_000, issuer: token.issuer))
    }

    /// True when an expiry lies no further ahead than an invocation's may.
    func isShortLived(_ expires: Timestamp, at now: Timestamp) -> Bool {
        let (ahead, overflow) = expires.microseconds.subtractingReportingOverflow(now.microseconds)
        return !overflow && ahead <= settings.invocationLifetime * 1_000_000
    }
}
