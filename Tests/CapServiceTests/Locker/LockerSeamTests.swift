import CapTesting
import Glibc
import Testing

/// The seam is one where nothing else names the family.
@Suite struct LockerSeamTests {
    @Test func nothingOutsideThisFolderNamesTheFamily() throws {
        let here = String(#filePath.dropLast("/LockerSeamTests.swift".count))
        let tree = here.dropLast("/Tests/CapServiceTests/Locker".count)
        var count = 0
        for file in Self.sources(below: "\(tree)/Sources") + Self.sources(below: "\(tree)/Tests") + [
            "\(tree)/Package.swift"
        ]
        where !file.hasPrefix(here) {
            count += 1
            let text = try #require(Self.text(file), "\(file)").lowercased()
            for word in ["lockers", "lockerkey", "\"locker", "locker/", "locker:"] {
                #expect(!text.contains(word), "\(file) names `\(word)`")
            }
        }
        #expect(count > 500)
    }

    private static func text(_ path: String) -> String? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, 1 << 20, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private static func sources(below path: String) -> [String] {
        guard let folder = opendir(path) else { return path.hasSuffix(".swift") ? [path] : [] }
        defer { closedir(folder) }
        var found: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { found += sources(below: "\(path)/\(name)") }
        }
        return found
    }
}
