import Multiformats

// Invites, revocation, credentials, and the end and new beginning of spaces.
extension SpacePlay {
    mutating func invite(_ space: Int) throws {
        guard !model.spaces[space].isDeleted else { return }
        let level = ["read", "write", "read_self"][pick(3)]
        let maxUses = pick(2) == 0 ? nil : pick(3) + 1
        var body: JSON = ["space": .string(model.spaces[space].uri), "access": .string(level)]
        if let maxUses, case .object(var members) = body {
            members["maxUses"] = .number(JSONNumber(maxUses))
            body = .object(members)
        }
        let answer = try post(model.spaces[space].owner, "dev.happyview.space.createInvite", body)
        guard let token = answer.json["token"]?.string, let id = answer.json["inviteId"]?.string else {
            throw Difference(description: "no invite to \(space): \(answer.text)")
        }
        model.spaces[space].invites.append(.init(token: token, id: id, level: level, maxUses: maxUses))
    }

    mutating func accept(_ space: Int) throws {
        guard !model.spaces[space].invites.isEmpty else { return }
        let (index, person) = (pick(model.spaces[space].invites.count), pick(people.count))
        let one = model.spaces[space].invites[index]
        let answer = try post(person, "dev.happyview.space.acceptInvite", ["token": .string(one.token)])
        let expected: String? =
            if model.spaces[space].isDeleted {
                "InvalidInvite"
            } else if one.isRevoked {
                "InviteRevoked"
            } else if let most = one.maxUses, one.uses >= most {
                "InviteExhausted"
            } else if model.spaces[space].people[person] != nil || model.spaces[space].owner == person {
                "AlreadyMember"
            } else if one.removed.contains(person) {
                "InviteRevoked"
            } else {
                nil
            }
        try expect(
            answer.refusal == expected,
            "accept \(index) of \(space) by \(person): \(answer.text), not \(expected ?? "accepted")")
        if expected == nil {
            model.spaces[space].invites[index].uses += 1
            model.spaces[space].people[person] = SpaceModel.Level.named[one.level]
        }
    }

    mutating func revokeInvite(_ space: Int) throws {
        guard !model.spaces[space].invites.isEmpty, !model.spaces[space].isDeleted else { return }
        let index = pick(model.spaces[space].invites.count)
        let answer = try post(
            model.spaces[space].owner, "dev.happyview.space.revokeInvite",
            [
                "space": .string(model.spaces[space].uri),
                "inviteId": .string(model.spaces[space].invites[index].id),
            ])
        try expect(answer.status == 200, "revoke \(index) of \(space): \(answer.text)")
        model.spaces[space].invites[index].isRevoked = true
    }

    /// Ends a member's edge in the graph, which takes the member off the list.
    mutating func revokeMembership(_ space: Int) throws {
        let member = pick(people.count)
        guard !model.spaces[space].isDeleted, model.spaces[space].people[member] != nil else { return }
        let (owner, uri) = (model.spaces[space].owner, model.spaces[space].uri)
        let query = [("space", uri), ("kind", "membership"), ("did", people[member].did)]
        let found = try get(owner, "dev.capabilitygraph.graph.listEdges", query)
        let edges = found.json["delegations"]?.array ?? []
        try expect((1...3).contains(edges.count), "edges of \(member) in \(space): \(found.text)")
        guard let edge = edges.first?["cid"] else { return }
        let answer = try post(
            owner, "dev.capabilitygraph.graph.revoke", ["space": .string(uri), "edge": edge, "reason": "drawn"])
        try expect(answer.status == 200, "revoke \(member) of \(space): \(answer.text)")
        model.spaces[space].take(off: member)
    }

    mutating func mint(_ space: Int) throws {
        let person = pick(people.count)
        let uri = model.spaces[space].uri
        let answer = try get(person, "com.atproto.space.getDelegationToken", [("space", uri)])
        let expected = model.mayRead(person, space)
        try expect((answer.status == 200) == expected, "token of \(person) for \(space): \(answer.text)")
        guard let token = answer.json["token"]?.string else { return }
        let owner = people[model.spaces[space].owner]
        let reader = try SpaceReader(host: host, origin: owner.origin, space: uri, token: token)
        credentials.append((person, space, reader))
        if credentials.count > 30 { credentials.removeFirst() }
    }

    /// Somebody deletes its whole repo, whatever became of the space and of its membership.
    mutating func deleteRepo(_ space: Int) throws {
        let person = pick(people.count)
        let known = model.spaces[space].repos[person] != nil
        if known { try keepRevision(of: person, in: space) }
        let body: JSON = ["space": .string(model.spaces[space].uri)]
        let answer = try post(person, "dev.capabilitygraph.space.deleteRepo", body)
        try expect(answer.refusal == (known ? nil : "RepoNotFound"), "repo of \(person) in \(space): \(answer.text)")
        model.spaces[space].repos[person] = nil
        model.spaces[space].orphaned.remove(person)
    }

    private mutating func keepRevision(of person: Int, in space: Int) throws {
        let query = [("space", model.spaces[space].uri), ("repo", people[person].did)]
        let head = try get(person, "com.atproto.space.getLatestCommit", query)
        model.spaces[space].lastRevs[person] = head.json["commit"]?["rev"]?.string
    }

    mutating func deleteOrCreate(_ space: Int) throws {
        let owner = model.spaces[space].owner
        if model.spaces[space].isDeleted {
            let name = model.spaces[space].uri.split(separator: "/").last.map(String.init) ?? ""
            let uri = try people[owner].createSpace(skey: name)
            try expect(uri == model.spaces[space].uri, "created \(uri)")
            var made = SpaceModel.Space(owner: owner, uri: uri)
            made.repos = model.spaces[space].repos
            made.orphaned = model.spaces[space].orphaned
            made.lastRevs = model.spaces[space].lastRevs
            model.spaces[space] = made
        } else if pick(4) == 0 {
            if model.spaces[space].repos[owner] != nil { try keepRevision(of: owner, in: space) }
            let answer = try post(
                owner, "com.atproto.simplespace.deleteSpace", ["space": .string(model.spaces[space].uri)])
            try expect(answer.status == 200, "delete \(space): \(answer.text)")
            model.spaces[space].isDeleted = true
            model.spaces[space].repos[owner] = nil
            model.spaces[space].orphaned = Set(model.spaces[space].repos.keys)
            // Whatever was handed out for it stays dead, also when it begins anew.
            let dead = credentials.filter { $0.space == space }
            credentials.removeAll { $0.space == space }
            for one in dead {
                let answer = try one.reader.get("com.atproto.space.listRepos")
                try expect(answer.status >= 400, "a credential reads the deleted \(space)")
            }
        }
    }
}
