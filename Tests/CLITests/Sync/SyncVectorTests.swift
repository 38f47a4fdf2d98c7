import ATProto
import CapClient
import CapTesting
import Multiformats
import Testing
import UCAN

@testable import capq

/// Puts the published archives before a sync: what is to be accepted becomes files, what is to be rejected does not.
@Suite struct SyncVectorTests {
    /// Serves one archive, whatever is asked for.
    private struct ArchiveHost: SpaceReading {
        let key: PublicKey
        let archive: [UInt8]

        func json(_ request: XRPCRequest) throws(ClientError) -> JSON {
            throw ClientError(.http, "refused", status: 400, serviceCode: "RecordNotFound")
        }

        func download(_ request: XRPCRequest, _ take: (UnsafeRawBufferPointer) -> Bool) throws(ClientError) {
            guard archive.withUnsafeBytes(take) else { throw ClientError(.stopped, "stopped") }
        }

        func author(_ did: String) throws(CommandError) -> (key: PublicKey, reader: any SpaceReading) { (key, self) }
        func separate() -> any SpaceReading { self }
    }

    private let vectors: JSON

    init() throws { vectors = try Fixture.json("vectors/atproto/spaces/car.json") }

    private func sync(_ base64: JSON?, into folder: String) throws(CommandError) -> SpaceSync.Report {
        guard let archive = base64?.string.flatMap({ Base64.decode($0.utf8) }), let text = vectors["space"]?.string,
            let space = try? SpaceURI(text), let author = vectors["author"]?.string,
            let name = vectors["publicDidKey"]?.string.flatMap({ try? DID($0) }), let key = try? PublicKey(did: name)
        else { throw CommandError(.usage, "the vector is not of its form") }
        return try SpaceSync(
            space: space, folder: SyncFolder(path: folder, settle: {}), reader: ArchiveHost(key: key, archive: archive),
            authors: [author], progress: SyncProgress(Scratch().process)
        ).pass()
    }

    @Test func soundArchivesBecomeFiles() throws {
        let scratch = Scratch()
        let report = try sync(vectors["accept"]?["fullCarBase64"], into: scratch.folder + "/copy")
        let records = vectors["records"]?.array ?? []
        #expect(report.rows.first?.records == records.count && report.rows.first?.rev == vectors["rev"]?.string)
        let folder = SyncFolder(path: scratch.folder + "/copy")
        for record in records {
            let path = try #require(record["path"]?.string)
            let file = try #require(folder.record(path, of: vectors["author"]?.string ?? ""))
            let text = try #require(Scratch.text(file))
            #expect(
                SyncStaging.record(Array(text.utf8), collection: RepoFetch.collection(of: path))?.cid.text
                    == record["cid"]?.string)
        }
    }

    @Test func unsoundArchivesBecomeNothing() throws {
        let cases = vectors["reject"]?.array ?? []
        #expect(cases.count == 7)
        for vector in cases {
            let scratch = Scratch()
            let failure = #expect(throws: CommandError.self) {
                try sync(vector["carBase64"], into: scratch.folder + "/copy")
            }
            #expect(failure?.exit == .deny, "\(vector["name"]?.string ?? ""): \(String(describing: failure))")
            #expect(SystemFile.entries(scratch.folder + "/copy").isEmpty)
        }
    }
}
