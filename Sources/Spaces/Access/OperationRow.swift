import ATProto
import CapabilityGraph
import UCAN

/// One row of the table of operations: all that the gate asks before it lets one through. `GateCase.walk` asks it, in one
/// order for all; what is truly an operation's own is named in `rule` or `completion`.
struct OperationRow {
    /// Who may ask at all; everybody else is refused for its kind alone.
    var callers: Caller.Kinds = .named
    /// What a space may give everybody, by any of which its applications need not connect. Who shows nothing has these
    /// rights and no others.
    var openly: [Ability] = []
    /// What is an author's own, whatever became of its membership or of the space.
    var own: OwnRight?
    /// What the scopes that bound an app have to cover: any of them.
    var scopes: [SpaceAccess.Operation] = []
    /// In whose name alone it is done.
    var only: (caller: DID, otherwise: AccessRefusal)?
    /// What the space has to be, and what for who shows a credential of it: only its own host can tell what is not in a repo.
    var space = Presence.here
    var credentials = Presence.here
    /// The rights of which one is needed, the first that is held being what the permit rests on; nil where the caller's
    /// name is enough.
    var rights: [Ability]? = []
    /// The place in the space that is meant; nil for all of it.
    var path: String?
    var connection = Connection.none
    /// The managing application's word that the rights may wait for.
    var word = Word.none
    /// Why it is refused to who may know of the space and lacks the right, and to who may not know of it.
    var refusal: AccessRefusal
    var hidden = AccessRefusal.spaceNotFound
    /// What is said of a space that is not there, and to who was in it of one that was deleted.
    var absent = AccessRefusal.spaceNotFound
    var deleted = AccessRefusal.spaceDeleted
    /// Decides in the place of everything behind `space`; given the space where it has to live.
    var rule: ((GateCase, Questioner, SpaceRecord?) throws -> Ruling)?
    /// What is left to ask of who was let through.
    var completion: ((GateCase) throws -> Void)?

    enum Presence {
        /// It has to live here.
        case here
        /// It lives here, or another host's; of that nothing is asked.
        case hereOrElsewhere
        /// It lives here, or its owner deleted it before.
        case hereOrDeletedBefore
        /// It is not looked at.
        case any
    }

    enum Connection {
        case none
        /// Nothing attests the caller's application, so that all of them have to be admitted.
        case unattested
        /// The attested application, or where none is all of them; it is asked first.
        case attested
    }

    enum Word {
        case none
        /// It is asked for, once the rest of the rule leaves nothing but that open.
        case asked(ManagingAppWord.Access)
        /// It will be asked for by what this leads to, and is taken for a yes.
        case awaited(ManagingAppWord.Access)
    }

    /// What an author, and who shows a delegation that the author signed, may do in the author's repo.
    struct OwnRight {
        let author: DID
        let ability: Ability
        let scope: SpaceAccess.Operation
        /// True where no delegation is enough.
        var isPersonal = false
    }
}

