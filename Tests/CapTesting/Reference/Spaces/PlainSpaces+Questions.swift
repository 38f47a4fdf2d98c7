extension PlainSpaces {
    /// Says whether an operation is let through; nil where the specification leaves it open.
    ///
    /// Open is, among others, whether a member space whose own policies ask an application passes its members on.
    public func allows(_ deed: PlainDeed, _ caller: PlainCaller, on uri: String) -> Bool? {
        var other = self
        other.asksInnerPolicies = true
        let answer = decides(deed, caller, on: uri)
        return answer == other.decides(deed, caller, on: uri) ? answer : nil
    }

    private func decides(_ deed: PlainDeed, _ caller: PlainCaller, on uri: String) -> Bool? {
        switch caller {
        case .nobody: return openly(deed, uri)
        case .endedSession, .appPassword: return false
        case .session(let user):
            return own(deed, user, on: uri)
        case .app(let user, let scope):
            return scope.isEnough(for: deed, user, uri) && own(deed, user, on: uri)
        case .service(let user):
            return deed != .mintDelegation && own(deed, user, on: uri)
        case .invocation(let user, let uses):
            guard deed != .mintDelegation else { return false }
            if case .read(user) = deed { return uses.contains { $0.covers("readSelf", uri, user) } }
            // One who names what it does not hold is refused everything, or only that: the specification does not say.
            let holdsAll = uses.allSatisfy { rights(user, $0.space).contains($0.ability) }
            let isCovered = own(deed, user, on: uri) { ability, path in uses.contains { $0.covers(ability, uri, path) }
            }
            return isCovered && !holdsAll ? nil : isCovered
        case .cited(let user, let number, let uses): return cited(deed, user, number, uses, on: uri)
        case .delegation(let user, let space, let app):
            guard deed == .mintCredential, space == uri, let found = live(uri) else { return false }
            return Self.connects(app, found) && mayHaveCredential(user, uri)
        case .credential(let number): return reads(deed, by: credentials[number], on: uri)
        }
    }

    /// What is open to everybody who shows nothing.
    private func openly(_ deed: PlainDeed, _ uri: String) -> Bool {
        guard let space = live(uri) else { return false }
        switch deed {
        case .read: return space.showsRecords
        case .readSettings, .listMembers: return space.showsMembers
        case .listRepos: return space.showsMembers || space.showsRecords
        default: return false
        }
    }

    /// An operation in one's own name; `names` says which uses an invocation names, which bounds every right.
    private func own(
        _ deed: PlainDeed, _ user: String, on uri: String, _ names: (String, String?) -> Bool = { _, _ in true }
    ) -> Bool {
        let held = rights(user, uri)
        func may(_ ability: String, _ path: String? = nil) -> Bool { held.contains(ability) && names(ability, path) }
        if case .read(user) = deed, names("readSelf", user) { return true }
        if case .write(let verb, let collection) = deed {
            return writes(verb, collection, user, on: uri, names("\(verb)", "\(user)/\(collection)"))
        }
        guard let space = live(uri) else {
            // To delete a second time is no fault.
            if deed == .deleteSpace, spaces[uri]?.owner == user { return true }
            // An account says so itself of a space that is held elsewhere.
            return deed == .mintDelegation && spaces[uri] == nil && !hosted.contains(Self.authority(uri))
        }
        let isOpenToApps = space.applications == .all
        switch deed {
        case .read(let author): return may("read", author) && (isOpenToApps || space.showsRecords)
        case .readSettings: return may("belong") || may("describe")
        case .listMembers(let member):
            if member == user { return may("belong") || may("describe") }
            // What the members may as such, whoever says that it is one has.
            let isShown = space.membersList || space.showsMembers
            let isOne = standing(user, uri) != nil || space.owner == user
            return may("listMembers") || (isShown && isOne && names("belong", nil))
        case .listRepos:
            return (may("read") || may("describe")) && (isOpenToApps || space.showsMembers || space.showsRecords)
        case .follow: return may("read") && (isOpenToApps || space.showsRecords)
        case .manageMembers: return may("manage.update")
        case .deleteSpace: return may("manage.delete")
        case .readGraph(let principal):
            if may("manage.update") { return true }
            return may("know") && (principal ?? user) == user
        case .mintDelegation: return may("read") || space.readPolicy == .application
        case .write, .mintCredential: return false
        }
    }

    private func writes(_ verb: String, _ collection: String, _ user: String, on uri: String, _ named: Bool) -> Bool {
        guard named else { return false }
        guard let space = live(uri) else { return spaces[uri] == nil && !hosted.contains(Self.authority(uri)) }
        let isTaken = verb == "delete" || space.collections?.contains(collection) ?? true
        let isAdmitted =
            rights(user, uri).contains("write")
            || (space.writePolicy == .application && admitted.contains(user))
        return isTaken && isAdmitted
    }

    /// Reads one space, and nothing else; open where what it rests on changed without being taken away.
    private func reads(_ deed: PlainDeed, by credential: PlainCredential, on uri: String) -> Bool? {
        switch deed {
        case .read, .readSettings, .listRepos, .follow: break
        default: return false
        }
        guard credential.space == uri, !credential.isDead else { return false }
        return grounds(of: uri) == credential.grounds ? true : nil
    }

    /// A token that cites a delegation reaches what the delegation gives, as far as its giver still holds it.
    private func cited(
        _ deed: PlainDeed, _ user: String, _ number: Int, _ uses: [PlainUse], on uri: String
    ) -> Bool? {
        let gift = delegations[number]
        guard case .read(let author) = deed, gift.receiver == user, author != user else { return nil }
        guard grounds(of: gift.uses[0].space) == gift.grounds else { return nil }
        guard let space = live(uri), rights(gift.giver, uri).contains("read") else { return false }
        // What everybody may do needs no token at all.
        guard !openRights(space).contains("read") else { return nil }
        let wanted = { (use: PlainUse) in use.covers("read", uri, author) && use.isJudgedToHold(uri, author) }
        guard uses.contains(where: wanted), gift.uses.contains(where: wanted) else { return false }
        // In its giver's own repo it stands for the giver, whom no application list keeps from that.
        return author == gift.giver || space.applications == .all || space.showsRecords
    }

    /// The changes of every space that a right in one may rest on.
    func grounds(of uri: String) -> [String: Int] {
        var found: [String: Int] = [:]
        var open = [uri]
        while let next = open.popLast() {
            guard found[next] == nil else { continue }
            found[next] = spaces[next]?.changes ?? 0
            open += (spaces[next]?.members.keys ?? [:].keys).filter { $0.hasPrefix("at://") }
        }
        return found
    }
}

