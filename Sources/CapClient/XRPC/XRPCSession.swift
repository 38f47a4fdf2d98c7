public import Multiformats
import Synchronization

/// Calls methods as an account, and takes new tokens once when the old ones have expired.
public final class XRPCSession: Sendable {
    /// Gives the tokens that follow those that expired.
    public typealias Renewal = @Sendable (SessionTokens) throws(ClientError) -> SessionTokens

    public let client: XRPCClient
    private let state: Mutex<SessionTokens>
    private let renewal: Renewal?

    /// - Parameter renewal: Asks the service for new tokens by default; a program that keeps its tokens stores them here.
    public init(client: XRPCClient, tokens: SessionTokens, renewal: Renewal? = nil) {
        self.client = client
        state = Mutex(tokens)
        self.renewal = renewal
    }

    /// Gives the same session over another client of its service.
    public func over(_ client: XRPCClient) -> XRPCSession {
        XRPCSession(client: client, tokens: tokens, renewal: renewal)
    }

    public var tokens: SessionTokens { state.withLock { $0 } }

    /// Calls a method and reads its JSON.
    public func json(_ request: XRPCRequest) throws(ClientError) -> JSON {
        let used = tokens
        do throws(ClientError) {
            return try client.json(request.bearing(used.access))
        } catch {
            guard error.saysExpired else { throw error }
            return try client.json(request.bearing(renewed(after: used).access))
        }
    }

    /// Calls a method and hands its bytes to `reader` as they arrive.
    @discardableResult
    public func download(
        _ request: XRPCRequest,
        reader: (UnsafeRawBufferPointer) -> Bool
    ) throws(ClientError) -> Int {
        let used = tokens
        do throws(ClientError) {
            return try client.download(request.bearing(used.access), reader: reader)
        } catch {
            // A refusal never reaches the reader, so it has read nothing yet.
            guard error.saysExpired else { throw error }
            return try client.download(request.bearing(renewed(after: used).access), reader: reader)
        }
    }

    /// Renews what was used, unless another call did meanwhile.
    private func renewed(after used: SessionTokens) throws(ClientError) -> SessionTokens {
        let result: Result<SessionTokens, ClientError> = state.withLock { tokens in
            guard tokens == used else { return .success(tokens) }
            do throws(ClientError) {
                if let renewal { tokens = try renewal(used) } else { tokens = try client.refreshed(used) }
                return .success(tokens)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

extension ClientError {
    /// Whether new tokens help: methods of accounts and methods of spaces have a name of their own for it.
    var saysExpired: Bool { isNamed("ExpiredToken") || isNamed("JwtExpired") }
}

extension XRPCClient {
    /// Takes new tokens for a session: `com.atproto.server.refreshSession`.
    public func refreshed(_ tokens: SessionTokens) throws(ClientError) -> SessionTokens {
        try SessionTokens(
            json(XRPCRequest.procedure("com.atproto.server.refreshSession").bearing(tokens.refresh)))
    }
}

extension XRPCRequest {
    /// Gives the same call with a token.
    public func bearing(_ token: String) -> XRPCRequest {
        var request = self
        request.authorization = "Bearer \(token)"
        return request
    }
}

/// Holds the two tokens of a session: one for calls, one for the next pair.
public struct SessionTokens: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    public let access: String
    public let refresh: String

    public init(access: String, refresh: String) {
        self.access = access
        self.refresh = refresh
    }

    /// Reads `{accessJwt, refreshJwt}`.
    public init(_ answer: JSON) throws(ClientError) {
        self.init(access: try answer.text("accessJwt"), refresh: try answer.text("refreshJwt"))
    }

    public var description: String { "redacted" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
