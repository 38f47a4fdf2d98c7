import CapabilityGraph
import Multiformats
import UCAN

/// Writes what came nearest to an allowance, what would mend it, and what would stop an allowance.
struct MissAnswer {
    let snapshot: Snapshot
    let now: Timestamp

    /// Writes the members `misses` and `moreMisses`.
    func write(_ misses: Misses, into json: inout JSONWriter) {
        json.key("misses")
        json.beginArray()
        for miss in misses.shown { write(miss, into: &json) }
        json.endArray()
        json.key("moreMisses")
        json.int(misses.moreCount)
        QuestionAnswer.write(misses.capped, into: &json)
    }

    private func write(_ miss: Miss, into json: inout JSONWriter) {
        json.beginObject()
        json.key("code")
        json.string(miss.first.map { $0.code(in: snapshot) } ?? "noRoute")
        json.key("message")
        json.string(miss.defects.map { words($0, of: miss) }.joined(separator: ", and "))
        json.key("cost")
        json.int(miss.cost)
        json.key("edge")
        json.string(cid(miss.edge))
        json.key("kind")
        json.string(snapshot.view(miss.edge).kind.name)
        json.key("capability")
        DelegationAnswer.write(miss.capability, into: &json)
        json.key("route")
        QuestionAnswer.write(miss.route, in: snapshot, into: &json)
        json.key("defects")
        json.beginArray()
        for defect in miss.defects { write(defect, into: &json) }
        json.endArray()
        json.endObject()
    }

    private func write(_ defect: Defect, into json: inout JSONWriter) {
        json.beginObject()
        func member(_ key: String, _ text: String) {
            json.key(key)
            json.string(text)
        }
        member("kind", defect.name)
        if let edge = defect.edge { member("edge", cid(edge)) }
        switch defect.kind {
        case .caveat(let failure):
            member("failure", failure.text)
            if let missing = failure.missing { member("missing", missing) }
        case .pending(let until): member("until", until.rfc3339)
        case .expired(let at): member("at", at.rfc3339)
        case .ability(let held): member("held", held.text)
        case .path(let held, let drop):
            member("held", held.text)
            json.key("drop")
            json.int(drop)
        case .ended(let ended):
            member("code", ended.code)
            member("by", ended.by)
            if let at = ended.at { member("at", at.rfc3339) }
        case .condition(let remedy):
            member("code", remedy.code)
            if let missing = remedy.missing { member("missing", missing) }
        case .unseen(_, let code, _): member("code", code)
        case .unsupported: break
        }
        json.endObject()
    }

    /// One defect as the end of a sentence that begins with what the edge gives.
    private func words(_ defect: Defect, of miss: Miss) -> String {
        let name = defect.edge.map { "`\(DecisionReason.short(cid($0)))`" } ?? "something that it rests on"
        let ability = miss.capability.ability.text
        switch defect.kind {
        case .caveat(let failure): return "a caveat of \(name) is not met: \(failure.text)"
        case .pending(let until): return "\(name) is not valid before \(until.rfc3339)"
        case .expired(let at): return "\(name) expired at \(at.rfc3339)"
        case .ability(let held): return "\(name) gives only `\(held)`"
        case .path(let held, _): return "\(name) gives `\(ability)` on `\(held)`, not on what is asked"
        case .ended(let ended):
            let moment = ended.at.map { " at \($0.rfc3339)" } ?? ""
            switch ended.code {
            case "memberRemoved": return "the membership \(name) was ended by `\(ended.by)`\(moment)"
            case "accessChanged": return "the access by \(name) was changed by `\(ended.by)`\(moment)"
            case "policy": return "the space no longer lets its list give this, since \(name) was ended\(moment)"
            case "spaceDeleted": return "the space of \(name) was deleted\(moment)"
            case "sessionEnded": return "the session \(name) was ended\(moment)"
            default: return "\(name) was revoked by `\(ended.by)`\(moment)"
            }
        case .unsupported: return "\(name) rests on nothing"
        case .condition(let remedy): return remedy.message
        case .unseen(_, let code, _):
            switch code {
            case "policy": return "the space no longer lets its list give this"
            case "spaceDeleted": return "the space was deleted"
            default: return "\(name) holds no more"
            }
        }
    }

    private func cid(_ edge: Snapshot.EdgeID) -> String { snapshot.view(edge).cid.text }
}
