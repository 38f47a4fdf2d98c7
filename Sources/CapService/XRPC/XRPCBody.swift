import Multiformats

/// Reads the body of a procedure by its media type and size.
enum XRPCBody {
    /// Gives the JSON object, empty without a body; bytes are left where they are.
    static func read(_ method: XRPCMethod, _ request: HTTPRequest) throws(XRPCError) -> JSONObject {
        guard request.body.count <= method.bodyLimit else {
            throw XRPCError("PayloadTooLarge", "the body is larger than \(method.bodyLimit) bytes")
        }
        guard method.verb == .procedure, method.body == .json, !request.body.isEmpty else { return JSONObject() }
        guard let type = request.headers["Content-Type"], isJSON(type) else {
            throw .invalidRequest("the body must be sent as `application/json`")
        }
        let json: JSON
        do throws(MultiformatsError) {
            json = try JSON.parse(request.body)
        } catch {
            throw .invalidRequest("the body is not strict JSON: \(error.message)")
        }
        guard case .object(let object) = json else { throw .invalidRequest("the body is not a JSON object") }
        return object
    }

    private static func isJSON(_ type: String) -> Bool {
        let essence = type.utf8.prefix { $0 != UInt8(ascii: ";") }
        let trimmed = essence.filter { !ASCII.isBlank($0) }
        return ASCII.equalIgnoringCase(trimmed, "application/json".utf8)
    }
}
