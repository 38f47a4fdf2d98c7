public import Multiformats

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
