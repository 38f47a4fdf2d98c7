import CapClient
import Multiformats

/// Lays a decision of the gate out: the decision, its first cause, the chain that decided, the walk.
enum CheckAnswer {
    static func answer(_ decision: AuthorizeAnswer) -> Answer {
        var fields = [
            ("decision", Cell(decision.decision.rawValue, tone: Tone(status: decision.decision.rawValue)))
        ]
        if let reason = decision.reason {
            fields.append(("reason", Cell(id: reason.message)))
            if let edge = reason.edge { fields.append(("delegation", Cell(id: edge))) }
            if let hint = reason.hint { fields.append(("hint", Cell(id: hint))) }
        }
        if let revision = decision.revision { fields.append(("revision", Cell(String(revision), tone: .faint))) }
        if let id = decision.decisionID { fields.append(("decision id", Cell(id, tone: .faint))) }
        var blocks: [Block] = [.table(Table(fields: fields))]
        if !decision.chain.isEmpty { blocks.append(.tree(decision.chain)) }
        if let walk = decision.explanation { blocks.append(.walk(walk)) }
        var object = JSONObject(schema: "capq/decision/1")
        for member in decision.json.object?.members ?? [] { object[member.key] = member.value }
        return Answer(
            exit: exit(decision.decision), json: .object(object), blocks: blocks, delegations: decision.chain)
    }

    private static func exit(_ decision: AuthorizeAnswer.Decision) -> ExitCode {
        switch decision {
        case .allow: .ok
        case .deny: .deny
        case .undetermined: .undetermined
        }
    }
}
