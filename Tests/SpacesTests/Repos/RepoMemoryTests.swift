import ATProto
import CapTesting
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// What is remembered of repos is what is stored.
@Suite struct RepoMemoryTests {
    private func stored(_ size: Int, rev: UInt64) -> StoredRecord {
        let bytes = [UInt8](repeating: 7, count: size)
        return StoredRecord(
            author: RepoRig.alice, collection: "com.example.post", rkey: "a", cid: CID.ofDagCBOR(bytes),
            rev: TID(value: rev), bytes: bytes)
    }

    @Test func aRecordIsReadOnceOfAStateAndAnewOfEveryOther() throws {
        let memory = RepoMemory()
        let (collection, rkey) = (try NSID("com.example.post"), try RecordKey("a"))
        var reads = 0
        func read(_ state: UInt64?, of repo: Int64 = 1, size: Int = 10, rev: UInt64) -> UInt64? {
            memory.record(collection, rkey, of: repo, at: state) {
                reads += 1
                return stored(size, rev: rev)
            }?.rev.value
        }
        #expect(read(2, rev: 1) == 1 && read(2, rev: 9) == 1 && reads == 1)
        #expect(read(2, of: 2, rev: 3) == 3, "another repo is another record")
        #expect(read(4, rev: 5) == 5 && read(4, rev: 9) == 5)
        // Who stands on a state of before is not shown what came after it.
        #expect(read(2, rev: 1) == 1)
        reads = 0
        #expect(read(nil, rev: 6) == 6 && read(nil, rev: 7) == 7 && reads == 2)
        // What is long is not kept.
        let long = RepoMemory.maximumLength + 1
        reads = 0
        #expect(read(6, size: long, rev: 1) == 1 && read(6, size: long, rev: 2) == 2 && reads == 2)
    }

    @Test func whatIsNotThereIsLookedForEachTime() throws {
        let memory = RepoMemory()
        let (collection, rkey) = (try NSID("com.example.post"), try RecordKey("a"))
        var reads = 0
        for _ in 1...2 {
            #expect(
                memory.record(collection, rkey, of: 1, at: 2) {
                    reads += 1
                    return nil
                } == nil)
        }
        #expect(reads == 2)
    }

    @Test func randomWritesAreReadAsTheyAreStored() throws {
        var random = SeededGenerator.printed("randomWritesAreReadAsTheyAreStored")
        let rig = try RepoRig()
        let collection = try NSID("com.example.post")
        for step in 0..<300 {
            let author = [RepoRig.alice, RepoRig.bob][random.int(in: 0...1)]
            let key = "\(random.int(in: 0...2))"
            rig.now += 1
            switch random.int(in: 0...5) {
            case 0: try rig.write([RepoRig.put(key, "\(step)")], by: author)
            case 1: try rig.write([RepoRig.delete(key, ifPresent: true)], by: author)
            case 2 where step % 10 == 0:
                _ = try rig.repos.deleteRepo(space: RepoRig.space, author: author, at: rig.time)
            default: break
            }
            func read(_ reader: RepoReader) throws -> (RepoHead?, StoredRecord?) {
                guard let head = try reader.head(space: RepoRig.space, author: author) else { return (nil, nil) }
                do {
                    return (head, try reader.record(collection, RecordKey(key), of: head))
                } catch let error as ATProtoError where error.name == "RecordNotFound" {
                    return (head, nil)
                }
            }
            let remembered = try rig.repos.read(read)
            let stored = try rig.store.read { try read(RepoReader($0)) }
            #expect(remembered.0 == stored.0 && remembered.1 == stored.1, "step \(step)")
        }
    }
}
