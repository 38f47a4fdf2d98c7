package import ATProto
package import Multiformats
import UCAN

/// Writes a space in the shapes of its routes (atproto-spaces.md 12, 14.2).
extension DescribedSpace {
    package var uri: SpaceURI { record.uri }

    /// The inner object of `com.atproto.space.getSpace`; `revision` is null before the first write.
    package var json: JSON { record.spaceJSON(revision: revision?.text) }

    /// The whole answer of `com.atproto.space.getSpace`, with the flat form's members beside it.
    package func wideJSON(isOwner: Bool) -> JSON {
        var object = record.flatJSON.object ?? JSONObject()
        object["space"] = json
        object["config"] = record.configJSON
        object["isOwner"] = .bool(isOwner)
        return .object(object)
    }
}

extension SpaceRecord {
    /// The flat form of `com.atproto.simplespace.getSpace`.
    package var flatJSON: JSON {
        [
            "uri": .string(uri.text), "policy": settings.readPolicy.json, "readPolicy": settings.readPolicy.json,
            "writePolicy": settings.writePolicy.json, "appAccess": settings.appAccess.json,
        ]
    }

    /// The object of getConfig and updateConfig.
    package var configJSON: JSON {
        [
            "$type": "com.atproto.simplespace.defs#spaceConfig", "mintPolicy": .string(settings.readPolicy.word),
            "readPolicy": settings.readPolicy.json, "writePolicy": settings.writePolicy.json,
            "appAccess": settings.appAccess.wideJSON, "managingApp": Self.text(settings.managingApp),
        ]
    }

    fileprivate func spaceJSON(revision: String?) -> JSON {
        [
            "id": .string(identifier), "uri": .string(uri.text), "did": .string(uri.authority),
            "authorityDid": .string(uri.authority), "creatorDid": .string(creator.text),
            "ownerDid": .string(owner.text),
            "type": .string(uri.type), "skey": .string(uri.skey), "displayName": Self.text(settings.displayName),
            "description": Self.text(settings.description), "mintPolicy": .string(settings.readPolicy.word),
            "readPolicy": settings.readPolicy.json, "writePolicy": settings.writePolicy.json,
            "appAccess": settings.appAccess.wideJSON, "managingApp": Self.text(settings.managingApp),
            "config": settings.config.json, "revision": Self.text(revision),
            "createdAt": .string(createdAt.rfc3339), "updatedAt": .string(updatedAt.rfc3339),
        ]
    }

    private static func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}

extension ListedSpace {
    /// One entry of listSpaces.
    package var json: JSON { ["uri": .string(uri.text), "isOwner": .bool(isOwner)] }
}

extension ListedMember {
    /// One entry of listMembers, with level and flags (5).
    package var json: JSON { Member.json(did: did, access) }
}

extension Member {
    /// One entry of the rows as they are written; of a member space `did` is its URI (5).
    package var json: JSON {
        var object = Self.json(did: name, access).object ?? JSONObject()
        object["isDelegation"] = .bool(isSpace)
        object["grantedBy"] = .string(grantedBy.text)
        object["createdAt"] = .string(grantedAt.rfc3339)
        return .object(object)
    }

    fileprivate static func json(did: String, _ access: MemberAccess) -> JSON {
        [
            "did": .string(did), "access": .string(access.word), "read": .bool(access.reads),
            "write": .bool(access.writes), "manage": .bool(access.contains(.manage)),
        ]
    }
}
