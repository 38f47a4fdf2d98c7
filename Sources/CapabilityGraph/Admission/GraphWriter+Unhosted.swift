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
    /// Step 7: room for a statement about what a DID controls that has no space hosted here.
    ///
    /// Asked last, of what would be admitted, so that nobody learns from it whether somebody else's space is here
    /// (design law 9). A statement by which a space begins to be hosted needs no such room, and counts for who sends it.
    func checkRoom(
        for statement: EdgeStatement, hosting: HostingPolicy, sender: any SenderAllowance
    ) throws(Refusal) {
        var (owners, begun): ([DID], [DID]) = ([], [])
        for capability in statement.capabilities {
            guard let owner = capability.resource.rootAuthority else { continue }
            if let space = capability.resource.space, owner == statement.issuer, begins(capability, hosting),
                !working.isHosted(space)
            {
                begun.append(owner)
            } else if !owners.contains(owner), !hasHostedSpace(owner) {
                owners.append(owner)
            }
        }
        owners.removeAll(where: begun.contains)
        guard !begun.isEmpty || !owners.isEmpty else { return }
        for owner in owners {
            let isFull = graph.room.isFull(working.principal(owner), graph.limits.unhosted)
            guard isFull.one || isFull.all else { continue }
            throw Refusal(
                .unhostedQuota, "delegation-quota-exceeded",
                "as much is kept as may be for \(isFull.one ? "`\(owner.text)`, which has" : "those who have") "
                    + "no space hosted here: have one hosted")
        }
        try count(sender)
    }

    /// Counts a statement for who sends it.
    func count(_ sender: any SenderAllowance) throws(Refusal) {
        if let seconds = sender.countKept() { throw .senderQuota(retryAfter: seconds) }
    }

    private func hasHostedSpace(_ owner: DID) -> Bool {
        working.principal(owner).map { graph.room[$0].hostedSpaces > 0 } ?? false
    }

    /// True for a capability by which its own space begins to be hosted, where its owner gives it.
    func begins(_ capability: Capability, _ hosting: HostingPolicy) -> Bool {
        hosting == .open || graph.families.family(of: capability.resource)?.hosts(capability) ?? false
    }

    /// Counts an edge, whose record has so many bytes, for each DID that controls what it names and has no space hosted.
    func countUnhosted(_ edge: UInt32, bytes: Int) {
        guard !graph.families.traits(code: graph.info[edge].kind).contains(.hostStatement) else { return }
        var counted: [UInt32] = []
        for number in graph.capabilities(of: edge) {
            let owner = graph.resources.row(graph.capabilities[number].resource).authority
            guard owner != 0, graph.room[owner].hostedSpaces == 0, !counted.contains(owner) else { continue }
            counted.append(owner)
            change(owner) { row in
                row.edges += 1
                row.bytes += bytes
            }
        }
    }

    /// Hosts a space from the open revision on; with its first one, its owner gets back what was counted for it.
    func beginHosting(_ space: UInt32) {
        let owner = graph.spaces.row(space).owner
        if owner != 0 {
            change(owner) { row in
                if row.hostedSpaces == 0 { (row.edges, row.bytes) = (0, 0) }
                row.hostedSpaces += 1
            }
        }
        graph.spaces.host(space, at: revision, journal: journal)
    }

    private func change(_ owner: UInt32, _ body: (inout UnhostedRoom.Row) -> Void) {
        journal.note(.room(of: owner, before: graph.room[owner]))
        body(&graph.room[owner])
    }
}
