import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

/// `fixtures/vectors/tinycloud/identifiers.json`, held against the parsed forms.
@Suite struct IdentifierVectorTests {
    let vectors: JSON

    init() throws { vectors = try Fixture.json("vectors/tinycloud/identifiers.json") }

    func rows(_ name: String) throws -> [JSON] {
        let rows = try #require(vectors[name]?.array)
        try #require(!rows.isEmpty)
        return rows
    }

    @Test func resourcesSplitAsListed() throws {
        for row in try rows("resources") {
            let text = try #require(row["in"]?.string)
            let resource = try Resource(text)
            #expect(resource.text == row["canonical"]?.string ?? text)
            guard let did = row["did"]?.string else { continue }
            guard let space = resource.space, space.family == .tinycloud else {
                Issue.record("`\(text)` is not in a space")
                continue
            }
            #expect(space.owner.text == did)
            #expect(space.name == row["name"]?.string)
            #expect(resource.service == row["service"]?.string)
            #expect(resource.path == row["path"]?.string)
            let query = row["query"]?.string.map { "?" + $0 } ?? ""
            #expect(resource.suffix == query + (row["fragment"]?.string.map { "#" + $0 } ?? ""))
        }
    }

    @Test func malformedResourcesAreRefusedAndNotOpaque() throws {
        for row in try rows("resourcesInvalid") {
            let text = try #require(row["in"]?.string)
            #expect(throws: GraphError.self, "\(text)") { try Resource(text) }
        }
        for text in [
            "tinycloud:example:a:n/kv/a/../b", "tinycloud:example:a:n/kv/./b", "tinycloud:example:a:n/kv/%7e",
            "tinycloud:example:a:n/kv/%2f", "tinycloud:example:a:n/kv/%41", "TinyCloud:example:a:n/kv/a",
            "tinycloud:example:a:n/kv/a b", "tinycloud:example:a:n/kv/\u{e9}", "tinycloud:example:a:n",
            "tinycloud:example:a:n/kv/a/..", "tinycloud:example:a:n/kv/.?q", "tinycloud:example:a:n/kv/..#f",
            "tinycloud:example:a:/kv", "tinycloud:example:a:n/kv/a#b#c", "tinycloud:example:a:n/kv/%",
        ] {
            #expect(throws: GraphError.self, "\(text)") { try Resource(text) }
        }
        for text in ["n/kv/...", "n/kv/.a/b..", "n/kv/a?q=/../", "n/kv/a#/./"] {
            #expect(try Resource("tinycloud:example:a:" + text).text == "tinycloud:example:a:" + text)
        }
        #expect(try Resource("tinycloud://example:a:n/kv/a") == .opaque("tinycloud://example:a:n/kv/a"))
    }

    @Test func spacesAreCanonicalised() throws {
        for row in try rows("spaces") {
            let text = try #require(row["in"]?.string)
            #expect(try Space(text).text == row["canonical"]?.string ?? text)
        }
    }

    /// The same table through three doors: the value, the admission of a child, and the gate.
    @Test func pathsContainBySegment() throws {
        for row in try rows("pathExtends") {
            let base = row["base"]?.string
            let child = row["child"]?.string
            let expected = row["ok"]?.bool == true
            let claim = "\(base ?? "absent") over \(child ?? "absent")"
            #expect(Resource.pathContains(base, child) == expected, "\(claim)")

            typealias First = FirstStepsTests
            let service = First.space + "/kv"
            let outer = service + (base.map { "/" + $0 } ?? "")
            let inner = service + (child.map { "/" + $0 } ?? "")
            #expect(try Resource(outer).contains(try Resource(inner)) == expected, "\(claim)")
            let rig = try GraphRig()
            var root = First.root
            root.capabilities = [PlainCapability(outer, "tinycloud.kv/get")]
            try rig.admit(root, at: First.now)
            #expect(
                try First.check(rig, First.session, "tinycloud.kv/get", inner).isAllowed == expected, "\(claim)")
            var grant = First.grant
            grant.capabilities = [PlainCapability(inner, "tinycloud.kv/get")]
            #expect(
                try rig.admit(grant, at: First.now) == (expected ? "admitted" : "abilityNotCovered"), "\(claim)")
        }
    }

    /// The reference takes any text that begins with the parent's; here a URI outside spaces contains itself alone, so
    /// `urn:example:resource` does not cover `urn:example:resource:child` (nor `urn:example:resources-evil`).
    @Test func otherURIsContainOnlyThemselves() throws {
        for row in try rows("otherUriExtends") {
            let parent = try Resource(try #require(row["parent"]?.string))
            let childText = try #require(row["child"]?.string)
            let isNetwork = childText.hasPrefix("urn:tinycloud:encryption:")
            let expected = row["ok"]?.bool == true && isNetwork
            let child = try? Resource(childText)
            #expect((child.map(parent.contains) ?? false) == expected, "\(childText)")
        }
        let own = try Resource("urn:example:resource")
        #expect(own.contains(own))
    }

    @Test func malformedNetworkIdsAreNoNetworks() throws {
        for row in try rows("networkIdsInvalid") {
            let text = try #require(row.string)
            if (try? Resource(text))?.family == .tinycloud { Issue.record("`\(text)` is taken for a network") }
            if text.hasPrefix("urn:tinycloud:encryption:") {
                #expect(throws: GraphError.self, "\(text)") { try Resource(text) }
            }
        }
    }

    @Test func abilitiesFollowTheGrammarAndByteOrder() throws {
        let table = try #require(vectors["abilities"])
        for text in try #require(table["valid"]?.array).compactMap(\.string) { #expect(try Ability(text).text == text) }
        for text in try #require(table["invalid"]?.array).compactMap(\.string) {
            #expect(throws: GraphError.self, "\(text)") { try Ability(text) }
        }
        let order = try #require(table["order"]?.array).compactMap(\.string)
        #expect(try order.reversed().map { try Ability($0) }.sorted().map(\.text) == order)
    }

    @Test func abilitiesMatchThroughAliasesAndImplicationsOnly() throws {
        let registry = try AbilityRegistry(AbilityRegistry.tinyCloudEntries)
        for row in try rows("abilityMatches") {
            let held = try Ability(try #require(row["held"]?.string))
            let required = try Ability(try #require(row["required"]?.string))
            let expected = row["ok"]?.bool == true
            #expect(registry.covers(held: held, required: required) == expected, "\(held) over \(required)")
            typealias First = FirstStepsTests
            let rig = try GraphRig()
            var root = First.root
            root.capabilities = [PlainCapability(First.space + "/kv", held.text)]
            try rig.admit(root, at: First.now)
            #expect(
                try First.check(rig, First.session, required.text, First.space + "/kv/a").isAllowed == expected,
                "\(held) over \(required)")
        }
    }
}
