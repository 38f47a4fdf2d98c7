import ATProto
import Identity
import Multiformats
import UCAN

/// com.atproto.identity: names to DIDs, and DIDs to documents.
enum IdentityRoutes {
    static let methods: [XRPCMethod] = [
        .query("com.atproto.identity.resolveHandle", feature: nil, isPublic: true, resolveHandle),
        .query("com.atproto.identity.resolveDid", feature: nil, isPublic: true, resolveDID),
    ]

    private static func resolveHandle(_ call: XRPCCall) throws -> XRPCOutput {
        let handle = try Handle(try call.parameters.text("handle"))
        if let account = try call.service.accounts.account(handle: handle) {
            return .json(["did": .string(account.did.text)])
        }
        // Names below a domain of ours are ours to know: asking the network for one would be asking ourselves.
        if (try? call.service.address.domains().check(handle)) != nil {
            throw XRPCError("HandleNotFound", "the handle cannot be resolved")
        }
        do throws(ResolutionError) {
            let did = try call.service.resolver.did(of: handle, mayWait: call.mayWait)
            return .json(["did": .string(did)])
        } catch {
            switch error.code {
            case .mustWait: throw XRPCMustWait()
            case .unreachable: throw XRPCError(error)
            default: throw XRPCError("HandleNotFound", "the handle cannot be resolved")
            }
        }
    }

    private static func resolveDID(_ call: XRPCCall) throws -> XRPCOutput {
        let did = try call.parameters.text("did")
        do {
            let document = try call.service.resolver.document(of: did, mayWait: call.mayWait)
            return .json(["didDoc": document.json])
        } catch let error as ResolutionError {
            guard error.code != .mustWait else { throw XRPCMustWait() }
            throw XRPCError(error)
        }
    }
}
