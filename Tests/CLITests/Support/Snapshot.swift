import Glibc
import Testing

/// Compares text with a file of `fixtures/cli`; `UPDATE_SNAPSHOTS=1` writes the file in place of comparing.
enum Snapshot {
    static func expect(_ text: String, _ name: String, _ location: SourceLocation = #_sourceLocation) {
        let path = folder + name
        if getenv("UPDATE_SNAPSHOTS") != nil {
            let file = fopen(path, "w")
            fputs(text, file)
            if let file { fclose(file) }
            return
        }
        #expect(text == Scratch.text(path), "fixtures/cli/\(name) differs", sourceLocation: location)
    }

    static let folder: String = {
        let parts = #filePath.split(separator: "/").dropLast(4)
        return "/" + parts.joined(separator: "/") + "/fixtures/cli/"
    }()
}
