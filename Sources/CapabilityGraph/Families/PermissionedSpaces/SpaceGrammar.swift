public import ATSyntax
import Multiformats
public import UCAN

extension Resource {
    /// A place in a permissioned space: nil is the whole of it, else `<author>[/<collection>[/<rkey>]]`.
    public static func atproto(space: Space, path: String?) -> Resource { Resource(space: space, path: path) }

    /// `at://<did>`: the account itself, controlled by that DID.
    public static func account(_ did: DID) -> Resource {
        Resource(.atproto, text: "at://" + did.text, controlledBy: did)
    }

    /// The collection of a permissioned space that a place lies in; nil for what is wider.
    var collection: String? {
        guard space?.family == .atproto, let path else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count > 1 ? String(parts[1]) : nil
    }
}

extension Space {
    /// Names a permissioned space; throws `malformedResource` when its authority is no DID that can be a principal.
    public init(_ uri: SpaceURI) throws(GraphError) {
        let owner: DID
        do throws(UCANError) {
            owner = try DID(uri.authority)
        } catch {
            throw GraphError(.malformedResource, "the authority of `\(uri.text)` is not a DID")
        }
        // A DID has several spellings elsewhere, of which the graph knows one.
        let name = uri.type + "/" + uri.skey
        let text = UTF8Bytes.equal(owner.text, uri.authority) ? uri.text : "at://\(owner)/space/\(name)"
        self.init(.atproto, [.impliesProofs, .admitsOthers], owner: owner, name: name, text: text)
    }
}

extension DID {
    /// True for the members of a permissioned space.
    public var isSpace: Bool { text.utf8.starts(with: "at://".utf8) }
}

extension PermissionedSpaces {
    /// Parses `at://<did>/space/<type>/<skey>` (atproto-spaces.md 1).
    public func space(_ text: String) throws(GraphError) -> Space {
        guard let uri = try? SpaceURI(text) else {
            throw GraphError(.malformedResource, "`\(text.prefix(200))` is not a space id")
        }
        return try Space(uri)
    }

    /// What is neither an account, nor a space, nor a place in one is refused.
    public func resource(_ text: String) throws(GraphError) -> Resource {
        let malformed = GraphError(.malformedResource, "`\(text.prefix(200))` names no space, place in one or account")
        guard text.utf8.starts(with: "at://".utf8) else { throw malformed }
        let parts = text.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false)
        switch parts.count {
        case 1:
            guard let did = try? DID(String(parts[0])) else { throw malformed }
            return .account(did)
        case 4: return .atproto(space: try space(text), path: nil)
        case 5, 6:
            let space = try space("at://" + parts[..<4].joined(separator: "/"))
            guard (try? DID(String(parts[4]))) != nil, parts.count == 5 || NSID.isValid(String(parts[5])) else {
                throw malformed
            }
            return .atproto(space: space, path: parts[4...].joined(separator: "/"))
        case 7:
            guard let uri = try? RecordURI(text) else { throw malformed }
            return .atproto(space: try Space(uri.space), path: "\(uri.author)/\(uri.collection)/\(uri.rkey)")
        default: throw malformed
        }
    }
}
