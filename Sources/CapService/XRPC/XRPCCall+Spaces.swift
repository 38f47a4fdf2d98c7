import ATProto
import Spaces

extension XRPCCall {
    /// The space a call names, in a parameter or in its body; the older `ats://` form is taken too.
    func space() throws -> SpaceURI {
        let text = request.method == .post ? try input.text(.space) : try parameters.text(.space)
        return try SpaceURI(accepting: text)
    }

    /// Asks the gate for an operation in the name of who makes the call; throws the refusal.
    func permit(_ operation: Operation, on space: SpaceURI) throws -> Permit {
        try service.spaces.gate.permit(operation, caller(), on: space, at: now)
    }

    /// Asks the gate for what concerns no one space.
    func permit(account operation: AccountOperation) throws -> AccountPermit {
        try service.spaces.gate.permit(account: operation, caller(), at: now)
    }
}
