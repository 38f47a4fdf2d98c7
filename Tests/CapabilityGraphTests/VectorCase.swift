import CapTesting
import Multiformats
import Testing

/// One case of a vector file, shown in failures by its name.
struct VectorCase: Sendable, CustomTestStringConvertible {
    let name: String
    let json: JSON

    var testDescription: String { name }

    /// Reads the cases a file keeps under `list`, each named by its member `name`.
    static func read(_ file: String, list: String, name: String) throws -> [VectorCase] {
        let file = try Fixture.json(file)
        let cases = try #require(file[list]?.array)
        return try cases.map { json in
            let text = try #require(json[name]?.string)
            return VectorCase(name: text, json: json)
        }
    }
}
