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
        let cases = try #require(Fixture.json(file)[list]?.array)
        return try cases.map { VectorCase(name: try #require($0[name]?.string), json: $0) }
    }
}
