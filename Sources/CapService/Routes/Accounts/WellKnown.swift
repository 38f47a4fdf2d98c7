import ATProto
import Identity
import Multiformats
import UCAN

extension Service {
    /// GET /.well-known/did.json: the document of the account, or of this service, that the `Host` names.
    func wellKnownDocument(_ request: HTTPRequest) throws(ErrorAnswer) -> HTTPResponse {
        try wellKnown(request) { host in
            if let account = try account(host: host), let document = try account.hostedDocument(at: address.url()) {
                return .json(document.json.serialized())
            }
            guard try isOwn(host: host) else { return nil }
            let document = try DIDDocument.make(
                did: address.serviceDID(), handle: nil, keys: [],
                services: [
                    (ServiceID.personalDataServer, "AtprotoPersonalDataServer", address.url()),
                    (ServiceID.spaceHost, "AtprotoSpaceHost", address.url()),
                ])
            return .json(document.json.serialized())
        }
    }

    /// GET /.well-known/atproto-did: the DID of the account whose handle is the `Host`.
    func wellKnownDID(_ request: HTTPRequest) throws(ErrorAnswer) -> HTTPResponse {
        try wellKnown(request) { host in
            guard let account = try account(host: host) else { return nil }
            return HTTPResponse(
                status: 200, headers: [("Content-Type", "text/plain")], body: .bytes(Array(account.did.text.utf8)))
        }
    }

    private func wellKnown(
        _ request: HTTPRequest, _ find: (String) throws -> HTTPResponse?
    ) throws(ErrorAnswer) -> HTTPResponse {
        let found: HTTPResponse?
        do {
            found = try Self.host(request).flatMap(find)
        } catch {
            throw ErrorAnswer(
                503, "busy", "the name cannot be looked up", form: .json, detail: "\(error)", retryAfter: 1)
        }
        guard let found else { throw ErrorAnswer(404, "notFound", "nobody of this name is here", form: .json) }
        return found
    }

    /// The host of a request in lower case, without its port.
    private static func host(_ request: HTTPRequest) -> String? {
        guard let text = request.headers["Host"], let url = try? PeerURL("http://\(text)") else { return nil }
        return url.host
    }

    private func account(host: String) throws -> Account? {
        guard let handle = try? Handle(host) else { return nil }
        return try accounts.account(handle: handle)
    }

    private func isOwn(host: String) throws -> Bool {
        let url = try PeerURL(address.url())
        return host == url.host || (url.isLoopback && host == "localhost")
    }
}
