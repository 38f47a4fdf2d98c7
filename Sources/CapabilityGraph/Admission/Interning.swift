import Multiformats
import UCAN

/// Interns names for the open batch and remembers which are new, so that the record can define them.
struct Definitions {
    let terms: Int
    let spaces: Int
    let resources: Int

    init(_ graph: Graph) {
        terms = graph.terms.count
        spaces = graph.spaces.count
        resources = graph.resources.count
    }

    /// Writes every term, space and resource that came after this mark.
    func write(_ graph: Graph, into writer: inout RecordWriter) {
        writer.number(UInt64(graph.terms.count - terms))
        for id in terms..<graph.terms.count {
            writer.byte(graph.terms.kind(UInt32(id))?.rawValue ?? 0)
            writer.blob(graph.terms.bytes(UInt32(id)))
        }
        writer.number(UInt64(graph.spaces.count - spaces))
        for id in spaces..<graph.spaces.count {
            let row = graph.spaces.row(UInt32(id))
            writer.number(row.text)
            writer.number(row.owner)
        }
        writer.number(UInt64(graph.resources.count - resources))
        for id in resources..<graph.resources.count {
            let row = graph.resources.row(graph.resources.key(UInt32(id)))
            writer.number(row.space)
            writer.number(row.service)
            writer.number(row.suffix)
            writer.number(row.authority)
            writer.byte(row.path == nil ? 0 : 1)
            if let path = row.path { writer.blob(path) }
        }
    }

    /// Adds every definition of a record, in order; `GraphWriter.settle` lets them be found.
    static func read(_ reader: inout RecordReader, into writer: GraphWriter) throws(GraphError) {
        let graph = writer.graph
        for _ in 0..<(try reader.number()) {
            guard let kind = TermTable.Kind(rawValue: try reader.byte()) else { throw RecordReader.malformed }
            let text = try reader.blob()
            let id = try graph.terms.append(kind, text)
            if kind == .ability {
                graph.terms.registryIndex[id] = graph.registry.number(String(decoding: text, as: UTF8.self))
            }
        }
        for _ in 0..<(try reader.number()) {
            let text = try reader.id(below: graph.terms.count)
            let owner = try reader.id(below: graph.terms.count)
            _ = try graph.spaces.intern(text: text, owner: owner, journal: writer.journal)
        }
        for _ in 0..<(try reader.number()) {
            let space = try reader.id(below: graph.spaces.count + 1)
            let service = try reader.id(below: graph.terms.count)
            let suffix = try reader.id(below: graph.terms.count)
            let authority = try reader.id(below: graph.terms.count)
            let path = try reader.byte() == 0 ? nil : try reader.blob()
            try graph.resources.append(
                ResourceBase(space: space, service: service, suffix: suffix, authority: authority), path: path,
                journal: writer.journal)
        }
    }
}

extension GraphWriter {
    func intern(_ principal: DID) throws(GraphError) -> UInt32 {
        try graph.terms.intern(.principal, principal.text, journal: journal)
    }

    func intern(_ ability: Ability) throws(GraphError) -> UInt32 {
        let known = graph.terms.count
        let id = try graph.terms.intern(.ability, ability.text, journal: journal)
        if id >= known { graph.terms.registryIndex[id] = graph.registry.number(ability.text) }
        return id
    }

    func intern(_ space: Space) throws(GraphError) -> UInt32 {
        let owner = try intern(space.owner)
        let text = try graph.terms.intern(.space, space.text, journal: journal)
        return try graph.spaces.intern(text: text, owner: owner, journal: journal)
    }

    func intern(_ caveats: Caveats) throws(GraphError) -> UInt32 {
        guard !caveats.isEmpty else { return 0 }
        let bytes = caveats.canonicalBytes
        return try withBytes(bytes) { buffer throws(GraphError) in
            try graph.terms.intern(.caveats, buffer, journal: journal)
        }
    }

    func intern(_ resource: Resource) throws(GraphError) -> UInt32 {
        guard let space = resource.space else {
            return try intern(
                opaque: resource.text,
                authority: try resource.rootAuthority.map { did throws(GraphError) in try intern(did) } ?? 0)
        }
        let number = try intern(space)
        let service = try resource.service.map { name throws(GraphError) in
            try graph.terms.intern(.service, name, journal: journal)
        }
        let suffix =
            resource.suffix.isEmpty ? 0 : try graph.terms.intern(.suffix, resource.suffix, journal: journal)
        let base = ResourceBase(
            space: number + 1, service: service ?? 0, suffix: suffix, authority: graph.spaces.row(number).owner)
        guard let path = resource.path else { return try graph.resources.intern(base, path: nil, journal: journal) }
        return try withBytes(Array(path.utf8)) { buffer throws(GraphError) in
            try graph.resources.intern(base, path: buffer, journal: journal)
        }
    }

    private func intern(opaque text: String, authority: UInt32) throws(GraphError) -> UInt32 {
        try withBytes(Array(text.utf8)) { buffer throws(GraphError) in
            try graph.resources.intern(
                ResourceBase(space: 0, service: 0, suffix: 0, authority: authority), path: buffer, journal: journal)
        }
    }

    /// `withUnsafeBytes` with a typed error.
    private func withBytes(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(GraphError) -> UInt32
    ) throws(GraphError) -> UInt32 {
        try bytes.withUnsafeBytes { buffer in
            do throws(GraphError) {
                return Result<UInt32, GraphError>.success(try body(buffer))
            } catch {
                return .failure(error)
            }
        }.get()
    }
}
