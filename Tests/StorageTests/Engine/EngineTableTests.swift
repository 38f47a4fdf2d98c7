import CapTesting
import Testing

@testable import Storage

/// What every engine does with typed rows.
@Suite struct EngineTableTests {
    let scratch = Scratch()

    @Test(arguments: EngineKind.allCases) func rowsComeBackAsTheyWereWritten(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        // What an index holds is short on some engines; what no index holds is as long as a blob may be.
        let mark = (0..<2000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 7 >> 3) }
        let large = (0..<1_200_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let number = try engine.change { tables in
            try tables.insert(Shelf.self, Shelf.row("a", "caf\u{E9}", mark: mark, count: .min, note: "", isLent: true))
        }
        try engine.change { _ = try $0.insert(Shelf.self, Shelf.row("", "", mark: [], count: .max)) }
        try engine.read { tables in
            let found = try tables.first(Shelf.self, where: [Shelf.id.is(number)]) { row in
                #expect(row[Shelf.id] == number)
                #expect(row[Shelf.title] == "caf\u{E9}" && row[Shelf.note] == "")
                #expect(row[Shelf.mark] == mark)
                #expect(row[Shelf.count] == .min && row[Shelf.isLent])
                #expect(row[Shelf.path] == "a/caf\u{E9}" && row[Shelf.length] == 6)
                #expect(row.holds(Shelf.note))
                return true
            }
            #expect(found == true)
            let other = try tables.first(
                Shelf.self, [Shelf.count, Shelf.mark, Shelf.note], where: [Shelf.id.isNot(number)]
            ) { row in
                #expect(row[Shelf.count] == .max && row[Shelf.mark] == [] && row[Shelf.note] == nil)
                #expect(!row.holds(Shelf.note) && row.holds(Shelf.mark) && !row.holds(Shelf.title))
                return true
            }
            #expect(other == true)
        }
        try engine.change { tables in
            for (number, bytes) in [large, [], [0]].enumerated() {
                _ = try tables.insert(
                    Label.self, [Label.text.to("w"), Label.number.to(Int64(number)), Label.value.to(bytes)])
            }
        }
        let kept = try engine.read {
            try $0.rows(Label.self, [Label.value], order: [Label.number.ascending]) { $0[Label.value] }
        }
        #expect(kept == [large, [], [0]])
    }

    @Test(arguments: EngineKind.allCases) func termsCompareAsTheyAreCalled(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        try engine.change { tables in
            for (index, count) in [3, 1, 2, 2].enumerated() {
                let note: String? = index == 1 ? nil : "n\(index)"
                _ = try tables.insert(
                    Shelf.self, Shelf.row("p", "t\(index)", count: Int64(count), note: note, isLent: index > 1))
            }
        }
        let cases: [([Term], [String])] = [
            ([], ["t0", "t1", "t2", "t3"]), ([Shelf.count.is(2)], ["t2", "t3"]),
            ([Shelf.count.isNot(2)], ["t0", "t1"]),
            ([Shelf.count.isBelow(2)], ["t1"]), ([Shelf.count.isAtMost(2)], ["t1", "t2", "t3"]),
            ([Shelf.count.isAbove(2)], ["t0"]), ([Shelf.count.isAtLeast(2)], ["t0", "t2", "t3"]),
            ([Shelf.note.isNull], ["t1"]), ([Shelf.note.isNotNull], ["t0", "t2", "t3"]),
            // Null is neither like a value nor unlike it, and compared with null nothing is.
            ([Shelf.note.isNot("n0")], ["t2", "t3"]), ([Shelf.note.is(nil)], []), ([Shelf.note.isNot(nil)], []),
            ([Shelf.note.isBelow("n1")], ["t0"]), ([Shelf.isLent.is(false)], ["t0", "t1"]),
            ([Shelf.count.is(2), Shelf.title.isAbove("t2")], ["t3"]),
            ([.behind(Shelf.count.to(2), Shelf.title.to("t2"))], ["t0", "t3"]),
            ([.behind(Shelf.count.to(2), Shelf.title.to("t2"), descending: true)], ["t1"]),
            ([.from(Shelf.count.to(2), Shelf.title.to("t2"))], ["t0", "t2", "t3"]),
            ([.from(Shelf.count.to(2), Shelf.title.to("t2"), descending: true)], ["t1", "t2"]),
            ([Shelf.path.is("p/t2")], ["t2"]), ([Shelf.length.isAbove(4)], []),
        ]
        for (terms, titles) in cases { #expect(try engine.titles(terms) == titles, "\(terms)") }
        try engine.read { tables throws in
            #expect(try tables.count(Shelf.self) == 4)
            #expect(try tables.count(Shelf.self, where: [Shelf.count.is(2)]) == 2)
            #expect(try tables.sum(Shelf.count, of: Shelf.self) == 8)
            #expect(try tables.sum(Shelf.count, of: Shelf.self, where: [Shelf.count.isAbove(99)]) == 0)
            #expect(try tables.exists(Shelf.self, where: [Shelf.isLent.is(true)]))
            #expect(try !tables.exists(Shelf.self, where: [Shelf.count.is(9)]))
        }
        #expect(
            try engine.titles(order: [Shelf.count.descending, Shelf.title.ascending]) == ["t0", "t2", "t3", "t1"])
        #expect(try engine.titles(order: [Shelf.title.descending], limit: 2) == ["t3", "t2"])
        let third = try engine.read {
            try $0.first(Shelf.self, [Shelf.title], order: [Shelf.title.ascending], offset: 2) { $0[Shelf.title] }
        }
        #expect(third == "t2")
    }

