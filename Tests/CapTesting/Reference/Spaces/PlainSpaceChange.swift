/// One change that somebody asks for, to be played to the product and to the reference alike.
public enum PlainSpaceChange: Sendable, Hashable {
    case create(String, PlainSettings)
    case update(String, by: String, PlainSettings)
    /// A DID or the URI of a space becomes a member, or another kind of member.
    case add(String, to: String, PlainSpace.Level, by: String)
    case put(String, on: String, reads: Bool, writes: Bool, by: String)
    case remove(String, from: String, by: String)
    case delete(String, by: String)
    case invite(to: String, PlainSpace.Level, uses: Int?, by: String)
    case accept(Int, by: String)
    case revokeInvite(Int, by: String)
    case mint(String, on: String, app: String?)
    case give([PlainUse], from: String, to: String)
    case endSession(String)
    /// These end edges by their names, which leaves what the other doors leave.
    case endMembership(String, of: String, by: String, PlainDoor)
    case endPolicy(of: String, isRead: Bool, by: String, PlainDoor)
    case endApplication(String?, of: String, by: String, PlainDoor)
    /// What the managing application says from now on.
    case admit(String, Bool)
}

/// By what an edge ends that is named: a manager's call (`graph.revoke`), or a token of the authority's key (`POST /revoke`).
public enum PlainDoor: Sendable, Hashable {
    case call, token
}

/// Settings that a change names; the others stay.
public struct PlainSettings: Sendable, Hashable {
    public var read: PlainSpace.Policy?
    public var write: PlainSpace.Policy?
    public var applications: PlainSpace.Applications?
    public var showsMembers: Bool?
    public var showsRecords: Bool?
    public var membersList: Bool?
    public var collections: [String]?

    public init() {}

    func apply(to space: inout PlainSpace) {
        space.readPolicy = read ?? space.readPolicy
        space.writePolicy = write ?? space.writePolicy
        space.applications = applications ?? space.applications
        space.showsMembers = showsMembers ?? space.showsMembers
        space.showsRecords = showsRecords ?? space.showsRecords
        space.membersList = membersList ?? space.membersList
        space.collections = collections ?? space.collections
    }
}

extension PlainSpaces {
    /// Makes a change; false where it is refused, or where there is nothing to change.
    public mutating func play(_ change: PlainSpaceChange) -> Bool {
        let isDone = make(change)
        if isDone { buryCredentials() }
        return isDone
    }

    private func manages(_ who: String, _ uri: String, _ what: String = "update") -> Bool {
        rights(who, uri).contains("manage." + what)
    }

    private mutating func edit(_ uri: String, by who: String, _ body: (inout PlainSpace) -> Bool) -> Bool {
        guard manages(who, uri), var space = live(uri), body(&space) else { return false }
        space.changes += 1
        spaces[uri] = space
        return true
    }

    private mutating func make(_ change: PlainSpaceChange) -> Bool {
        switch change {
        case .create(let uri, let settings):
            guard live(uri) == nil else { return false }
            var space = PlainSpace(owner: Self.authority(uri))
            space.changes = (spaces[uri]?.changes ?? 0) + 1
            settings.apply(to: &space)
            spaces[uri] = space
            return true
        case .update(let uri, let who, let settings):
            return edit(uri, by: who) { space in
                settings.apply(to: &space)
                return true
            }
        case .add(let name, let uri, let level, let who):
            return edit(uri, by: who) { space in
                guard name != uri else { return false }
                var level = level
                level.manages = level.manages || space.members[name]?.manages == true
                space.members[name] = level
                return true
            }
        case .put(let name, let uri, let reads, let writes, let who):
            return edit(uri, by: who) { space in
                let manages = space.members[name]?.manages == true
                space.members[name] = PlainSpace.Level(reads: reads, writes: writes, manages: manages)
                return true
            }
        case .remove(let name, let uri, let who): return remove(name, uri, who, isAlwaysDone: true)
        case .endMembership(let name, let uri, let who, _): return remove(name, uri, who, isAlwaysDone: false)
        case .delete(let uri, let who):
            guard manages(who, uri, "delete") else { return false }
            spaces[uri]?.isDeleted = true
            spaces[uri]?.changes += 1
            for index in invites.indices where invites[index].space == uri { invites[index].space = "" }
            return true
        case .invite, .accept, .revokeInvite: return playInvite(change)
        case .mint(let user, let uri, let app): return mint(user, uri, app)
        case .give(let uses, let giver, let receiver):
            delegations.append(
                PlainGift(giver: giver, receiver: receiver, uses: uses, grounds: grounds(of: uses[0].space)))
            return true
        case .endSession(let user):
            for index in credentials.indices where credentials[index].user == user { credentials[index].isDead = true }
            return true
        case .endPolicy(let uri, let isRead, let who, _):
            return edit(uri, by: who) { space in
                guard (isRead ? space.readPolicy : space.writePolicy) != .list else { return false }
                if isRead { space.readPolicy = .list } else { space.writePolicy = .list }
                return true
            }
        case .endApplication(let app, let uri, let who, _):
            return edit(uri, by: who) { space in
                switch (space.applications, app) {
                case (.all, nil), (.allBut, nil): space.applications = .only([])
                case (.only(let listed), let app?) where listed.contains(app):
                    space.applications = .only(listed.filter { $0 != app })
                default: return false
                }
                return true
            }
        case .admit(let user, let isAdmitted):
            if isAdmitted { admitted.insert(user) } else { admitted.remove(user) }
            return true
        }
    }

