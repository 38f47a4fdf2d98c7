import CapTesting
import CapabilityGraph
import Testing

/// Law 1: an edge is admitted only if every capability is owned or covered by a live proof made for the issuer.
@Suite struct AttenuationLawTests {
    @Test func everyVerdictIsTheReferences() throws {
        var outcomes: [String: Int] = [:]
        try Property.hold("attenuation", cases: 700) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 45
            var reference = ReferenceEvaluator()
            let rig = try GraphRig()
            for _ in 0..<30 {
                let step = random.step()
                let expected = reference.play(step)
                let outcome = try rig.play(step)
                rig.writer.commit()
                outcomes[outcome, default: 0] += 1
                guard outcome == expected else { return "\(outcome) for \(step), expected \(expected)" }
            }
            return nil
        }
        // The draw reaches every rule, not only the easy ones.
        guard outcomes["admitted", default: 0] > 5000 else { return }
        for code in [
            "existing", "twin", "expired", "notYetValid", "missingProof", "audienceMismatch", "parentRevoked",
            "ancestorRevoked", "terminalParent", "expiryExceedsParent", "notBeforePrecedesParent", "abilityNotCovered",
            "caveatsNotContained", "revoked", "alreadyRevoked", "unauthorizedRevoker", "hosted",
        ] {
            #expect(outcomes[code, default: 0] > 0, "no case drew \(code): \(outcomes)")
        }
    }
}
