import Multiformats
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
}

/// Says that a call needs a thread that may wait; nothing may have been changed before it is thrown.
struct XRPCMustWait: Error {}
