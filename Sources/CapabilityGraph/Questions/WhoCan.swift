import Multiformats
public import UCAN

/// Asks who may use an ability on a resource.
public struct WhoCanQuestion: Sendable {
    public var ability: Ability
    public var resource: Resource
    public var context: CheckContext?
    /// The context as it was written, by which a cursor knows its question again.
    public var contextText: String?
    /// Keeps principals of these kinds; nil keeps all.
    public var kinds: Set<PrincipalKind>?

    public init(
        ability: Ability, resource: Resource, context: CheckContext? = nil, kinds: Set<PrincipalKind>? = nil
    ) {
        self.ability = ability
        self.resource = resource
        self.context = context
        self.kinds = kinds
    }

    /// `contextText` is the context as it was asked with.
    var fingerprint: UInt64 {
        let kinds = self.kinds.map { $0.map(\.rawValue).sorted().joined(separator: ",") } ?? "-"
        return QuestionCursor.fingerprint(["who", ability.text, resource.text, kinds, contextText ?? "-"])
    }
}

/// What a principal is, as its name says.
public enum PrincipalKind: String, Sendable, CaseIterable {
    case account, key, app, space, session, invite, credential, everyone

    public init(_ principal: DID) {
        let text = principal.text.utf8
        func begins(_ prefix: String) -> Bool { text.starts(with: prefix.utf8) }
        if principal == .anyone {
            self = .everyone
        } else if begins("did:key:") {
            self = .key
        } else if begins("did:") {
            self = .account
        } else if begins("http") {
            self = .app
        } else if begins("urn:capabilitygraph:session:") {
            self = .session
        } else if begins("urn:capabilitygraph:invite:") {
            self = .invite
        } else if begins("urn:ietf:params:oauth:jwk-thumbprint:") {
            self = .credential
        } else {
            self = .space
        }
    }
}

/// A principal that may, and by what.
public struct WhoCanRow: Sendable {
    public enum By: String, Sendable {
        /// It controls the resource, or what is asked is its own.
        case owner
        case delegation
        /// Members of a space that is a member, or members as such.
        case spaces
    }

    public let principal: DID
    public let by: By
    /// From the principal's edge to the root; empty for an owner.
    public let route: [RouteStep]
    /// The earliest end on the route; nil where none ends by itself.
    public let until: Timestamp?
}

public struct WhoCanPage: Sendable {
    public let rows: [WhoCanRow]
    /// True where everybody may: the others are listed by their own routes all the same.
    public let everyone: Bool
    /// Where the next page begins; nil at the end.
    public let cursor: QuestionCursor?
    public let capped: Capped?
    public let revision: UInt32
    public let at: Timestamp
    /// How many capabilities and principals were looked at, about.
    let visited: Int
}

extension Snapshot {
    /// How many principals one page asks about.
    static let maxAsked = 1024
    /// How many capabilities on the resource and above it are looked at.
    static let maxGrants = 100_000

    /// Everybody for whom `answer` allows the question by an edge of its own, through spaces, or as owner; each once. Whom
    /// only what everybody may lets is not listed: `anyone` is one row for all of them.
    ///
    /// First who controls the resource, then `anyone`, then holders in the order in which the gate would look at their
    /// capabilities, then members through spaces, nearest space first. Throws `malformedCursor`.
    public func whoCan(
        _ question: WhoCanQuestion, after cursor: QuestionCursor?, limit: Int, maxBytes: Int = 1 << 20, now: Timestamp
    ) throws(GraphError) -> WhoCanPage {
        let fingerprint = question.fingerprint
        let (pinned, at) = try pinned(cursor, fingerprint: fingerprint, now: now)
        let (candidates, capped, looked) = pinned.candidates(question, at: at)
        var (rows, position) = ([WhoCanRow](), Int(cursor?.position ?? 0))
        var (asked, unsure, bytes) = (0, 0, 0)
        while position < candidates.count, rows.count < limit, asked < Self.maxAsked, bytes < maxBytes {
            let principal = candidates[position, pinned]
            position += 1
            guard question.kinds?.contains(PrincipalKind(principal)) ?? true else { continue }
            asked += 1
            switch pinned.row(of: principal, question, at: at) {
            case .row(let row):
                rows.append(row)
                bytes += 512 + 160 * row.route.count + 2 * (row.route.first.map { $0.capability.byteCount } ?? 0)
            case .none: break
            case .undetermined: unsure += 1
            }
        }
        let isLast = position >= candidates.count
        let doubt = unsure > 0 ? Capped(by: .nodes, limit: graph.limits.maxCheckNodes, visited: unsure) : nil
        var everyone = false
        if case .row = pinned.row(of: .anyone, question, at: at) { everyone = true }
        return WhoCanPage(
            rows: rows, everyone: everyone,
            cursor: isLast
                ? nil
                : QuestionCursor(
                    revision: pinned.revision, at: at, stage: 0, position: UInt32(position), fingerprint: fingerprint),
            capped: capped ?? doubt, revision: pinned.revision, at: at,
            visited: looked + asked * QuestionBudget.gateCost)
    }

