import CapabilityGraph
import Multiformats
import UCAN

/// Cold admission of signed tokens (decode, verify, attenuate, index) against the bare signature check.
enum AdmissionShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let tokens = try SignedWorld(children: scale.tokens)
        let families = try Families.standard()
        var admission = Double.infinity
        var verification = Double.infinity
        let messages = tokens.signedMessages
        for _ in 0..<3 {
            let graph = try Graph(families: families)
            let writer = GraphWriter(graph)
            try tokens.admitRoots(writer)
            var start = Stopwatch.threadNanoseconds()
            for authorization in tokens.children {
                let token = try UnverifiedToken.decode(authorization: authorization).verify()
                let statement = try EdgeStatement(token, families)
                guard case .admitted = try writer.admit(statement, at: tokens.now) else {
                    preconditionFailure("a benchmark token was refused")
                }
            }
            writer.commit()
            admission = min(admission, Stopwatch.threadNanoseconds() - start)
            start = Stopwatch.threadNanoseconds()
            for (message, signature) in messages {
                precondition(tokens.session.publicKey.verify(signature: signature, message: message))
            }
            verification = min(verification, Stopwatch.threadNanoseconds() - start)
        }
        let count = Double(tokens.children.count)
        return [
            Measurement(
                shape: "admission-cold", value: count / admission * 1e9, floor: count / verification * 1e9, unit: "1/s",
                target: .atLeast(0.85))
        ]
    }
}
