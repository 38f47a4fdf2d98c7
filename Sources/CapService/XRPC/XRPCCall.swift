import ATProto
import Multiformats
import Spaces
import UCAN

/// One call of a method: what was asked, by which name, and the one reading of the clock.
struct XRPCCall: Sendable {
    let service: Service
    let request: HTTPRequest
    /// The method's name as called, which service authentication names in `lxm`.
    let nsid: String
    let parameters: XRPCParameters
    let input: XRPCInput
    let now: Timestamp
    /// False on a thread that must not wait: what would have to wait throws `XRPCMustWait` there.
    let mayWait: Bool
    /// Who was found to make the call.
    let verified = VerifiedCaller()

    /// True for names of HappyView's namespace, whose statuses and defaults differ (atproto-spaces.md 20).
    var isAlias: Bool { Self.isAlias(nsid) }

    static func isAlias(_ nsid: String) -> Bool { nsid.utf8.starts(with: "dev.happyview.".utf8) }

    /// Refuses to go on where waiting is not allowed; the call is then made again where it is.
    func willWait() throws(XRPCMustWait) {
        guard mayWait else { throw XRPCMustWait() }
    }

    /// Goes on among the questions about authority, once it is seen who calls: who can only be told by another host, or by
    /// what is used once, waits among those that wait, and is answered there.
    func goesWhereQuestionsAre() throws {
        guard !mayWait else { return }
        _ = try identified()
        throw XRPCMustWait(work: .questions)
    }
}

/// Says that a call needs a thread that may wait; nothing may have been changed before it is thrown.
struct XRPCMustWait: Error {
    /// On which threads the call is run again.
    var work = XRPCMethod.Work.blocking
}

extension XRPCCall {
    /// The space a call names, in a parameter or in its body; the older `ats://` form is taken too.
    func space() throws -> SpaceURI {
        let text = request.method == .post ? try input.text(.space) : try parameters.text(.space)
        return try SpaceURI(accepting: text)
    }

    /// Asks the gate for an operation in the name of who makes the call; throws the refusal.
    func permit(_ operation: Operation, on space: SpaceURI) throws -> Permit {
        try service.spaces.gate.permit(operation, caller(), on: space, from: request.clientShare, at: now)
    }

    /// Asks the gate for what concerns no one space.
    func permit(account operation: AccountOperation) throws -> AccountPermit {
        try service.spaces.gate.permit(account: operation, caller(), at: now)
    }
}