    private enum Found { case row(WhoCanRow), none, undetermined }

    /// Asks the gate about one principal. It is not listed for what everybody may.
    private func row(of principal: DID, _ asked: WhoCanQuestion, at: Timestamp) -> Found {
        let question = CheckQuestion(
            principal: principal, ability: asked.ability, resource: asked.resource, context: asked.context)
        let resolved = resolve(question)
        let path: [UInt32]
        let by: WhoCanRow.By
        switch verdict(resolved, at: at) {
        case .denied: return .none
        case .undetermined: return .undetermined
        case .owner: (by, path) = (.owner, [])
        case .allowed(let capability):
            guard graph.audience(graph.capabilities[capability].edge) == resolved.principal else { return .none }
            (by, path) = (.delegation, [capability])
        case .allowedThroughSpaces(let hops): (by, path) = (.spaces, hops)
        }
        switch answer(question, at: at) {
        case .allow: break
        case .deny: return .none
        case .undetermined: return .undetermined
        }
        let route = path.flatMap { liveRoute(from: $0, at: at.microseconds) }
        let end = route.map { graph.window($0.edge.raw).expires }.min() ?? .max
        return .row(
            WhoCanRow(
                principal: principal, by: by, route: route,
                until: end == .max ? nil : Timestamp(microseconds: end)))
    }

    /// Everybody who could be allowed, each once, in an order that later writes do not change.
    private func candidates(_ question: WhoCanQuestion, at: Timestamp) -> (Candidates, Capped?, Int) {
        var found = Candidates()
        func addNumber(_ principal: UInt32) {
            if found.seen.insert(principal).inserted { found.numbers.append(principal) }
        }
        func addNamed(_ principal: DID) {
            guard !found.named.contains(principal) else { return }
            found.named.append(principal)
            if let number = self.principal(principal) { found.seen.insert(number) }
        }
        if let owner = question.resource.rootAuthority { addNamed(owner) }
        if question.resource.space?.rules.contains(.admitsOthers) ?? false {
            addNamed(.anyone)
            // What lies in an author's own repo is the author's.
            if let first = question.resource.path?.split(separator: "/").first, let author = try? DID(String(first)) {
                addNamed(author)
            }
        }
        var limit = Self.maxGrants
        var isWhole = true
        func addHolders(_ asked: ResolvedQuestion) {
            let isAll = forEachGrant(of: asked, limit: &limit) { number in
                addNumber(graph.audience(graph.capabilities[number].edge))
            }
            isWhole = isWhole && isAll
        }
        let asked = resolve(
            CheckQuestion(
                principal: .anyone, ability: question.ability, resource: question.resource, context: question.context))
        guard asked.hasKnownResource else { return (found, nil, 0) }
        addHolders(asked)
        if asked.rules.contains(.admitsOthers), asked.space != 0 {
            func addMembers(_ asked: ResolvedQuestion) {
                var budget = graph.limits.maxCheckNodes * 16
                let isAll = innerQuestions(of: asked, at: at, &budget) { inner in
                    let owner = graph.spaces.row(inner.space - 1).owner
                    if owner != 0 { addNumber(owner) }
                    addHolders(inner)
                }
                isWhole = isWhole && isAll
            }
            addMembers(asked)
            let belonging = asked.belonging(in: graph)
            addHolders(belonging)
            addMembers(belonging)
        }
        let visited = Self.maxGrants - limit
        return (found, isWhole ? nil : Capped(by: .nodes, limit: Self.maxGrants, visited: visited), visited)
    }
}

/// Principals in order: a few by name, who need not be known to the graph, then others by number.
private struct Candidates {
    var named: [DID] = []
    var numbers: [UInt32] = []
    var seen: Set<UInt32> = []

    var count: Int { named.count + numbers.count }

    subscript(position: Int, snapshot: Snapshot) -> DID {
        guard position >= named.count else { return named[position] }
        return DID(trusted: snapshot.graph.terms.text(numbers[position - named.count]))
    }
}

extension Capability {
    /// How many bytes say it, about.
    var byteCount: Int { resource.text.utf8.count + ability.text.utf8.count + caveats.canonicalBytes.count }
}
