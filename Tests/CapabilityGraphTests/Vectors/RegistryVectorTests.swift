import CapTesting
import CapabilityGraph
import Multiformats
import Testing

@Suite struct RegistryVectorTests {
    @Test func theBuiltInTableIsThePublishedOnePlusRevoke() throws {
        let published = try AbilityRegistry(json: Fixture.bytes("vectors/tinycloud/registry/capabilities.json"))
        let revoke = AbilityRegistry.Entry("tinycloud.delegation/revoke")
        let own = AbilityRegistry.tinyCloudEntries
        #expect(Set(own).count == own.count)
        #expect(Set(own) == Set(published.entries + [revoke]))
    }

    @Test func malformedRegistriesAreRefused() {
        typealias Entry = AbilityRegistry.Entry
        for entries in [
            [Entry("a/b"), Entry("a/b")], [Entry("a/b", aliasOf: "a/c")], [Entry("a/b", implies: ["a/c"])],
            [Entry("a/b", aliasOf: "a/c"), Entry("a/c", aliasOf: "a/b")], [Entry("ab")],
            (0..<256).map { Entry("a/n\($0)") },
        ] {
            #expect(throws: GraphError.self) { try AbilityRegistry(entries) }
        }
    }

    @Test func implicationsRunOnThroughAliasesAndLoops() throws {
        typealias Entry = AbilityRegistry.Entry
        let registry = try AbilityRegistry([
            Entry("a/1", implies: ["a/2b"]), Entry("a/2", implies: ["a/3"]), Entry("a/2b", aliasOf: "a/2"),
            Entry("a/3", implies: ["a/1"]), Entry("a/4"),
        ])
        for held in ["a/1", "a/2", "a/2b", "a/3"] {
            for required in ["a/1", "a/2", "a/2b", "a/3"] {
                #expect(registry.covers(held: try Ability(held), required: try Ability(required)))
            }
            #expect(!registry.covers(held: try Ability(held), required: try Ability("a/4")))
            #expect(!registry.covers(held: try Ability("a/4"), required: try Ability(held)))
        }
    }
}
