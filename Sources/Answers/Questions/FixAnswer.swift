import CapabilityGraph
import Multiformats
import UCAN

/// Writes what can be done about a refusal, with the command that does it.
struct FixAnswer {
    let question: CheckQuestion
    let snapshot: Snapshot
    let now: Timestamp

    /// Writes the members `fixes` and, where there are none, `unfixable`.
    func write(_ fixes: Fixes, into json: inout JSONWriter) {
        json.key("fixes")
        json.beginArray()
        for fix in fixes.fixes { write(fix, into: &json) }
        json.endArray()
        if let reason = fixes.unfixable {
            json.key("unfixable")
            json.string(reason.rawValue)
        }
    }

    private func write(_ fix: Fix, into json: inout JSONWriter) {
        json.beginObject()
        json.key("class")
        json.int(fix.effort)
        json.key("steps")
        json.beginArray()
        for step in fix.steps { write(step, into: &json) }
        json.endArray()
        if fix.effort > 0 {
            json.key("by")
            if let by = fix.by { json.string(by.text) } else { json.null() }
            json.key("alsoBy")
            json.beginArray()
            for other in fix.alsoBy { json.string(other.text) }
            json.endArray()
            json.key("moreSigners")
            json.int(fix.moreSigners)
            QuestionAnswer.write(fix.capped, into: &json)
        }
        if let command = command(fix) {
            json.key("command")
            json.string(command)
        }
        json.endObject()
    }

    private func write(_ step: FixStep, into json: inout JSONWriter) {
        json.beginObject()
        func member(_ key: String, _ text: String) {
            json.key(key)
            json.string(text)
        }
        switch step {
        case .context(let caveats):
            member("step", "context")
            json.key("caveats")
            json.value(.array(caveats.list))
        case .say(let name, let values):
            member("step", "context")
            member("member", name)
            json.key("values")
            json.beginArray()
            for value in values { json.string(value) }
            json.endArray()
        case .wait(let until):
            member("step", "wait")
            member("until", until.rfc3339)
        case .delegate(let step):
            member("step", "delegate")
            member("issuer", step.issuer.text)
            member("audience", step.audience.text)
            member("ability", step.capability.ability.text)
            member("resource", step.capability.resource.text)
            json.key("caveats")
            json.value(.array(step.capability.caveats.list))
            if let start = step.notBefore { member("notBefore", start.rfc3339) }
            member("expires", step.expires.rfc3339)
            json.key("proofs")
            QuestionAnswer.write(step.proofs, in: snapshot, into: &json)
        case .putMember(let space, let principal, let access):
            member("step", "putMember")
            member("space", space.text)
            member("did", principal.text)
            member("access", access.word)
            if access.manages {
                json.key("manage")
                json.bool(true)
            }
        case .allowApplication(let space, let application):
            member("step", "allowApp")
            member("space", space.text)
            member("client", application.text)
        case .setPolicy(let space, let ability):
            member("step", "setPolicy")
            member("space", space.text)
            member("ability", ability.text)
        }
        json.endObject()
    }

    /// The line of `capq` that takes all steps but what goes with the question; nil where it has no word for one of them.
    private func command(_ fix: Fix) -> String? {
        if fix.effort == 0 { return asking(fix.steps) }
        var lines: [String] = []
        for step in fix.steps where step.effort > 0 {
            guard let line = command(step) else { return nil }
            lines.append(line)
        }
        return lines.joined(separator: " && ")
    }

    /// The line of `capq` that takes a step; nil for one that it has no word for.
    private func command(_ step: FixStep) -> String? {
        switch step {
        case .delegate(let step):
            var words = [
                "capq", "delegate", step.audience.text, "-a", step.capability.ability.text, "-p",
                step.capability.resource.text, "--for", duration(step),
            ]
            if let start = step.notBefore { words += ["--from", start.rfc3339] }
            if !step.capability.caveats.isEmpty {
                let list = JSON.array(step.capability.caveats.list)
                words += ["--caveats", String(decoding: list.serialized(), as: UTF8.self)]
            }
            for proof in step.proofs { words += ["--proof", snapshot.view(proof).cid.text] }
            return words.map(Self.quoted).joined(separator: " ")
        case .putMember(let space, let principal, let access):
            var words = ["capq", "member", "add", principal.text, "--space", space.text, "--access", access.word]
            if access.manages { words.append("--manage") }
            return words.map(Self.quoted).joined(separator: " ")
        case .allowApplication, .setPolicy, .context, .say, .wait: return nil
        }
    }

    /// The question as it would be asked after steps that the asker takes alone, with all that was said of the use; nil where
    /// it is not known what would have to be said.
    private func asking(_ steps: [FixStep]) -> String? {
        var words = ["capq", "check", question.principal.text, question.ability.text, question.resource.text]
        var given = JSONObject()
        if let context = question.context, let said = snapshot.families.json(of: context).object { given = said }
        for step in steps {
            switch step {
            case .context(let caveats): given["caveats"] = .array(caveats.list)
            case .say(let member, let values):
                guard let value = values.first else { return nil }
                given[member] = .string(value)
            case .wait(let until): words += ["--at", until.rfc3339]
            case .delegate, .putMember, .allowApplication, .setPolicy: break
            }
        }
        if !given.isEmpty {
            words += ["--given", String(decoding: JSON.object(given).serialized(), as: UTF8.self)]
        }
        return words.map(Self.quoted).joined(separator: " ")
    }

    /// How long the delegation may last. Where what it rests on ends with it, a minute less, or half of what is left, so that
    /// there is time to sign it.
    private func duration(_ step: DelegationStep) -> String {
        let end = step.proofs.compactMap { snapshot.view($0).expires?.microseconds }.min() ?? .max
        let begin = max(now, step.notBefore ?? now).microseconds / 1_000_000
        let seconds = step.expires.microseconds / 1_000_000 - begin
        let room = end / 1_000_000 - begin - seconds
        guard room < 60 else { return seconds == Fix.usualLifetime ? "7d" : "\(max(1, seconds))s" }
        return "\(max(1, seconds > 120 ? seconds - 60 : seconds / 2))s"
    }

    /// A word as a shell reads it back.
    static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3D, 0x40, 0x5F, 0x25: true
            default: false
            }
        }
        if plain, !word.isEmpty { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
