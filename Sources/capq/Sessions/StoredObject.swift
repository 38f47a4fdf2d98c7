import Multiformats

extension JSON {
    /// Reads the object of a file capq wrote, under its schema; `refuse` words what is wrong with it.
    static func stored(
        _ bytes: [UInt8], schema: String, _ refuse: (String) -> Failure
    ) throws(Failure) -> JSON {
        let json: JSON
        do {
            json = try JSON.parse(bytes)
        } catch {
            throw refuse(error.message)
        }
        guard json["schema"]?.string.map({ $0.hasSameBytes(as: schema) }) ?? false else {
            throw refuse("its schema is not `\(schema)`")
        }
        return json
    }
}

extension JSONObject {
    /// The object as it stands in a file: indented, with a line break at its end.
    var stored: [UInt8] { Array((JSONPrinter.indented(.object(self)) + "\n").utf8) }
}
