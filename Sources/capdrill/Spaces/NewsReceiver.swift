import Glibc
import Multiformats
import Synchronization

/// Plays the host of a space that is held elsewhere: publishes its authority's document and takes news of writes.
final class NewsReceiver: Sendable {
    let authority: String
    let port: UInt16
    private let document: (@Sendable (_ path: String, _ port: UInt16) -> JSON)?
    private let listener: Int32
    private let state = Mutex((newest: [String: String](), errors: [String](), count: 0))
    private let isRefusing = Atomic(false)

    /// - Parameter document: Gives the document at a path, in place of the authority's.
    init(document: (@Sendable (_ path: String, _ port: UInt16) -> JSON)? = nil) throws {
        self.document = document
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (listener, size) = (self.listener, length)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw DrillFailure("no socket to take news on: \(errno)") }
        port = UInt16(bigEndian: address.sin_port)
        authority = "did:web:localhost%3A\(port)"
    }

    /// Begins to answer, on a thread that is never joined.
    func start() throws {
        try Threads().start { while true { self.answer(accept(self.listener, nil, nil)) } }
    }

    /// Answers news with an error from now on, so that whoever tells them keeps them.
    func refuse() { isRefusing.store(true, ordering: .relaxed) }

    /// The newest revision that was told of each author's repo.
    var newest: [String: String] { state.withLock { $0.newest } }
    /// What was told against the order of revisions.
    var errors: [String] { state.withLock { $0.errors } }
    var count: Int { state.withLock { $0.count } }

    private func answer(_ connection: Int32) {
        guard connection >= 0 else { return }
        defer { close(connection) }
        var wait = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        guard let (line, body) = request(connection) else { return }
        var reply: [UInt8] = []
        var status = "200 OK"
        if line.hasPrefix("GET "), let document {
            reply = document(String(line.dropFirst(4).prefix { $0 != " " }), port).serialized()
        } else if line.hasPrefix("GET /.well-known/did.json") {
            let service: JSON = [
                "id": "#atproto_space_host", "type": "AtprotoSpaceHost",
                "serviceEndpoint": .string("http://localhost:\(port)"),
            ]
            reply = JSON.object(JSONObject([("id", .string(authority)), ("service", [service])]) ?? JSONObject())
                .serialized()
        } else if isRefusing.load(ordering: .relaxed) {
            status = "503 Service Unavailable"
        } else if line.hasPrefix("POST /xrpc/com.atproto.space.notifyWrite") {
            take(body)
        }
        let head =
            "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: \(reply.count)"
        let bytes = Array((head + "\r\n\r\n").utf8) + reply
        _ = bytes.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Revisions of one repo never go back; one may be told again, as after a kill before its answer was kept.
    private func take(_ body: [UInt8]) {
        let json = (try? JSON.parse(body)) ?? .null
        guard let repo = json["repo"]?.string, let rev = json["rev"]?.string else {
            return state.withLock { $0.errors.append("news without a repo or a revision") }
        }
        state.withLock { state in
            if let known = state.newest[repo], rev < known {
                state.errors.append("news of \(repo) goes back to \(rev)")
            }
            state.newest[repo] = rev
            state.count += 1
        }
    }

    private func request(_ connection: Int32) -> (line: String, body: [UInt8])? {
        var bytes: [UInt8] = []
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let head = text[..<end.lowerBound].lowercased().split(separator: "\r\n")
                let length = head.first { $0.hasPrefix("content-length:") }.flatMap {
                    Int($0.dropFirst(15).drop { $0 == " " })
                }
                let start = text[..<end.upperBound].utf8.count
                if bytes.count >= start + (length ?? 0) {
                    return (String(text.prefix { $0 != "\r\n" && $0 != "\r" }), Array(bytes[start...]))
                }
            }
            var chunk = [UInt8](repeating: 0, count: 1 << 14)
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
        }
    }
}
