import CapabilityGraph
import Multiformats
import UCAN

/// Judges tokens with nothing but their own bytes: form, signature, window, proofs, attenuation.
struct Verification {
    /// Names the steps in the order they are taken.
    enum Step: String, CaseIterable, Sendable {
        /// Strict decoding within limits.
        case form
        /// The issuer signed it.
        case signature
        /// The moment lies in its window.
        case window
        /// Every proof it rests on is among the tokens given, passed, and was made for its issuer.
        case proofs
        /// Every capability is rooted or covered, caveats and window included.
        case attenuation
    }

    /// What became of one token.
    struct Finding: Sendable {
        /// Nil when the token could not be decoded.
        var token: UnverifiedToken?
        /// The first step that failed; nil when all passed.
        var failed: Step?
        var cause: String?
        /// Whether the failure is one of the proofs' and not its own.
        var isInherited = false
    }

    private let now: Timestamp
    private let writer: GraphWriter
    private var findings: [Finding] = []
    private var places: [Multihash: Int] = [:]

    private init(at now: Timestamp) throws(CommandError) {
        self.now = now
        var limits = GraphLimits()
        limits.maxEdges = 1 << 16
        do throws(GraphError) {
            writer = GraphWriter(try Graph(families: Families.standard(), limits: limits))
        } catch {
            throw CommandError(.failure, error.message)
        }
    }

    /// Judges every token at one moment; the findings keep the order of `sources`.
    static func run(_ sources: [TokenInput.Source], at now: Timestamp) throws(CommandError) -> [Finding] {
        var verification = try Verification(at: now)
        for source in sources { verification.read(source) }
        for place in verification.parentsFirst() { try verification.judge(place) }
        return verification.findings
    }

    private mutating func read(_ source: TokenInput.Source) {
        do throws(UCANError) {
            let token = try source.decode()
            if places[token.id] == nil { places[token.id] = findings.count }
            findings.append(Finding(token: token))
        } catch {
            findings.append(Finding(failed: .form, cause: CommandError(error).message))
        }
    }

    /// Orders the tokens so that each stands after the proofs it cites; ids are hashes, so there are no cycles.
    private func parentsFirst() -> [Int] {
        var ordered: [Int] = []
        var state = [Bool?](repeating: nil, count: findings.count)
        for start in findings.indices where state[start] == nil {
            var waiting = [start]
            while let place = waiting.last {
                if state[place] != nil {
                    waiting.removeLast()
                    if state[place] == false {
                        state[place] = true
                        ordered.append(place)
                    }
                    continue
                }
                state[place] = false
                let above = (findings[place].token?.proofs ?? []).compactMap { places[$0] }
                waiting += above.filter { state[$0] == nil }
            }
        }
        return ordered
    }

    private mutating func judge(_ place: Int) throws(CommandError) {
        guard let unverified = findings[place].token else { return }
        let token: Token
        do throws(UCANError) {
            token = try unverified.verify()
        } catch {
            fail(place, .signature, CommandError(error).message)
            return
        }
        guard case .principal(let audience) = token.audience else {
            // A revocation rests on nothing: it is judged by its signature and window alone.
            judgeWindow(place, token)
            return
        }
        let statement: EdgeStatement
        do throws(GraphError) {
            statement = try token.edgeStatement(audience: audience, writer.graph.families)
        } catch {
            fail(place, .attenuation, error.message)
            judgeWindow(place, token)
            return
        }
        for proof in token.proofs {
            guard let above = places[proof] else {
                // Who controls all it names rests on nothing: what is cited beside need not be at hand.
                guard statement.needsProofs else { continue }
                fail(
                    place, .proofs,
                    "proof `\(CID(codec: CID.rawCodec, hash: proof).text)` is not among the tokens given")
                break
            }
            if let failed = findings[above].failed, failed != .window {
                let cid = CID(codec: CID.rawCodec, hash: proof).text
                fail(place, .proofs, "proof `\(cid)` fails at \(failed.rawValue)", isInherited: true)
                break
            }
        }
        if findings[place].failed == nil { try judgeAttenuation(place, token, statement) }
        judgeWindow(place, token)
        guard findings[place].failed == nil else { return }
        for proof in token.proofs {
            guard let above = places[proof], findings[above].failed == .window else { continue }
            let cid = CID(codec: CID.rawCodec, hash: proof).text
            fail(place, .proofs, "proof `\(cid)` is outside its window", isInherited: true)
            return
        }
    }

    private mutating func judgeWindow(_ place: Int, _ token: Token) {
        // The first step in order is the one named: a window fails before proofs and attenuation do.
        if let failed = findings[place].failed, failed == .form || failed == .signature { return }
        if let expires = token.expires, now >= expires {
            fail(place, .window, "expired \(expires.distance(from: now)), at \(expires.rfc3339)")
        } else if let notBefore = token.notBefore, now < notBefore {
            fail(place, .window, "not valid before \(notBefore.rfc3339)")
        }
    }

    /// Offers the token to an empty graph that holds its proofs: the rules are the service's own.
    private mutating func judgeAttenuation(
        _ place: Int, _ token: Token, _ statement: EdgeStatement
    ) throws(CommandError) {
        var statement = statement
        if !statement.needsProofs { statement.proofs.removeAll { places[$0] == nil } }
        do throws(GraphError) {
            switch try writer.admit(statement, at: token.someMomentInWindow(near: now), hosting: .open) {
            case .admitted, .existing, .twin:
                break
            case .refused(let refusal):
                // All that is cited is at hand: what is not found is no proof of the issuer's.
                let isStrange = refusal.code == .missingProof && !statement.proofs.isEmpty
                fail(place, refusal.step, isStrange ? Refusal.strangeProof : refusal.sentence)
            }
        } catch {
            fail(place, .attenuation, error.message)
        }
    }

    private mutating func fail(_ place: Int, _ step: Step, _ cause: String, isInherited: Bool = false) {
        findings[place].failed = step
        findings[place].cause = cause
        findings[place].isInherited = isInherited
    }
}