extension Operation {
    /// The row of an operation on a space. `caller` matters where everybody may ask about itself.
    func row(on space: Space, for caller: Caller) -> OperationRow {
        switch self {
        case .readRecords(let author):
            let unseen = author == nil ? AccessRefusal.spaceNotFound : .repoNotFound
            return OperationRow(
                callers: [.named, .anonymous, .credential], openly: [.spaceReadOpenly],
                own: author.map { OperationRow.OwnRight(author: $0, ability: .spaceReadSelf, scope: .readSelf) },
                scopes: [.read], credentials: .hereOrElsewhere, rights: [.spaceRead], path: author?.text,
                connection: .unattested,
                refusal: author == nil ? .readSelfOnly : .repoNotFound, hidden: unseen, absent: unseen)
        case .write(let author, let items):
            return OperationRow(
                space: .any, word: .asked(.write), refusal: .writeNotAuthorized,
                rule: { question, asker, _ in try question.write(author, items, asker) })
        case .deleteRepo(let author):
            // Only a scope for every collection covers this name, which is no collection's.
            let scope = SpaceAccess.Operation.delete(collection: "*")
            return OperationRow(
                own: OperationRow.OwnRight(author: author, ability: .spaceDelete, scope: scope, isPersonal: true),
                scopes: [scope], only: (author, .foreignRepo), space: .any, refusal: .repoNotFound,
                hidden: .repoNotFound)
        case .createSpace:
            return OperationRow(
                scopes: [.manage(.create)], space: .any, refusal: .foreignSpace,
                rule: { question, asker, _ in try question.createSpace(asker) })
        case .updateSpace, .manageMembers, .manageInvites, .manageCredentials:
            return OperationRow(scopes: [.manage(.update)], rights: [.spaceManageUpdate], refusal: .notSpaceOwner)
        case .readConfig:
            // It changes nothing, and so needs no more scope than reading the settings.
            return OperationRow(
                scopes: [.readSelf, .manage(.update)], rights: [.spaceManageUpdate], refusal: .notSpaceOwner)
        case .deleteSpace:
            return OperationRow(
                scopes: [.manage(.delete)], space: .hereOrDeletedBefore, rights: [.spaceManageDelete],
                refusal: .notSpaceOwner)
        case .readSettings:
            return OperationRow(
                callers: [.named, .anonymous, .credential], openly: [.spaceDescribe],
                scopes: [.readSelf, .manage(.update)], rights: [.spaceBelong, .spaceDescribe],
                refusal: .spaceNotFound)
        case .listMembers(let member):
            // Everybody may ask about itself. Credentials never enumerate readers (14.5).
            let isOfItself = member != nil && member == caller.principal
            return OperationRow(
                callers: [.named, .anonymous], openly: [.spaceDescribe], scopes: [.readSelf],
                rights: isOfItself ? [.spaceBelong, .spaceDescribe] : [.spaceListMembers],
                refusal: isOfItself ? .spaceNotFound : .notSpaceOwner)
        case .listRepos:
            // Who writes is for who reads everything (12, 13.6).
            return OperationRow(
                callers: [.named, .anonymous, .credential], openly: [.spaceDescribe, .spaceReadOpenly],
                scopes: [.read], rights: [.spaceRead, .spaceDescribe], connection: .unattested,
                refusal: .readSelfOnly)
        case .readGraph(let principal):
            return OperationRow(
                scopes: [.readSelf], refusal: .notSpaceOwner,
                rule: { question, asker, record in try question.readGraph(of: principal, asker, record) })
        case .endEdge(let edge):
            return OperationRow(
                scopes: [.readSelf, .manage(.update)], refusal: .notSpaceOwner,
                rule: { question, asker, record in try question.endEdge(edge, asker, record) })
        case .mintDelegation:
            // A token says that a user lets an app ask; for a space held here, also that asking has a point (4.1, 13.8).
            return OperationRow(
                callers: .account, scopes: [.read], space: .hereOrElsewhere, rights: [.spaceRead],
                word: .awaited(.read), refusal: .readSelfOnly)
        case .prepareCredential:
            // Nobody makes this host ask another one about an application but who may have a credential (13.9).
            return OperationRow(
                callers: .delegation, rights: [.spaceRead], word: .awaited(.read), refusal: .userNotAuthorized)
        case .mintCredential:
            // The order of 13.9: hosted, deleted, app policy, user policy; the token's single use comes last. Who may not
            // know of the space is told that there is none (design law 9), and not that it is not let in.
            return OperationRow(
                callers: .delegation, rights: [.spaceRead], connection: .attested, word: .asked(.read),
                refusal: .userNotAuthorized,
                completion: { try $0.requireTokenInForce() })
        case .registerNotify, .watch:
            // News of the space go to who reads all of it (13.10).
            return OperationRow(
                callers: [.named, .credential], openly: [.spaceReadOpenly], scopes: [.read], rights: [.spaceRead],
                connection: .unattested, refusal: .readSelfOnly)
        case .notifyWrite(let writer):
            // Anybody may say that it wrote, so a space that it may not know of is not there (13.11, design law 9).
            return OperationRow(
                callers: .service, only: (writer, .foreignNews), rights: [.spaceWrite], word: .asked(.write),
                refusal: .writeNotAuthorized, deleted: .spaceNotFound)
        case .notifyByAuthority:
            // Only the space's authority ends its credentials elsewhere, or says that the space is gone (4.8, 13.12).
            return OperationRow(
                callers: .service, only: (space.owner, .foreignAuthority), space: .any, rights: [.spaceManage],
                refusal: .foreignAuthority, hidden: .foreignAuthority)
        }
    }
}
