package import ATProto

extension IdentityResolver {
    /// Resolves a handle of another host by HTTPS (`/.well-known/atproto-did`). DNS TXT records are not asked.
    package func did(of handle: Handle, mayWait: Bool = true) throws(ResolutionError) -> String {
        if let known = handles[handle.text] { return try known.get() }
        guard mayWait else { throw ResolutionError(.mustWait, "`\(handle)` is not remembered") }
        let answer = Result { () throws(ResolutionError) in try fetch(handle) }
        handles.insert(answer, for: handle.text)
        return try answer.get()
    }

    private func fetch(_ handle: Handle) throws(ResolutionError) -> String {
        let url: PeerURL
        do throws(OutboundError) {
            let plain = try PeerURL("https://\(handle.text)/.well-known/atproto-did")
            url = plain.isLoopback ? try PeerURL("http://\(handle.text)/.well-known/atproto-did") : plain
        } catch {
            throw ResolutionError(error)
        }
        let body = try outbound.body(of: url, accept: "text/plain", maxBytes: ATProtoDID.maximumLength + 16)
        let text = String(decoding: body, as: UTF8.self).trimmed
        guard ATProtoDID.isValid(text) else {
            throw ResolutionError(.malformed, "`\(url)` does not give a DID")
        }
        return text
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
