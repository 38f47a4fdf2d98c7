import Multiformats
import UCAN

extension GraphWriter {
    /// Applies one record of the log; afterwards the graph is as it was when the record was written.
    ///
    /// Call between `begin` and `commitReplay`, with records in revision order. Throws `malformedRecord` without guessing.
    /// Gives what projections are told of it, with the graph ready to be asked; nil for what concerns none.
    @discardableResult
    public func replay(
        kind: UInt8, revision: UInt64, recordedAt: Int64, record: UnsafeRawBufferPointer
    ) throws(GraphError) -> AppliedEntry? {
        journal.isRecording = false
        defer { journal.isRecording = true }
        guard let kind = LogRecord.Kind(rawValue: kind), let revision = UInt32(exactly: revision) else {
            throw GraphError(.malformedRecord, "the log holds a record of unknown kind \(kind)")
        }
        try adopt(revision)
        var reader = RecordReader(record)
        var applied: AppliedEntry?
        switch kind {
        case .edge:
            try Definitions.read(&reader, into: self)
            try replayEdge(&reader, recordedAt: recordedAt)
            countUnhosted(UInt32(graph.edgeCount - 1), bytes: record.count)
        case .statement:
            try Definitions.read(&reader, into: self)
            let edge = UInt32(graph.edgeCount)
            try replayEdge(&reader, recordedAt: recordedAt)
            let actor = try reader.id(below: graph.terms.count)
            applied = .admitted(
                Snapshot.EdgeID(raw: edge), actor: actor == 0 ? nil : DID(trusted: graph.terms.text(actor)),
                facts: try reader.facts())
        case .revocation, .ending:
            try Definitions.read(&reader, into: self)
            let edge = try reader.id(below: graph.edgeCount)
            let revoker = try reader.id(below: graph.terms.count)
            let id = try reader.digest()
            var isReplaced = false
            if kind == .ending { isReplaced = try reader.byte() == 1 }
            endEdge(edge, Ending(revoker: revoker, revocation: id, at: recordedAt, isReplaced: isReplaced))
            if graph.families.traits(code: graph.info[edge].kind).contains(.hostStatement) {
                applied = .ended(Snapshot.EdgeID(raw: edge))
            }
        case .note: applied = .noted(try reader.facts())
        case .hosting:
            try Definitions.read(&reader, into: self)
            let space = try reader.id(below: graph.spaces.count)
            beginHosting(space)
        case .alias:
            let id = try reader.digest()
            try appendAlias(id, of: try reader.id(below: graph.edgeCount))
        }
        guard reader.isAtEnd else { throw RecordReader.malformed }
        try settleIfMany()
        if applied != nil { try settle() }
        return applied
    }

    /// Ends a replay: lets all of it be found, and makes it visible to readers.
    public func commitReplay() throws(GraphError) {
        journal.isRecording = false
        defer { journal.isRecording = true }
        try settle()
        commit()
    }

    private func replayEdge(_ reader: inout RecordReader, recordedAt: Int64) throws(GraphError) {
        let id = try reader.digest()
        let statement = try reader.digest()
        let issuer = try reader.id(below: graph.terms.count)
        let audience = try reader.id(below: graph.terms.count)
        let kind = try reader.byte()
        guard graph.families.kind(code: kind) != nil else {
            throw GraphError(
                .malformedRecord,
                "the log holds an edge of the unknown kind \(kind): it is of a newer release or of a family not here")
        }
        let flags = EdgeInfo.Flags(rawValue: try reader.byte())
        let edge = try openEdge(
            EdgeDraft(
                id: id, statement: statement, issuer: issuer, audience: audience, kind: kind, flags: flags,
                notBefore: try reader.fixed(), expires: try reader.fixed(), issuedAt: try reader.fixed(), proofs: [],
                capabilities: [], hosted: []), recordedAt: recordedAt)
        // Taken out of the writer for as long as it is filled, which spares a check of exclusive access at each step.
        var numbers: [UInt32] = []
        swap(&numbers, &scratch)
        defer { swap(&numbers, &scratch) }
        numbers.removeAll(keepingCapacity: true)
        for _ in 0..<(try reader.number()) { numbers.append(try reader.id(below: graph.edgeCount)) }
        guard numbers.count <= UInt16.max else { throw RecordReader.malformed }
        try setProofs(numbers, of: edge)
        for _ in 0..<(try reader.number()) {
            let resource = try reader.id(below: graph.resources.count)
            let ability = try reader.id(below: graph.terms.count)
            let caveats = try reader.id(below: graph.terms.count)
            let supportCode = try reader.number()
            numbers.removeAll(keepingCapacity: true)
            if supportCode > 0 {
                for _ in 1..<supportCode { numbers.append(try reader.id(below: graph.capabilityCount)) }
            }
            guard numbers.count <= UInt16.max else { throw RecordReader.malformed }
            try appendCapability(
                edge: edge, resource: resource, ability: ability, caveats: caveats, isRoot: supportCode == 0,
                supports: numbers)
        }
        closeEdge(edge)
        for _ in 0..<(try reader.number()) {
            beginHosting(try reader.id(below: graph.spaces.count))
        }
    }
}

extension RecordReader {
    fileprivate mutating func facts() throws(GraphError) -> CBORMap {
        let bytes = Array(try blob())
        guard case .map(let map)? = try? CBOR.decode(bytes) else { throw Self.malformed }
        return map
    }
}
