import ATProto
import CapTesting
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

@Suite struct RepoReadTests {
    /// Three collections of which two are prefixes of each other, and keys whose order differs by length and bytes.
    private func filled() throws -> RepoRig {
        let rig = try RepoRig()
        for collection in ["com.example.a", "com.example.a-b.c", "com.example.aa"] {
            for key in ["1", "10", "2", "Z", "a", "~"] {
                rig.now += 1
                try rig.write([RepoRig.put(key, "\(collection)/\(key)", in: collection)])
            }
        }
        return rig
    }

    private func list(_ rig: RepoRig, pageSize: Int, _ change: (inout RecordListing) -> Void = { _ in }) throws
        -> [String]
    {
        let head = try #require(try rig.head())
        var listing = RecordListing()
        listing.limit = pageSize
        change(&listing)
        var paths: [String] = []
        repeat {
            let page = try rig.repos.read { try $0.records(of: head, listing, limits: rig.limits) }
            #expect(page.records.count == pageSize || page.cursor == nil)
            #expect(page.records.allSatisfy { ($0.bytes != nil) == listing.includesValues })
            paths += page.records.map { "\($0.collection)/\($0.rkey)" }
            listing.cursor = page.cursor
        } while listing.cursor != nil
        return paths
    }

    @Test func recordsAreListedByCollectionAndKeyInPagesOfAnySize() throws {
        let rig = try filled()
        let ascending = ["com.example.a", "com.example.a-b.c", "com.example.aa"].flatMap { collection in
            ["1", "10", "2", "Z", "a", "~"].map { "\(collection)/\($0)" }
        }
        for pageSize in [1, 2, 5, 6, 18, 50] {
            #expect(try list(rig, pageSize: pageSize) == ascending.reversed())
            #expect(try list(rig, pageSize: pageSize) { $0.isReversed = true } == ascending)
            #expect(try list(rig, pageSize: pageSize) { $0.includesValues = false } == ascending.reversed())
            let one = try NSID("com.example.a")
            #expect(
                try list(rig, pageSize: pageSize) { $0.collection = one }
                    == ascending.filter { $0.utf8.starts(with: "com.example.a/".utf8) }.reversed())
        }
        let none = try NSID("com.example.none")
        #expect(try list(rig, pageSize: 5) { $0.collection = none } == [])
    }

    @Test func malformedCursorsAreRefused() throws {
        let rig = try filled()
        let head = try #require(try rig.head())
        for cursor in ["", "a", "com.example.a", "com.example.a/", "com.example.a/b/c", "/", "com.example.a/\u{e9}"] {
            var listing = RecordListing()
            listing.cursor = cursor
            #expect(
                try rig.refusal { _ = try rig.repos.read { try $0.records(of: head, listing, limits: rig.limits) } }
                    == "MalformedCursor")
            #expect(
                try rig.refusal {
                    _ = try rig.repos.read { try $0.records(of: RepoRig.space, listing, limits: rig.limits) }
                } == "MalformedCursor")
            var operations = OperationListing()
            operations.cursor = cursor
            #expect(
                try rig.refusal {
                    _ = try rig.repos.read { try $0.operations(of: head, operations, limits: rig.limits) }
                }
                    == "MalformedCursor")
        }
        #expect(
            try rig.refusal {
                _ = try rig.repos.read { try $0.blobs(of: head, since: nil, cursor: "bafy", limit: 5) }
            } == "MalformedCursor")
    }

    @Test func aPageEndsEarlyWhenItsRecordsGrowTooLarge() throws {
        let rig = try filled()
        rig.limits.maxPageBytes = 100
        let head = try #require(try rig.head())
        let page = try rig.repos.read { try $0.records(of: head, RecordListing(), limits: rig.limits) }
        let sizes = page.records.map { $0.bytes?.count ?? 0 }
        #expect(sizes.reduce(0, +) >= 100 && sizes.dropLast().reduce(0, +) < 100 && page.cursor != nil)
        #expect(try rig.records().count == 18)
        let operations = try rig.repos.read { try $0.operations(of: head, OperationListing(), limits: rig.limits) }
        #expect((2...4).contains(operations.operations.count) && operations.cursor != nil)
        #expect(try rig.operations().count == 18)
    }

    @Test func oneRecordIsReadWithItsBytes() throws {
        let rig = try filled()
        let head = try #require(try rig.head())
        let record = try rig.repos.read { try $0.record(NSID("com.example.a"), RecordKey("Z"), of: head) }
        let expected = try RepoRig.record("com.example.a/Z", "com.example.a")
        #expect(record.bytes == expected.bytes && record.cid == expected.cid)
        #expect(
            try rig.refusal {
                _ = try rig.repos.read { try $0.record(NSID("com.example.a"), RecordKey("z"), of: head) }
            }
                == "RecordNotFound")
        #expect(
            try rig.refusal {
                _ = try rig.repos.read { try $0.head(space: RepoRig.space, author: RepoRig.bob, for: .reader) }
            } == "RepoNotFound")
    }

    @Test func allReposOfASpaceAreListedOldestWriteFirst() throws {
        let rig = try RepoRig()
        var order: [String] = []
        for step in 0..<10 {
            rig.now += step % 3 == 0 ? 0 : 1
            let author = step % 2 == 0 ? RepoRig.alice : RepoRig.bob
            let writes = try (0..<3).map { try RepoRig.put("k\(step)-\($0)", "x") }
            try rig.write(writes, by: author)
        }
        rig.now += 10
        try rig.write([RepoRig.put("k0-0", "again")])
        let everything = try rig.store.read { tables in
            try tables.rows(
                "SELECT p.author || ' ' || r.rkey, r.rev, p.author, r.rkey FROM record r JOIN repo p ON p.id = r.repo"
            ) { ($0.text(0), $0.integer(1), $0.text(2), $0.text(3)) }
        }
        order = everything.sorted { ($0.1, $0.2, $0.3) < ($1.1, $1.2, $1.3) }.map(\.0)
        #expect(order.last == "\(RepoRig.alice) k0-0" && order.count == 30)
        for pageSize in [1, 4, 30, 100] {
            for reversed in [false, true] {
                var listing = RecordListing()
                listing.limit = pageSize
                listing.isReversed = reversed
                var found: [String] = []
                repeat {
                    let page = try rig.repos.read { try $0.records(of: RepoRig.space, listing, limits: rig.limits) }
                    found += page.records.map { "\($0.author) \($0.rkey)" }
                    listing.cursor = page.cursor
                } while listing.cursor != nil
                #expect(found == (reversed ? order.reversed() : order))
            }
        }
        let both = try rig.repos.read {
            try $0.authors(of: RepoRig.space, having: NSID("com.example.post"), RecordKey("k0-0"))
        }
        #expect(both == [RepoRig.alice])
        let nobody = try rig.repos.read {
            try $0.authors(
                of: RepoRig.space, having: NSID("com.example.post"), RecordKey("k0-0"), isShown: { $0 == RepoRig.bob })
        }
        #expect(nobody.isEmpty)
    }

    /// However little of a space a reader may see or asks for, a page costs the same, and no cursor tells what was passed
    /// over.
    @Test(arguments: [1, 2, 5, 7, 1000], [false, true])
    func aPageLooksAtABoundedNumberOfRecords(_ scanned: Int, _ isReversed: Bool) throws {
        let rig = try RepoRig()
        rig.limits.maxScannedRecords = scanned
        let hidden = "did:web:hidden.example"
        for step in 0..<40 {
            rig.now += step % 4 == 3 ? 0 : 1
            let author = step % 5 == 0 ? RepoRig.alice : step % 5 == 1 ? RepoRig.bob : hidden
            let collection = step % 3 == 0 ? "com.example.vote" : "com.example.post"
            try rig.write([RepoRig.put("k\(step)", "x", in: collection)], by: author)
        }
        var listing = RecordListing()
        listing.collection = try NSID("com.example.vote")
        listing.isReversed = isReversed
        listing.limit = 3
        var (found, pages): ([String], Int) = ([], 0)
        repeat {
            let page = try rig.repos.read {
                try $0.records(of: RepoRig.space, listing, limits: rig.limits, isShown: { $0 != hidden })
            }
            found += page.records.map(\.rkey)
            listing.cursor = page.cursor
            pages += 1
            #expect(page.cursor?.contains(hidden) != true && pages <= 45)
        } while listing.cursor != nil && pages <= 45
        let expected = (0..<40).filter { $0 % 3 == 0 && $0 % 5 < 2 }.map { "k\($0)" }
        #expect(Set(found) == Set(expected) && found.count == expected.count)
        // With each revision a page stops at the latest: at most two batches share one here.
        #expect(pages >= 40 / (scanned + 2))
        if scanned == 1000 { #expect(pages == expected.count / 3 + 1) }
    }

    /// A listing of all authors that goes on as one of a single author gives the rest of that author's.
    @Test func oneRepoByAgeIsAPartOfTheSpaceByAge() throws {
        let rig = try RepoRig()
        for step in 0..<12 {
            rig.now += step % 3 == 0 ? 1 : 0
            try rig.write([RepoRig.put("k\(step)", "x")], by: step % 2 == 0 ? RepoRig.alice : RepoRig.bob)
        }
        let head = try #require(try rig.head())
        for isReversed in [false, true] {
            var listing = RecordListing()
            listing.isReversed = isReversed
            let all = try rig.repos.read { try $0.records(of: RepoRig.space, listing, limits: rig.limits) }.records
            for count in 0...12 {
                listing.limit = count
                listing.cursor = nil
                if count > 0 {
                    let page = try rig.repos.read { try $0.records(of: RepoRig.space, listing, limits: rig.limits) }
                    listing.cursor = page.cursor
                }
                listing.limit = 50
                let rest = try rig.repos.read { try $0.recordsByAge(of: head, listing, limits: rig.limits) }
                #expect(rest.records == all.dropFirst(count).filter { $0.author == RepoRig.alice })
                #expect(rest.cursor == nil)
            }
            listing.cursor = all[5].rev.text
            let later = all.filter { isReversed ? $0.rev < all[5].rev : $0.rev > all[5].rev }
            let rest = try rig.repos.read { try $0.recordsByAge(of: head, listing, limits: rig.limits) }
            #expect(rest.records == later.filter { $0.author == RepoRig.alice })
            #expect(try rig.repos.read { try $0.recordsByAge(of: nil, listing, limits: rig.limits) }.records.isEmpty)
        }
    }

    @Test func pagingInsideOneRevisionLosesNothing() throws {
        let rig = try RepoRig()
        try rig.write(try (0..<30).map { try RepoRig.put("a\($0)", "x") })
        rig.now += 1
        try rig.write(try (0..<30).map { try RepoRig.put("b\($0)", "x") })
        let all = try rig.operations().map(\.operation)
        for pageSize in [1, 7, 30, 60] { #expect(try rig.operations(pageSize: pageSize).map(\.operation) == all) }
        let first = try TID(all[0].rev)
        #expect(try rig.operations(since: first, pageSize: 7).map(\.operation) == Array(all[30...]))
    }

    @Test func theHeadIsReachedExactlyWhenThereIsNoCursor() throws {
        let rig = try RepoRig()
        for key in 0..<4 { try rig.write([RepoRig.put("k\(key)", "x")]) }
        let head = try #require(try rig.head())
        func page(_ limit: Int, _ change: (inout OperationListing) -> Void = { _ in }) throws -> OperationPage {
            var listing = OperationListing()
            listing.limit = limit
            change(&listing)
            return try rig.repos.read { try $0.operations(of: head, listing, limits: rig.limits) }
        }
        // An exactly full last page still has a cursor; the next call is empty and has none.
        let full = try page(4)
        #expect(full.operations.count == 4)
        let cursor = try #require(full.cursor)
        let after = try page(4) { $0.cursor = cursor }
        #expect(after.operations.isEmpty && after.cursor == nil)
        #expect(try page(5).cursor == nil)
        // The cursor counts where both are given; a revision after the head gives nothing, and the head.
        let both = try page(4) {
            $0.cursor = cursor
            $0.since = TID(value: 1)
        }
        #expect(both.operations.isEmpty && both.cursor == nil)
        let future = try page(4) { $0.since = TID(value: head.rev.value + 5) }
        #expect(future.operations.isEmpty && future.cursor == nil)
    }

    @Test func onlyCurrentRecordsAreInlined() throws {
        let rig = try RepoRig()
        try rig.write([RepoRig.put("a", "1")])
        try rig.write([RepoRig.put("a", "2"), RepoRig.put("b", "1")])
        try rig.write([RepoRig.delete("b")])
        try rig.write([RepoRig.put("a", "2")])
        let values = try rig.operations().map(\.value)
        let current = try RepoRig.record("2").bytes
        // The rewritten record is the current one in both of its operations.
        #expect(values == [nil, current, nil, nil, current])
        let head = try #require(try rig.head())
        var listing = OperationListing()
        listing.includesValues = false
        let page = try rig.repos.read { try $0.operations(of: head, listing, limits: rig.limits) }
        #expect(page.operations.allSatisfy { $0.value == nil })
    }

    @Test func prunedHistoryIsToldAndWhatIsKeptStillFolds() throws {
        let rig = try RepoRig()
        rig.limits.keptOperations = 10
        rig.limits.keptOperationAge = 1_000_000
        var copies: [(rev: TID, records: [String: CID])] = []
        for step in 0..<12 {
            rig.now += 100_000
            let outcome = try rig.write(try (0..<3).map { try RepoRig.put("k\($0)", "\(step)") })
            copies.append((try #require(outcome.commit).rev, try rig.records()))
        }
        // Young operations stay, whatever their number.
        try rig.repos.sweep(at: rig.time)
        let young = try #require(try rig.head())
        #expect(young.prunedThrough == copies[0].rev && young.operationCount == 33)
        rig.now += 10_000_000
        try rig.repos.sweep(at: rig.time)
        let head = try #require(try rig.head())
        // Ten are kept at least, and no revision in part.
        #expect(head.prunedThrough == copies[7].rev && head.operationCount == 12)
        func refusal(_ change: (inout OperationListing) -> Void) throws -> String? {
            var listing = OperationListing()
            change(&listing)
            return try rig.refusal {
                _ = try rig.repos.read { try $0.operations(of: head, listing, limits: rig.limits) }
            }
        }
        #expect(try refusal { _ in } == "HistoryUnavailable")
        #expect(try refusal { $0.since = copies[6].rev } == "HistoryUnavailable")
        #expect(try refusal { $0.cursor = "\(copies[7].rev.text)/1" } == "HistoryUnavailable")
        #expect(try refusal { $0.since = copies[7].rev } == nil)
        var fold = OplogFold(records: copies[7].records, rev: copies[7].rev.text)
        for operation in try rig.operations(since: copies[7].rev) { try fold.apply(operation.operation) }
        #expect(fold.hash.digest == head.hash && fold.records == copies[11].records)
        try rig.write([RepoRig.put("k0", "later")])
        #expect(try rig.head()?.operationCount == 13)
    }

    @Test func writersAreListedByNameAndBySpaceRevision() throws {
        let rig = try RepoRig()
        let authors = (0..<7).map { "did:web:w\($0).example" }
        for author in authors.shuffled() { try rig.write([RepoRig.put("a", author)], by: author) }
        try rig.write([RepoRig.put("a", "again")], by: authors[3])
        for limit in [1, 3, 7, 10] {
            var found: [SpaceWriter] = []
            var cursor: String?
            repeat {
                let page = try rig.repos.read { try $0.writers(of: RepoRig.space, after: cursor, limit: limit) }
                found += page.writers
                cursor = page.cursor
                #expect(page.spaceRev == rig.observer.list.last?.spaceRev)
            } while cursor != nil
            #expect(found.map(\.did) == authors)
            var byRevision: [SpaceWriter] = []
            var after: TID?
            while true {
                let page = try rig.repos.read { try $0.writers(of: RepoRig.space, after: after, limit: limit) }
                guard let next = page.cursor else { break }
                byRevision += page.writers
                after = try TID(next)
            }
            #expect(Set(byRevision) == Set(found))
            #expect(byRevision.map(\.spaceRev) == byRevision.map(\.spaceRev).sorted())
            #expect(byRevision.last?.did == authors[3])
        }
        let heads = try authors.map { try #require(try rig.head($0)) }
        let writers = try rig.repos.read { try $0.writers(of: RepoRig.space, after: nil as String?, limit: 10) }.writers
        #expect(writers.map(\.rev) == heads.map(\.rev) && writers.map(\.hash) == heads.map(\.hash))
    }

    @Test func aRepoElsewhereAdvancesTheSpaceOnlyWhenItIsNewer() throws {
        let rig = try RepoRig()
        let first = try #require(try rig.write([RepoRig.put("a", "1")]).commit)
        let hash = LtHash().digest
        func notice(_ rev: TID) throws -> RepoAdvance? {
            try rig.store.transact(at: rig.time) {
                try SpaceWriters($0).record(RepoRig.space, author: "did:web:far.example", rev: rev, hash: hash)
            }
        }
        let rev = TID(microseconds: rig.now, clockID: 5)
        let advance = try #require(try notice(rev))
        #expect(advance.previousSpaceRev == first.spaceRev && advance.spaceRev > first.spaceRev)
        #expect(try notice(rev) == nil)
        #expect(try notice(TID(value: rev.value - 1)) == nil)
        #expect(try notice(TID(value: rev.value + 1))?.previousSpaceRev == advance.spaceRev)
        #expect(
            try rig.repos.read { try $0.writers(of: RepoRig.space, after: nil as TID?, limit: 9) }.writers.count == 2)
    }

    @Test func writersThatAreNotTrackedAreNotListed() throws {
        let rig = try RepoRig()
        let batch = WriteBatch(
            space: RepoRig.space, author: RepoRig.alice, writes: [try RepoRig.put("a", "1")], reach: .elsewhere)
        _ = try rig.repos.applyWrites(batch, at: rig.time)
        let page = try rig.repos.read { try $0.writers(of: RepoRig.space, after: nil as String?, limit: 9) }
        #expect(page.writers.isEmpty && page.spaceRev != nil)
    }
}
