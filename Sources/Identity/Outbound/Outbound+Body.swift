extension Outbound {
    /// Gives the body of a 200; 404 and 410 are `notFound`, other statuses `unreachable`. Redirections are not followed.
    func body(of url: PeerURL, accept: String, maxBytes: Int) throws(ResolutionError) -> [UInt8] {
        let response: OutboundResponse
        do throws(OutboundError) {
            response = try send(OutboundRequest(.get, url, headers: [("Accept", accept)], maxBytes: maxBytes))
        } catch {
            throw ResolutionError(error)
        }
        switch response.status {
        case 200: return response.body
        case 404, 410: throw ResolutionError(.notFound, "`\(url)` is not there")
        default: throw ResolutionError(.unreachable, "`\(url)` answered \(response.status)")
        }
    }
}
