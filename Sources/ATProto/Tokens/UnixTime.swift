public import UCAN

/// Reads and compares the whole Unix seconds of tokens (section 4).
public enum UnixTime {
    /// How far the clocks of two hosts may be apart, in seconds.
    public static let skew: Int64 = 5

    /// Seconds beyond which no time of a token is read, either way.
    static let bound: Int64 = 1 << 53

    /// The second an instant lies in.
    public static func second(of now: Timestamp) -> Int64 {
        let (quotient, remainder) = now.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// Throws `JwtExpired` from `skew` seconds after the expiry on.
    static func requireUnexpired(_ expiry: Int64, at now: Timestamp) throws(ATProtoError) {
        guard second(of: now) - skew < expiry else { throw ATProtoError("JwtExpired", "the token has expired") }
    }

    /// Throws `BadJwt` for a token that expires no later than it was issued: it was never good.
    static func requireOrder(_ issued: Int64, _ expiry: Int64) throws(ATProtoError) {
        guard issued < expiry else { throw .badJWT("the token's `exp` is not after its `iat`") }
    }

    /// Throws `BadJwt` for a time of issue more than `skew` seconds ahead.
    static func requireIssued(_ issued: Int64, at now: Timestamp) throws(ATProtoError) {
        guard issued <= second(of: now) + skew else { throw .badJWT("the token was issued in the future") }
    }
}

extension ATProtoError {
    /// The structural error of section 4.
    static func badJWT(_ message: String) -> ATProtoError { ATProtoError("BadJwt", message) }
}
