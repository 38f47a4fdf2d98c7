import Foundation
import Testing

/// Nobody is let through by a graph of which it is not certain that it is the newest.
@Suite struct DoorTests {
    /// Who may look past the one door, and why.
    private static let allowed = [
        // Tells what a change of this node's own has made, which is in it.
        "CapService/Routes/Delegate.swift",
        // Counts.
        "CapService/Routes/NodeRoutes.swift",
        // Show the very graph that the gate decided by, which went through the door.
        "Spaces/Graph/SpaceGraph.swift", "Spaces/Graph/SpaceGraph+Questions.swift",
        // The doors themselves.
        "Storage/Graph/GraphStore.swift",
    ]

    @Test func theGraphIsHadByOneDoor() throws {
        let sources = EngineFolderTests.sources
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var found: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            guard text.contains("unprovenSnapshot()") || text.contains("napshot(at:") else { continue }
            found.insert(String(file.path().dropFirst(sources.path().count).drop { $0 == "/" }))
        }
        #expect(found.filter { !$0.hasPrefix("capbench/") }.sorted() == Self.allowed.sorted())
    }
}