    private mutating func remove(_ name: String, _ uri: String, _ who: String, isAlwaysDone: Bool) -> Bool {
        // Who was not on the list was not taken off it, and may still be let in.
        let wasMember = live(uri)?.members[name] != nil
        let isDone = edit(uri, by: who) { space in
            space.members.removeValue(forKey: name) != nil || isAlwaysDone
        }
        if isDone, wasMember {
            for index in invites.indices where invites[index].space == uri { invites[index].barred.insert(name) }
        }
        return isDone
    }

    private mutating func playInvite(_ change: PlainSpaceChange) -> Bool {
        switch change {
        case .invite(let uri, let level, let uses, let who):
            guard manages(who, uri) else { return false }
            invites.append(PlainInvite(space: uri, level: level, usesLeft: uses, maker: who))
            return true
        case .accept(let number, let who):
            guard invites.indices.contains(number) else { return false }
            let invite = invites[number]
            guard lets(who, in: invite), var space = live(invite.space) else { return false }
            space.members[who] = invite.level
            space.changes += 1
            spaces[invite.space] = space
            invites[number].usesLeft = invite.usesLeft.map { $0 - 1 }
            return true
        case .revokeInvite(let number, let who):
            guard invites.indices.contains(number), manages(who, invites[number].space) else { return false }
            invites[number].isRevoked = true
            return true
        default: return false
        }
    }

    /// An invite lets in who is no member, was not removed since, and while its maker may still invite.
    func lets(_ who: String, in invite: PlainInvite) -> Bool {
        guard let space = live(invite.space), !invite.isRevoked, invite.usesLeft.map({ $0 > 0 }) ?? true else {
            return false
        }
        return space.members[who] == nil && space.owner != who && !rests(badly: invite, for: who)
    }

    /// True where an invite is refused for nothing but who made it, or who was removed.
    public func rests(badly invite: PlainInvite, for who: String) -> Bool {
        invite.barred.contains(who) || !manages(invite.maker, invite.space)
    }

    private mutating func mint(_ user: String, _ uri: String, _ app: String?) -> Bool {
        guard let space = live(uri), Self.connects(app, space), mayHaveCredential(user, uri),
            allows(.mintDelegation, .session(user), on: uri) == true
        else { return false }
        let byApplication = !rights(user, uri).contains("read")
        credentials.append(
            PlainCredential(
                space: uri, user: user, app: app, isByApplication: byApplication, grounds: grounds(of: uri)))
        return true
    }

    /// What lost its ground at any moment is over for good.
    private mutating func buryCredentials() {
        for index in credentials.indices where !credentials[index].isDead {
            let held = credentials[index]
            let space = live(held.space)
            let reads =
                rights(held.user, held.space).contains("read")
                || (held.isByApplication && space?.readPolicy == .application)
            credentials[index].isDead = !(reads && space.map { Self.connects(held.app, $0) } ?? false)
        }
    }
}
