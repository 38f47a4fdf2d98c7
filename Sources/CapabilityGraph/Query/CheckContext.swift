public import Multiformats
import UCAN

/// Says about one use what caveats are judged by; every part given must be met.
public struct CheckContext: Sendable, Hashable {
    /// The caveats the use itself is bound by, judged by containment.
    public var caveats: Caveats?
    /// The SQL the use runs, judged by the statements a caveat allows.
    public var statement: StatementUse?
    /// The client id of the application by which a space is used, attested.
    public var client: String?
    /// What the managing application said of the user.
    public var managingApp: ManagingAppWord?
    /// A credential of an authority elsewhere, verified.
    public var credential: ForeignCredential?
    /// True for a space that another host holds, and an author whose repo in it is kept here: a fact of this host, which
    /// no question brings along.
    public var isHeldElsewhere = false

    public init(caveats: Caveats? = nil, statement: StatementUse? = nil, client: String? = nil) {
        self.caveats = caveats
        self.statement = statement
        self.client = client
    }

    /// True when nothing is said.
    public var isEmpty: Bool { self == CheckContext() }

    /// The names of what a question may say, each optional.
    public static let members = ["caveats", "statement", "client", "managingApp", "credential"]

    /// Reads an object of the `members` and nothing else; throws `malformedContext`.
    public init(_ json: JSON) throws(GraphError) {
        guard case .object(let object) = json else {
            throw GraphError(.malformedContext, "the context is not an object")
        }
        for member in object.members {
            switch member.key.utf8 {
            case let key where key.elementsEqual("caveats".utf8): caveats = try Self.caveats(member.value)
            case let key where key.elementsEqual("statement".utf8): statement = try StatementUse(member.value)
            case let key where key.elementsEqual("client".utf8):
                guard let text = member.value.string, (try? DID(application: text)) != nil else {
                    throw GraphError(.malformedContext, "`client` is not a client id")
                }
                client = text
            case let key where key.elementsEqual("managingApp".utf8): managingApp = try ManagingAppWord(member.value)
            case let key where key.elementsEqual("credential".utf8): credential = try ForeignCredential(member.value)
            default:
                throw GraphError(.malformedContext, "the context has an unknown member `\(member.key.prefix(200))`")
            }
        }
    }

    private static func caveats(_ json: JSON) throws(GraphError) -> Caveats {
        guard case .array(let list) = json, list.allSatisfy({ $0.object != nil }) else {
            throw GraphError(.malformedContext, "`caveats` is not an array of objects")
        }
        // The single empty object is how a token spells no caveat.
        return list.count == 1 && list[0].object?.isEmpty == true ? .none : Caveats(list)
    }
}
