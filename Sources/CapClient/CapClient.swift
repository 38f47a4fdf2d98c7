public import Multiformats

/// Asks one service over HTTP: a method a route, an error for everything that is no answer.
///
/// Follows no redirects: a token meant for one service is never sent to another.
public struct CapClient: Sendable {
    public let baseURL: BaseURL
    private let connection: Connection

    /// Largest answer read by default: 16 MiB.
    public static let defaultMaxResponseBytes = 16 << 20

    /// Connects at the first call; refuses an address that is not `http` or `https`.
    public init(
        baseURL: String,
        timeouts: Timeouts = .default,
        maxResponseBytes: Int = CapClient.defaultMaxResponseBytes
    ) throws(ClientError) {
        self.baseURL = try BaseURL(baseURL)
        connection = Connection(baseURL: self.baseURL, timeouts: timeouts, maxResponseBytes: maxResponseBytes)
    }

    /// Stores a delegation: `POST /delegate`.
    public func delegate(authorization: String) throws(ClientError) -> DelegateReceipt {
        try DelegateReceipt(ask(.post, "/delegate", authorization))
    }

    /// Uses a capability and returns the body of the answer: `POST /invoke`.
    public func invoke(authorization: String, body: [UInt8] = []) throws(ClientError) -> [UInt8] {
        try ask(.post, "/invoke", authorization, body)
    }

    /// Ends a delegation: `POST /revoke`.
    public func revoke(authorization: String) throws(ClientError) -> RevokeReceipt {
        try RevokeReceipt(ask(.post, "/revoke", authorization))
    }

    /// Asks for the standing of one delegation: `POST /delegation/status`.
    public func status(authorization: String, cid: String) throws(ClientError) -> DelegationStatus {
        let body = JSON.object(JSONObject([("cid", .string(cid))]) ?? JSONObject())
        let question = HTTPQuestion(
            method: .post,
            path: "/delegation/status",
            authorization: authorization,
            body: body.serialized(),
            contentType: "application/json"
        )
        let answer = try connection.ask(question)
        // 404 carries the same object: it says `not_found`.
        guard (200...299).contains(answer.status) || answer.status == 404 else { throw ClientError(answer) }
        do throws(ClientError) {
            return try DelegationStatus(answer.body)
        } catch {
            throw answer.status == 404 ? ClientError(answer) : error
        }
    }

    /// Lists the delegations of a whole account: `POST /delegation/query`.
    public func query(authorization: String, body: JSON) throws(ClientError) -> JSON {
        try JSON.answer(ask(.post, "/delegation/query", authorization, json: body))
    }

    /// Asks the gate: `POST /authorize`.
    public func authorize(body: JSON, authorization: String? = nil) throws(ClientError) -> AuthorizeAnswer {
        try AuthorizeAnswer(ask(.post, "/authorize", authorization, json: body))
    }

    /// Asks who can, what can or by which way: `POST /questions/NAME`.
    public func question(_ name: String, body: JSON, authorization: String) throws(ClientError) -> JSON {
        try JSON.answer(ask(.post, "/questions/\(name)", authorization, json: body))
    }

    /// Returns the DID of the key that hosts `space`: `GET /peer/generate/<space>`.
    public func peerGenerate(space: String) throws(ClientError) -> String {
        let body = try ask(.get, "/peer/generate/\(PercentEncoding.encode(space))")
        let text = String(decoding: body, as: UTF8.self).filter { !$0.isNewline }
        guard text.utf8.starts(with: "did:".utf8) else {
            throw ClientError(.invalidAnswer, "the service named no host key")
        }
        return text
    }

    /// Describes the service: `GET /version`.
    public func version() throws(ClientError) -> JSON {
        try JSON.answer(ask(.get, "/version"))
    }

    /// Returns when the service is well, throws when it is not: `GET /healthz`.
    public func health() throws(ClientError) {
        _ = try ask(.get, "/healthz")
    }

    private func ask(
        _ method: HTTPQuestion.Method,
        _ path: String,
        _ authorization: String? = nil,
        _ body: [UInt8] = [],
        json: JSON? = nil
    ) throws(ClientError) -> [UInt8] {
        let answer = try connection.ask(
            HTTPQuestion(
                method: method,
                path: path,
                authorization: authorization,
                body: json?.serialized() ?? body,
                contentType: json == nil ? nil : "application/json"
            )
        )
        guard (200...299).contains(answer.status) else { throw ClientError(answer) }
        return answer.body
    }
}