extension PlainUse {
    func covers(_ wanted: String, _ uri: String, _ wantedPath: String?) -> Bool {
        guard space == uri, PlainSpaces.closed([ability]).contains(wanted) else { return false }
        return PlainRules.pathCovers(path, wantedPath)
    }

    /// A caveat that nobody here can judge refuses; a selector names the place, or with a prefix what lies below it.
    func isJudgedToHold(_ uri: String, _ wantedPath: String?) -> Bool {
        caveats.allSatisfy { caveat in
            guard case .selector(let isPrefix, let value) = caveat else { return false }
            let place = wantedPath.map { "\(uri)/\($0)" } ?? uri
            // Records lie below what is asked for, so an exact name reaches none of them.
            return isPrefix && (place == value || place.hasPrefix(value + "/"))
        }
    }
}

extension PlainScope {
    /// What each operation needs of an app's scopes (6).
    func isEnough(for deed: PlainDeed, _ user: String, _ uri: String) -> Bool {
        guard type == "*" || type == PlainSpaces.type(uri) else { return false }
        let named = authority == "self" ? user : authority
        guard named == "*" || named == PlainSpaces.authority(uri) else { return false }
        let actions = actions.isEmpty ? ["read", "create", "update", "delete"] : actions
        let reads = actions.contains("read")
        let readsOwn = reads || actions.contains("read_self")
        switch deed {
        case .read(let author): return author == user ? readsOwn : reads
        case .write(let verb, let collection):
            return actions.contains(verb) && (collections.contains("*") || collections.contains(collection))
        case .readSettings: return readsOwn || manage.contains("update")
        case .listMembers, .readGraph: return readsOwn
        case .listRepos, .follow, .mintDelegation: return reads
        case .manageMembers: return manage.contains("update")
        case .deleteSpace: return manage.contains("delete")
        case .mintCredential: return false
        }
    }
}
