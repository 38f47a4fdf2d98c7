import ATProto
import CapabilityGraph
import Multiformats
import Spaces
import UCAN

/// One call that concerns a repo: who makes it, and which space and author it names.
struct RepoCall {
    let call: XRPCCall
    let caller: Spaces.Caller
    let space: SpaceURI
    /// The author that is named; nil where none is.
    let named: DID?

    /// Reads who asks before what is asked; a body or query that is malformed tells strangers only to sign in.
    init(_ call: XRPCCall) throws {
        self.call = call
        caller = try call.caller()
        (space, named) = try Self.parsing(caller) {
            (try call.space(), try call.repo())
        }
    }

    var repos: RepoStore { call.service.spaces.repos }

    /// The author that is named, else the caller itself; refuses callers that have no repo.
    func author() throws -> DID {
        if let named { return named }
        switch caller {
        case .account(let did, _, _): return did
        case .invocation(let question): return question.invoker
        case .service(let issuer, _, _, _): return issuer
        case .anonymous: throw AccessRefusal.signInNeeded
        case .credential, .delegation: throw XRPCError.invalidRequest("`repo` is missing")
        }
    }

    /// Runs what reads the rest of the call.
    func parsing<Value>(_ read: () throws -> Value) throws -> Value { try Self.parsing(caller, read) }

    private static func parsing<Value>(_ caller: Spaces.Caller, _ read: () throws -> Value) throws -> Value {
        guard case .anonymous = caller else { return try read() }
        do {
            return try read()
        } catch is XRPCError {
            throw AccessRefusal.signInNeeded
        } catch is ATProtoError {
            throw AccessRefusal.signInNeeded
        }
    }

    /// Asks the gate in the caller's name.
    func permit(_ operation: Spaces.Operation) throws -> Permit {
        try call.service.spaces.gate.permit(operation, caller, on: space, from: call.request.clientShare, at: call.now)
    }

    /// The author to read, and the gate's word that the caller may.
    func reading() throws -> (DID, Permit) {
        let author = try author()
        return (author, try permit(.readRecords(author: author)))
    }

    /// Whose repos are read where no author is named.
    enum Unnamed {
        case everybody(Permit)
        case own(DID, Permit)
    }

    /// All repos of the space where the caller may read them, else its own; who may not know of the space is told so
    /// unless it has a repo there.
    func readingUnnamed() throws -> Unnamed {
        do {
            return .everybody(try permit(.readRecords(author: nil)))
        } catch let refusal as AccessRefusal {
            switch caller {
            case .anonymous, .credential, .delegation: throw refusal
            case .account, .invocation, .service: break
            }
            let (author, permit) = try reading()
            let isHidden = refusal.name == "SpaceNotFound" || refusal.name == "SpaceDeleted"
            if isHidden, try repos.readIfWritten(permit, of: author, { _, _ in true }) == nil { throw refusal }
            return .own(author, permit)
        }
    }
}

extension XRPCCall {
    /// The DID of the repo a call names; handles are none.
    fileprivate func repo() throws -> DID? {
        let text = request.method == .post ? try input.optionalText(.repo) : try parameters.optionalText(.repo)
        guard let text else { return nil }
        guard ATProtoDID.isValid(text), let did = try? DID(text) else {
            throw XRPCError.invalidRequest("`repo` takes a DID")
        }
        return did
    }

    /// A revision given as a parameter.
    func revision(_ field: XRPCField) throws -> TID? {
        guard let text = try parameters.optionalText(field) else { return nil }
        guard let rev = try? TID(text) else { throw XRPCError.invalidRequest("`\(field.name)` takes a TID") }
        return rev
    }
}
