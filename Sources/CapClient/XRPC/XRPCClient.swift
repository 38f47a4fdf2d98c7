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
