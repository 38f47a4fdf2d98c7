import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

/// Law 7: the pages of a listing are, together, what the first page's snapshot held at its instant: no row is lost or
/// doubled, whatever is admitted, revoked or expires between them. The status of a row is that of the moment.
@Suite struct CompletenessLawTests {
    @Test func pagesNeitherLoseNorDoubleRows() throws {
        try Property.hold("paging", cases: 250) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 5
            var reference = ReferenceEvaluator()
            let rig = try GraphRig()
            func play(_ steps: Int) throws {
                for step in random.world(steps) {
                    _ = reference.play(step)
                    _ = try rig.play(step)
                    rig.writer.commit()
                }
            }
            try play(random.int(5, 40))
            let first = rig.graph.snapshot()
            let start = random.now
            let (query, listing, asker) = try Comparison.listing(&random, first, reference, at: start)
            let expected = reference.list(listing, asker: asker, at: start)
            let frozen = reference
            var rows: [Snapshot.EdgeID] = []
            var cursor: ListCursor?
            for _ in 0..<200 {
                let now = Timestamp(microseconds: random.now)
                let snapshot = rig.graph.snapshot()
                let limit = random.int(1, 4)
                let page = try snapshot.listPage(query, after: cursor, limit: limit, now: now)
                guard page.rows.count <= limit else { return "a page of \(page.rows.count), asked for \(limit)" }
                let names = Comparison(snapshot: snapshot, reference: reference, at: random.now)
                for row in page.rows {
                    let status = reference.status(of: names.names([row.edge])[0], at: random.now)
                    guard row.status.name == status else { return "a row is \(row.status.name), expected \(status)" }
                }
                rows += page.rows.map(\.edge)
                guard let next = page.cursor else { break }
                guard page.rows.count == limit else { return "a short page has a cursor" }
                cursor = try ListCursor(next.text)
                guard cursor == next else { return "the cursor's text loses something" }
                if random.percent(60) { try play(random.int(1, 4)) }
            }
            let names = Comparison(snapshot: first, reference: frozen, at: start).names(rows)
            guard names.count == expected.count, Set(names) == expected else {
                return "\(listing) gave \(names), expected \(expected)"
            }
            guard rows == rows.sorted().reversed() else { return "the rows are not newest first" }
            return nil
        }
    }
}
