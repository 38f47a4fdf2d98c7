public import CapabilityGraph
public import Multiformats
public import UCAN

/// Turns plain text into the values the graph takes.
public enum Plain {
    /// The id of a label: the hash of its bytes.
    public static func multihash(_ label: String) -> Multihash {
        Multihash(code: .blake3_256, digest: digest(label))
    }

    public static func digest(_ label: String) -> Digest { digests.value(label) { BLAKE3.hash(Array(label.utf8)) } }
    public static func did(_ text: String) throws -> DID { try dids.value(text) { try DID(text) } }
    public static func resource(_ text: String) throws -> Resource {
        try resources.value(text) { try Resource(text) }
    }
    public static func ability(_ text: String) throws -> Ability { try abilities.value(text) { try Ability(text) } }

    private static let digests = Memory<Digest>()
    private static let dids = Memory<DID>()
    private static let resources = Memory<Resource>()
    private static let abilities = Memory<Ability>()

    public static func caveats(_ list: [PlainCaveat]) -> Caveats { Caveats(list.map(json)) }

    public static func json(_ caveat: PlainCaveat) -> JSON {
        switch caveat {
        case .note(let text): object([("note", .string(text))])
        case .selector(let isPrefix, let value):
            object([
                ("type", .string("xyz.tinycloud.resource/selector")), ("kind", .string(isPrefix ? "prefix" : "exact")),
                ("value", .string(value)),
            ])
        case .sql(let readOnly, let statements):
            object([
                ("mode", .string("constrained-statements")), ("readOnly", .bool(readOnly)),
                ("statements", .array(statements.map(json))),
            ])
        }
    }

    private static func json(_ query: PlainQuery) -> JSON {
        let pinned = query.pinned.sorted { $0.key < $1.key }.map {
            object([("index", .number(JSONNumber($0.key))), ("value", .string($0.value))])
        }
        return object([("name", .string(query.name)), ("sql", .string(query.sql)), ("fixedParams", .array(pinned))])
    }

    private static func object(_ members: [JSONObject.Member]) -> JSON {
        JSON.object(JSONObject(members) ?? JSONObject())
    }
}

extension PlainCapability {
    public func graphValue() throws -> Capability {
        Capability(
            resource: try Plain.resource(resource), ability: try Plain.ability(ability), caveats: Plain.caveats(caveats)
        )
    }
}

extension PlainStatement {
    /// The edge statement a verified token with this content gives.
    public func graphValue() throws -> EdgeStatement {
        EdgeStatement(
            id: Plain.multihash(id), statementID: Plain.digest(statement), kind: isCacao ? .cacao : .ucan,
            issuer: try Plain.did(issuer), audience: try Plain.did(audience),
            capabilities: try capabilities.map { try $0.graphValue() },
            notBefore: notBefore.map(Timestamp.init(microseconds:)),
            expires: expires.map(Timestamp.init(microseconds:)),
            proofs: proofs.map(Plain.multihash), isTerminal: isTerminal)
    }
}

extension PlainRevocation {
    public func graphValue() throws -> RevocationStatement {
        RevocationStatement(
            target: Plain.multihash(target), signer: try Plain.did(signer), proofs: proofs.map(Plain.multihash),
            id: Plain.digest(id))
    }
}

extension Plain {
    /// `urn:cid:` and the CID of a label's id.
    public static func urn(_ label: String) -> String {
        "urn:cid:" + CID(codec: CID.rawCodec, hash: multihash(label)).text
    }
}