    @Test(arguments: EngineKind.allCases) func textsStandInTheOrderOfTheirBytes(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        let texts = [
            "\u{E9}", "Z", "a", "~", "", "A", "aa", "a\u{301}", "e\u{301}", "\u{1F600}", "\u{FF5E}", "ab", "a b",
        ]
        try engine.change { tables in
            for text in texts { _ = try tables.insert(Shelf.self, Shelf.row("p", text)) }
        }
        let sorted = texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(
            try engine.titles(order: [Shelf.title.ascending]).map { Array($0.utf8) } == sorted.map { Array($0.utf8) })
        for text in texts {
            let behind = sorted.filter { text.utf8.lexicographicallyPrecedes($0.utf8) }
            #expect(
                try engine.titles([Shelf.title.isAbove(text)], order: [Shelf.title.ascending]).count == behind.count)
            // Two spellings of one letter are two texts.
            #expect(try engine.titles([Shelf.title.is(text)]).count == 1)
        }
        // The order of an export: the shortest path first, then by bytes.
        let exported = try engine.titles(order: [Shelf.length.ascending, Shelf.path.ascending])
        #expect(exported.first == "" && exported.prefix(5).last == "~")
    }

    @Test(arguments: EngineKind.allCases) func aQueryMayBeAskedInsideARowOfTheSame(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        try engine.change { tables in
            for title in ["a", "b", "c"] { _ = try tables.insert(Shelf.self, Shelf.row("p", title)) }
        }
        var pairs: [String] = []
        try engine.read { tables in
            try tables.each(Shelf.self, order: [Shelf.title.ascending]) { outer in
                try tables.each(Shelf.self, order: [Shelf.title.ascending]) { inner in
                    pairs.append(outer[Shelf.title] + inner[Shelf.title])
                    return inner[Shelf.title] != "b"
                }
                return outer[Shelf.title] != "b"
            }
        }
        #expect(pairs == ["aa", "ab", "ba", "bb"])
    }

    @Test(arguments: EngineKind.allCases) func aLongTableIsWalkedWhole(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        try engine.change { tables in
            for number in 0..<1500 { _ = try tables.insert(Shelf.self, Shelf.row("p", "\(number)", note: nil)) }
        }
        #expect(try engine.titles() == (0..<1500).map { "\($0)" })
        // Nulls stand first, and last where the order is turned round.
        try engine.change { _ = try $0.update(Shelf.self, [Shelf.note.to("n")], where: [Shelf.title.is("7")]) }
        #expect(try engine.titles(order: [Shelf.note.ascending, Shelf.id.ascending]).last == "7")
        #expect(try engine.titles(order: [Shelf.note.descending, Shelf.id.ascending]).first == "7")
        struct Enough: Error {}
        #expect(throws: Enough.self) { try engine.read { try $0.each(Shelf.self) { _ in throw Enough() } } }
    }

    @Test(arguments: EngineKind.allCases) func writesSayWhatTheyDid(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        try engine.change { tables in
            let first = try tables.insert(Shelf.self, Shelf.row("p", "a", count: 1))
            let second = try tables.insert(Shelf.self, Shelf.row("p", "b", count: 2))
            #expect(second == first + 1)
            #expect(try tables.update(Shelf.self, [Shelf.count.adding(5)], where: []) == 2)
            #expect(
                try tables.update(Shelf.self, [Shelf.note.to("x")], where: [Shelf.count.is(7)]) == 1)
            #expect(try tables.update(Shelf.self, [Shelf.note.to(nil)], where: [Shelf.count.is(99)]) == 0)
            #expect(try tables.delete(Shelf.self, where: [Shelf.id.is(second)]) == 1)
            #expect(try tables.delete(Shelf.self, where: [Shelf.id.is(second)]) == 0)
            // A number that went does not return.
            #expect(try tables.insert(Shelf.self, Shelf.row("p", "c")) == second + 1)
            #expect(try tables.insert(Shelf.self, [Shelf.id.to(40)] + Shelf.row("p", "d")) == 40)
            #expect(try tables.insert(Shelf.self, Shelf.row("p", "e")) == 41)

            let key = [Label.text.to("w"), Label.number.to(1)]
            try tables.put(Label.self, key + [Label.value.to([1]), Label.weight.to(1)])
            try tables.put(Label.self, key + [Label.value.to([2]), Label.weight.to(2)])
            try tables.put(Label.self, key + [Label.value.to([3]), Label.weight.to(3)], updating: [Label.weight])
            try tables.put(Label.self, key + [Label.value.to([4]), Label.weight.to(nil)], updating: [])
            let held = try tables.rows(Label.self) { ($0[Label.value], $0[Label.weight]) }
            #expect(held.count == 1 && held[0].0 == [2] && held[0].1 == 3)
        }
    }

    @Test(arguments: EngineKind.allCases) func whatIsTakenOrOfAnotherKindIsRefused(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        try engine.change { tables in
            _ = try tables.insert(Shelf.self, [Shelf.id.to(1)] + Shelf.row("p", "a", mark: [1], count: 1))
            _ = try tables.insert(Shelf.self, Shelf.row("p", "b", count: 1))
            // Null is like no other value, also where each may be there once.
            _ = try tables.insert(Shelf.self, Shelf.row("p", "c", count: 1))
            _ = try tables.insert(
                Label.self, [Label.text.to("w"), Label.number.to(1), Label.value.to([])])
        }
        let refused: [(String, (any TableSession) throws -> Void)] = [
            ("a number that is taken", { _ = try $0.insert(Shelf.self, [Shelf.id.to(1)] + Shelf.row("p", "d")) }),
            ("a unique pair", { _ = try $0.insert(Shelf.self, Shelf.row("p", "a")) }),
            ("a pair with a value", { _ = try $0.insert(Shelf.self, Shelf.row("p", "d", mark: [1], count: 1)) }),
            (
                "an update to one",
                { _ = try $0.update(Shelf.self, [Shelf.title.to("a")], where: [Shelf.title.is("b")]) }
            ),
            ("a put that takes another's", { try $0.put(Shelf.self, Shelf.row("p", "a")) }),
            (
                "a key that is taken",
                { _ = try $0.insert(Label.self, [Label.text.to("w"), Label.number.to(1), Label.value.to([])]) }
            ),
            ("a value that is missing", { _ = try $0.insert(Shelf.self, [Shelf.place.to("p")]) }),
            (
                "a text for a number",
                { tables in
                    _ = try tables.insert(
                        Shelf.schema,
                        Shelf.row("p", "d").map { assignment in
                            assignment.column === Shelf.count.definition
                                ? Assignment(column: assignment.column, value: .text("x")) : assignment
                        })
                }
            ),
        ]
        for (what, body) in refused {
            #expect(throws: StorageError(.constraint, ""), "\(what)") { try engine.change(body) }
        }
        #expect(try engine.titles() == ["a", "b", "c"])
    }

    @Test(arguments: EngineKind.allCases) func aSavepointTakesBackWhatCameAfterIt(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        try engine.change { tables in
            for title in ["kept", "gone", "too"] {
                try tables.openSavepoint()
                _ = try tables.insert(Shelf.self, Shelf.row("p", title))
                _ = try tables.update(Shelf.self, [Shelf.count.adding(1)], where: [])
                if title == "gone" { try tables.takeBack() } else { try tables.closeSavepoint() }
            }
        }
        #expect(try engine.titles() == ["kept", "too"])
        #expect(try engine.read { try $0.sum(Shelf.count, of: Shelf.self) } == 3)
    }

    @Test(arguments: EngineKind.allCases) func aReadSessionKeepsItsState(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        try engine.change { _ = try $0.insert(Shelf.self, Shelf.row("p", "old")) }
        let session = try engine.openReadSession()
        func titles() throws -> [String] { try session.rows(Shelf.self, [Shelf.title]) { $0[Shelf.title] } }
        #expect(try titles() == ["old"])
        try engine.change { tables in
            _ = try tables.insert(Shelf.self, Shelf.row("p", "new"))
            _ = try tables.update(Shelf.self, [Shelf.title.to("changed")], where: [Shelf.title.is("old")])
        }
        #expect(try titles() == ["old"])
        #expect(Set(try engine.titles()) == ["changed", "new"])
        session.close()
        #expect(throws: StorageError(.closed, "")) { try titles() }
    }

    /// Random changes leave the same rows in every engine, whatever was taken back on the way.
    @Test func enginesAgree() throws {
        var random = SeededGenerator.printed("enginesAgree")
        let engines = try EngineKind.allCases.map { try $0.open(scratch, "agree.db") }
        for round in 0..<60 {
            let steps = (0..<random.int(in: 1...8)).map { _ in Step(&random) }
            let isKept = random.int(in: 0...3) > 0
            let outcomes = engines.map { engine -> [String] in
                var outcome: [String] = []
                do throws(StorageError) {
                    try engine.transaction { tables in
                        for step in steps { outcome.append(step.run(tables)) }
                        return isKept ? LogBatch() : nil
                    }
                } catch {
                    outcome.append("\(error.code)")
                }
                return outcome
            }
            for outcome in outcomes { #expect(outcome == outcomes[0], "round \(round) of seed \(random.seed)") }
            let states = try engines.map { engine in
                try engine.read { tables in
                    try tables.rows(Shelf.self, order: [Shelf.place.ascending, Shelf.title.descending]) {
                        $0.values(of: Shelf.schema).dropFirst().map { "\($0)" }.joined(separator: " ")
                    }
                }
            }
            for state in states { #expect(state == states[0], "round \(round) of seed \(random.seed)") }
        }
    }

    /// One random write, which says what became of it.
    struct Step {
        let kind: Int
        let row: [Assignment]
        let terms: [Term]

        init(_ random: inout SeededGenerator) {
            func word() -> String { ["a", "b", "\u{E9}", "e\u{301}", "Z", ""][random.int(in: 0...5)] }
            kind = random.int(in: 0...5)
            row = Shelf.row(
                word(), word(), mark: random.int(in: 0...2) == 0 ? [UInt8(random.int(in: 0...3))] : nil,
                count: Int64(random.int(in: 0...5)), note: random.int(in: 0...1) == 0 ? word() : nil,
                isLent: random.int(in: 0...1) == 0)
            let (text, number) = (word(), Int64(random.int(in: 0...5)))
            let all = [
                Shelf.place.is(text), Shelf.title.isAtLeast(text), Shelf.note.isBelow(text), Shelf.note.isNull,
                Shelf.count.isAbove(number), Shelf.mark.isNotNull, Shelf.isLent.is(number > 2),
                Term.behind(Shelf.place.to(text), Shelf.count.to(number)),
                .from(Shelf.count.to(number), Shelf.note.to(text), descending: true),
            ]
            terms = (0..<random.int(in: 1...2)).map { _ in all[random.int(in: 0...(all.count - 1))] }
        }

        func run(_ tables: any TableSession) -> String {
            do {
                switch kind {
                case 0...2: _ = try tables.insert(Shelf.self, row)
                case 3: return "\(try tables.update(Shelf.self, [row[3], row[4]], where: terms))"
                // Rows with a mark could come past each other's counts, which engines take or not as they meet them.
                case 4:
                    let unmarked = terms + [Shelf.mark.isNull]
                    return "\(try tables.update(Shelf.self, [Shelf.count.adding(1)], where: unmarked))"
                default: return "\(try tables.delete(Shelf.self, where: terms))"
                }
                return "inserted"
            } catch {
                return "\(error.code)"
            }
        }
    }
}
