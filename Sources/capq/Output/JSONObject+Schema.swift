import Multiformats

extension JSONObject {
    /// Starts a document whose first member names its form; forms only grow.
    init(schema: String) {
        self.init()
        self["schema"] = .string(schema)
    }
}
