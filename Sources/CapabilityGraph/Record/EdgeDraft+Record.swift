import Multiformats

extension EdgeDraft {
    /// Writes the edge after its definitions. Ids are the numbers of this log's own graph.
    func write(into writer: inout RecordWriter) {
        writer.digest(id)
        writer.digest(statement)
        writer.number(issuer)
        writer.number(audience)
        writer.byte(kind)
        writer.byte(flags.rawValue)
        writer.fixed(notBefore)
        writer.fixed(expires)
        writer.fixed(issuedAt)
        writer.number(UInt64(proofs.count))
        for proof in proofs { writer.number(proof) }
        writer.number(UInt64(capabilities.count))
        for item in capabilities {
            writer.number(item.resource)
            writer.number(item.ability)
            writer.number(item.caveats)
            writer.number(item.isRoot ? 0 : UInt64(item.supports.count) + 1)
            for support in item.supports { writer.number(support) }
        }
        writer.number(UInt64(hosted.count))
        for space in hosted { writer.number(space) }
    }
}
