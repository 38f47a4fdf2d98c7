import ATProto
package import CapabilityGraph
import Multiformats
import UCAN

/// What the gate found: in whose name, by which answers of the graph, within which bounds.
struct Ruling {
    let principal: DID
    /// The answer that decided.
    var judgement: Judgement
    var grounds = Grounds()
    /// What the caveats on the way were met by, where the rule itself knew; else the context of the question.
    var context: CheckContext?
    var isOwner = false
    /// True when the principal was let through as one who manages the space.
    var manages = false
    /// True when the principal writes to its own repo and nothing lets it into the space.
    var isOwnAlone = false
    /// The scopes of the app; nil when none bound it.
    var scopes: SpaceScopes?
    /// The single writes that are covered, `put` resolved into what of it is.
    var writes: Set<WriteItem> = []

    init(_ asker: Questioner, _ judgement: Judgement) {
        principal = asker.principal
        self.judgement = judgement
        scopes = asker.scopes
        grounds.session = asker.session
    }
}

extension Ruling {
    /// True where nothing but what is open to everybody let the principal through.
    var isOpen: Bool {
        guard let leaf = judgement.leaf else { return false }
        return UTF8Bytes.equal(leaf.audience, DID.anyone.text)
    }
}

/// What had to be allowed beside the question that decided.
package struct Grounds: Sendable {
    /// That the session acts for its account.
    package var session: Judgement?
    /// That the application may connect.
    package var connect: Judgement?
}
