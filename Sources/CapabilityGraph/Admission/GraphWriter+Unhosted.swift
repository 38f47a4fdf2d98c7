import UCAN

/// Says how much more may be kept of whoever sends a statement that nobody asked this host to keep.
public protocol SenderAllowance: Sendable {
    /// Counts one statement; nil where it may be kept, else the seconds after which one may. Called on the writer's thread.
    func countKept() -> Int?
}

/// Keeps whatever is sent, for statements that come from no network.
public struct AnySender: SenderAllowance {
    public func countKept() -> Int? { nil }
}

extension SenderAllowance where Self == AnySender {
    public static var anybody: AnySender { AnySender() }
}

extension GraphWriter {
    /// Step 7: room for a statement about a space that was not hosted here before it.
    ///
    /// Asked last, of what would be admitted, so that nobody learns from it whether somebody else's space is here
    /// (design law 9). A statement by which a space begins to be hosted needs no room of those that are not, and counts
    /// for who sends it.
    func checkRoom(
        for statement: EdgeStatement, hosting: HostingPolicy, sender: any SenderAllowance
    ) throws(Refusal) {
        let (owners, beginsAny) = unhosted(of: statement, hosting)
        guard beginsAny || !owners.isEmpty else { return }
        for owner in owners {
            let isFull = graph.room.isFull(working.principal(owner), graph.limits.unhosted)
            guard isFull.one || isFull.all else { continue }
            throw Refusal(
                .unhostedQuota, "delegation-quota-exceeded",
                "as much is kept as may be for spaces \(isFull.one ? "of `\(owner.text)` " : "")that are not hosted here: "
                    + "have the space hosted")
        }
        if let seconds = sender.countKept() {
            throw Refusal(
                .senderQuota, "too many delegations",
                "too many delegations for spaces that are not hosted here came from this address", retryAfter: seconds)
        }
    }

    /// Who controls what a statement names and is not hosted, before and after it; and whether it has a space hosted.
    private func unhosted(of statement: EdgeStatement, _ hosting: HostingPolicy) -> (owners: [DID], beginsAny: Bool) {
        var begun: Set<Space> = []
        var left: [(space: Space?, owner: DID)] = []
        for capability in statement.capabilities {
            let space = capability.resource.space
            guard let owner = capability.resource.rootAuthority, !(space.map(working.isHosted) ?? false) else {
                continue
            }
            if let space, owner == statement.issuer, begins(capability, hosting) {
                begun.insert(space)
            } else {
                left.append((space, owner))
            }
        }
        left.removeAll { $0.space.map(begun.contains) ?? false }
        var owners: [DID] = []
        for (_, owner) in left where !owners.contains(owner) { owners.append(owner) }
        return (owners, !begun.isEmpty)
    }

    /// True for a capability by which its own space begins to be hosted, where its owner gives it.
    func begins(_ capability: Capability, _ hosting: HostingPolicy) -> Bool {
        hosting == .open || graph.families.family(of: capability.resource)?.hosts(capability) ?? false
    }

    /// Counts an edge, whose record has so many bytes, for each of its spaces that is not hosted.
    func countUnhosted(_ edge: UInt32, bytes: Int) {
        guard !graph.families.traits(code: graph.info[edge].kind).contains(.hostStatement) else { return }
        let room = UnhostedRoom.Room(edges: 1, bytes: bytes)
        var counted: Set<UnhostedRoom.Place> = []
        for number in graph.capabilities(of: edge) {
            let resource = graph.resources.row(graph.capabilities[number].resource)
            let space = resource.space == 0 ? nil : resource.space - 1
            let place = UnhostedRoom.Place(space: space, owner: resource.authority)
            guard place.owner != 0, space.map(graph.spaces.hostedAt) ?? 0 == 0, counted.insert(place).inserted else {
                continue
            }
            graph.room.add(room, to: place)
            journal.note(.unhosted(place, room, wasGivenBack: false))
        }
    }

    /// Hosts a space from the open revision on, which gives back what was counted for it.
    func beginHosting(_ space: UInt32) {
        let place = UnhostedRoom.Place(space: space, owner: graph.spaces.row(space).owner)
        let room = graph.room.room(of: space)
        graph.room.remove(room, from: place)
        journal.note(.unhosted(place, room, wasGivenBack: true))
        graph.spaces.host(space, at: revision, journal: journal)
    }
}
