package import ATProto
package import Multiformats
import UCAN

/// Says how the authority decides whom it lets read, or whose writes it lists (atproto-spaces.md 5).
package enum UserPolicy: Hashable, Sendable {
    /// Whom the member list gives the right.
    case memberList
    /// Everybody.
    case open
    /// Whom the named service admits when it is asked: a DID, with `#fragment` or without.
    case managingApp(String)

    static let definitions = "com.atproto.simplespace.defs#"

    /// The application that is asked, if any.
    package var managingApp: String? {
        if case .managingApp(let service) = self { service } else { nil }
    }

    /// The word of the older interface (`mintPolicy`).
    package var word: String {
        switch self {
        case .memberList: "member-list"
        case .open: "public"
        case .managingApp: "managing-app"
        }
    }

    /// The union member of the lexicon.
    package var json: JSON {
        switch self {
        case .memberList: ["$type": .string(Self.definitions + "memberListPolicy")]
        case .open: ["$type": .string(Self.definitions + "publicPolicy")]
        case .managingApp(let service):
            ["$type": .string(Self.definitions + "managingAppPolicy"), "managingApp": .string(service)]
        }
    }

    /// Reads the union, or a word with the application beside it; throws `UnsupportedPolicy` for what is not
    /// implemented and `InvalidRequest` for what is no policy at all.
    package init(_ json: JSON, managingApp: String?) throws(ATProtoError) {
        switch json {
        case .string(let word):
            switch word {
            case "member-list": self = .memberList
            case "public": self = .open
            case "managing-app":
                guard let managingApp else {
                    throw ATProtoError("InvalidRequest", "the policy `managing-app` needs `managingApp`")
                }
                self = .managingApp(try Self.checked(managingApp))
            default: throw Self.unsupported("there is no such policy word here")
            }
        case .object(let object):
            guard let type = object["$type"]?.string else {
                throw ATProtoError("InvalidRequest", "a policy is an object with `$type`")
            }
            guard type.utf8.starts(with: Self.definitions.utf8) else {
                throw Self.unsupported("this host implements the policies of `\(Self.definitions)` only")
            }
            switch String(type.dropFirst(Self.definitions.count)) {
            case "memberListPolicy": self = .memberList
            case "publicPolicy": self = .open
            case "managingAppPolicy":
                guard let service = object["managingApp"]?.string else {
                    throw ATProtoError("InvalidRequest", "a managing-app policy names its `managingApp`")
                }
                self = .managingApp(try Self.checked(service))
            default: throw Self.unsupported("this host does not implement that policy")
            }
        default: throw ATProtoError("InvalidRequest", "a policy is an object or a word")
        }
    }

    /// A service identifier: a DID, then optionally `#` and a fragment.
    private static func checked(_ service: String) throws(ATProtoError) -> String {
        guard let parts = try? DID.principal(ofURL: service), parts.fragment != "" else {
            throw unsupported("a managing app is named by a DID with an optional service fragment")
        }
        return service
    }

    private static func unsupported(_ message: String) -> ATProtoError { ATProtoError("UnsupportedPolicy", message) }
}

extension UserPolicy {
    /// The text of the table: the word, and the application behind a colon.
    var stored: String { managingApp.map { "managing-app:" + $0 } ?? word }

    init(stored text: String) {
        switch text {
        case "member-list": self = .memberList
        case "public": self = .open
        default: self = .managingApp(String(text.dropFirst("managing-app:".count)))
        }
    }
}
