import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// Families are closed when they are put together, and nothing of a family that is not there is guessed at.
@Suite struct FamiliesTests {
    /// A family made of what a test gives it.
    private struct Made: Family {
        var name = FamilyName("made")
        var prefixes = ["made:"]
        var abilities = [AbilityRegistry.Entry("made/do")]
        var kinds = [EdgeKind(code: 99, name: "made", .hostStatement, endedBy: .issuer)]
        var caveats: [any Caveat.Type] = []
        var context: [ContextMember] = []

        func space(_ text: String) throws(GraphError) -> Space {
            guard let owner = try? DID(String(text.dropFirst("made:".count))) else {
                throw GraphError(.malformedResource, "`\(text)` is nothing made")
            }
            return Space(FamilyName("made"), owner: owner, name: "", text: text)
        }

        func resource(_ text: String) throws(GraphError) -> Resource { Resource(space: try space(text)) }
    }

    private static let issuer = "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"

    private func refusal(_ change: (inout Made) -> Void) -> GraphError.Code? {
        var made = Made()
        change(&made)
        do {
            _ = try Families([TinyCloud(), PermissionedSpaces(), made])
            return nil
        } catch {
            return error.code
        }
    }

    @Test func nothingIsTwoFamilies() {
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.name = .tinycloud } == .familiesMalformed)
        for prefix in [
            "tinycloud:", "at://", "urn:tinycloud:", "Made:", "made", "", "did:", "did:key:", "urn:", "urn:cid:",
            "http:", "https://made.example/", "urn:capabilitygraph:made:",
        ] {
            #expect(refusal { $0.prefixes = [prefix] } == .familiesMalformed, "\(prefix)")
        }
        #expect(refusal { $0.kinds = [EdgeKind(code: 2, name: "made", [], endedBy: [])] } == .familiesMalformed)
        #expect(refusal { $0.kinds = [EdgeKind(code: 0, name: "made", [], endedBy: [])] } == .familiesMalformed)
        #expect(refusal { $0.kinds = [EdgeKind(code: 98, name: "ucan", [], endedBy: [])] } == .familiesMalformed)
        #expect(refusal { $0.abilities = [AbilityRegistry.Entry("tinycloud.kv/get")] } == .registryMalformed)
        #expect(refusal { $0.caveats = [SelectorCaveat.self] } == .familiesMalformed)
        for name in ["client", "statement", "caveats"] as [StaticString] {
            #expect(
                refusal { $0.context = [ContextMember(name) { _, _, _ in }] } == .familiesMalformed, "\(name)")
        }
    }

    @Test func aTextOfAFamilyIsNeverOpaque() throws {
        let families = try Families([TinyCloud(), Made()])
        #expect(try families.resource("made:" + Self.issuer).rootAuthority?.text == Self.issuer)
        for text in ["made:", "made:nobody", "MADE:" + Self.issuer, "Made:x", "TINYCLOUD:key:x:y/z"] {
            #expect(throws: GraphError.self, "\(text)") { try families.resource(text) }
        }
        // Of a family that is not here nothing is known, so that nobody controls it.
        let other = try families.resource("at://\(Self.issuer)")
        #expect(other.family == nil && other.rootAuthority == nil)
    }

    @Test func aKindOfNoFamilyHereIsNeitherAdmittedNorReplayed() throws {
        let issuer = try DID(Self.issuer)
        let statement = HostStatement(
            kind: Made().kinds[0], issuer: issuer, audience: .anyone,
            capabilities: [
                Capability(
                    resource: try Made().resource("made:" + Self.issuer), ability: Ability(literal: "made/do"))
            ])
        let now = Timestamp(seconds: 1_700_000_000)
        let without = GraphWriter(try Graph(families: .standard(), limits: GraphRig.smallLimits))
        #expect(throws: GraphError.self) { try without.admit(statement, at: now) }

        let writer = GraphWriter(try Graph(families: Families([TinyCloud(), Made()]), limits: GraphRig.smallLimits))
        guard case .admitted(let admitted, _, _) = try writer.admit(statement, at: now) else {
            Issue.record("it is not admitted where its family is")
            return
        }
        writer.commit()
        #expect(writer.graph.snapshot().view(admitted.edge).kind.name == "made")
        let record = admitted.record
        let error = #expect(throws: GraphError.self) {
            try record.bytes.withUnsafeBytes { bytes in
                _ = try without.replay(
                    kind: record.kind.rawValue, revision: UInt64(record.revision), recordedAt: record.recordedAt,
                    record: bytes)
            }
        }
        #expect(error?.code == .malformedRecord && error?.message.contains("unknown kind 99") == true)
    }

    @Test func whatIsSaidOfAUseIsReadByItsFamily() throws {
        let families = try Families.standard()
        #expect(families.contextMembers == ["caveats", "statement", "client", "managingApp", "credential"])
        let read = try families.context(["client": "https://app.example/metadata", "caveats": [[:]]])
        #expect(read.client == "https://app.example/metadata" && read.caveats == Caveats.none && !read.isEmpty)
        var same = CheckContext(client: "https://app.example/metadata")
        #expect(same != read)
        same.caveats = Caveats.none
        #expect(same == read && same.hashValue == read.hashValue)
        same.client = nil
        #expect(same == CheckContext(caveats: Caveats.none))
        #expect(throws: GraphError.self) { try Families([TinyCloud()]).context(["client": "https://app.example"]) }
    }
}
