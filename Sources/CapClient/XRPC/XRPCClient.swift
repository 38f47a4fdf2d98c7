public import Multiformats

/// Calls the methods of one service by name: `/xrpc/<nsid>`.
///
/// Follows no redirects: a token meant for one service is never sent to another. A refusal is a `ClientError` whose
/// `serviceCode` is the `error` of the wire.
public struct XRPCClient: Sendable {
    public let baseURL: BaseURL
    private let connection: Connection
    private var maxResponseBytes: Int { connection.maxResponseBytes }

    private init(_ baseURL: BaseURL, _ connection: Connection) {
        self.baseURL = baseURL
        self.connection = connection
    }

    /// Connects at the first call; refuses an address that is not `http` or `https`.
    public init(
        baseURL: String,
        timeouts: Timeouts = .default,
        maxResponseBytes: Int = CapClient.defaultMaxResponseBytes
    ) throws(ClientError) {
        self.baseURL = try BaseURL(baseURL)
        connection = Connection(baseURL: self.baseURL, timeouts: timeouts, maxResponseBytes: maxResponseBytes)
    }

    /// Gives a client of the same service with a connection of its own, for calls made while another one lasts.
    public func separate(timeouts: Timeouts = .default) -> XRPCClient {
        XRPCClient(baseURL, Connection(baseURL: baseURL, timeouts: timeouts, maxResponseBytes: maxResponseBytes))
    }

    /// Names the public URL of a method, without query: what a proof of possession is bound to.
    public func url(of nsid: String) -> String { baseURL.description + XRPCRequest.query(nsid).path }

    /// Calls a method and reads its JSON; an empty answer is an empty object.
    public func json(_ request: XRPCRequest) throws(ClientError) -> JSON {
        let answer = try connection.ask(request.question(accepting: "application/json"))
        guard (200...299).contains(answer.status) else { throw ClientError(answer) }
        return answer.body.isEmpty ? [:] : try JSON.answer(answer.body)
    }

    /// Calls a method and hands the bytes of its answer to `reader` as they arrive, so that no more than a piece is held.
    ///
    /// - Parameter reader: Returns false to end the transfer.
    /// - Returns: The count of bytes handed over.
    /// - Throws: `stopped` when the reader ended it; what a refusal says never reaches the reader.
    @discardableResult
    public func download(
        _ request: XRPCRequest,
        reader: (UnsafeRawBufferPointer) -> Bool
    ) throws(ClientError) -> Int {
        var count = 0
        let question = request.question(accepting: "*/*")
        let result: Result<HTTPAnswer, ClientError> = withoutActuallyEscaping(reader) { reader in
            do throws(ClientError) {
                return .success(
                    try connection.ask(question) { piece in
                        count += piece.count
                        return reader(piece)
                    })
            } catch {
                return .failure(error)
            }
        }
        let answer = try result.get()
        guard (200...299).contains(answer.status) else { throw ClientError(answer) }
        return count
    }

    /// Fetches a document below the base URL that is no method, as `/.well-known/did.json`.
    public func document(_ path: String) throws(ClientError) -> [UInt8] {
        let answer = try connection.ask(HTTPQuestion(method: .get, path: path, accepts: "application/json, */*"))
        guard (200...299).contains(answer.status) else { throw ClientError(answer) }
        return answer.body
    }
}

/// Holds one call of a method by its NSID.
public struct XRPCRequest: Sendable {
    /// Whether the method asks or changes.
    public enum Verb: Sendable, Equatable {
        /// GET with parameters.
        case query
        /// POST with a JSON object, or with nothing.
        case procedure
    }

    public let verb: Verb
    /// Name of the method, as in `com.atproto.space.getRecord`.
    public let nsid: String
    /// Parameters of the query, in order; a name may repeat.
    public var parameters: [(name: String, value: String)]
    /// Body of a procedure; nil sends none.
    public var input: JSON?
    /// Body of a procedure that takes no JSON, in place of `input`.
    public var content: (type: String, bytes: [UInt8])?
    /// Value of the `Authorization` field.
    public var authorization: String?
    /// Further fields, such as a proof of possession.
    public var headers: [(name: String, value: String)]

    /// Asks.
    public static func query(_ nsid: String, _ parameters: [(name: String, value: String)] = []) -> XRPCRequest {
        XRPCRequest(
            verb: .query, nsid: nsid, parameters: parameters, input: nil, authorization: nil, headers: [])
    }

    /// Changes.
    public static func procedure(_ nsid: String, _ input: JSON? = nil) -> XRPCRequest {
        XRPCRequest(verb: .procedure, nsid: nsid, parameters: [], input: input, authorization: nil, headers: [])
    }

    /// Path below the base URL, without the query.
    var path: String { "/xrpc/\(PercentEncoding.encode(nsid))" }

    /// Writes the request as it is sent.
    func question(accepting types: String) -> HTTPQuestion {
        let pairs = parameters.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
        return HTTPQuestion(
            method: verb == .query ? .get : .post,
            path: pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))",
            authorization: authorization,
            body: content?.bytes ?? input?.serialized() ?? [],
            contentType: content?.type ?? (input == nil ? nil : "application/json"),
            headers: headers,
            accepts: types
        )
    }
}
