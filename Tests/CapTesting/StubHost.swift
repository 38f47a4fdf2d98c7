import Glibc
import Synchronization

/// Plays another host on a free port of 127.0.0.1 while a test lasts: one answer a connection, made by a closure.
public final class StubHost: Sendable {
    public struct Asked: Sendable {
        public let method: String
        public let target: String
        /// The head as sent, in lower case.
        public let head: String
        public let body: [UInt8]
    }

    public struct Reply: Sendable {
        public var status = 200
        public var headers: [String] = []
        public var body: [UInt8] = []
        /// Milliseconds before the answer.
        public var delay: UInt32 = 0

        public init(_ status: Int = 200, _ text: String = "", type: String = "application/json", delay: UInt32 = 0) {
            self.status = status
            headers = ["Content-Type: \(type)"]
            body = Array(text.utf8)
            self.delay = delay
        }
    }

    public let port: UInt16
    private let listener: Int32
    private let asked = Mutex<[Asked]>([])
    private let answer: @Sendable (Asked) -> Reply

    public init(_ answer: @escaping @Sendable (Asked) -> Reply) {
        self.answer = answer
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = self.listener
        withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            guard bind(listener, pointer, length) == 0, listen(listener, 64) == 0,
                getsockname(listener, pointer, &length) == 0
            else { fatalError("no port for a stub host") }
        }
        port = UInt16(bigEndian: address.sin_port)
        let keep = Unmanaged.passRetained(Loop(host: self, listener: listener))
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runStubHost, keep.toOpaque()) == 0 else { fatalError("no thread") }
        pthread_detach(thread)
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    public var url: String { "http://127.0.0.1:\(port)" }
    public var requests: [Asked] { asked.withLock { $0 } }

    /// Accepts until the listener is shut down; holds the host weakly so that the test's end ends it.
    final class Loop: @unchecked Sendable {
        // Unchecked: handed over once, to the thread that runs it.
        weak var host: StubHost?
        let listener: Int32

        init(host: StubHost, listener: Int32) {
            self.host = host
            self.listener = listener
        }

        func run() {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { break }
                host?.serve(client)
                close(client)
            }
            close(listener)
        }
    }

    private func serve(_ client: Int32) {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let head = text[..<end.lowerBound]
                let words = head.split(separator: " ", maxSplits: 2)
                let announced = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst("content-length:".count).drop { $0 == " " }) }
                let body = Array(text[end.upperBound...].utf8)
                if body.count >= announced ?? 0, words.count > 1 {
                    let asked = Asked(
                        method: String(words[0]), target: String(words[1]), head: head.lowercased(), body: body)
                    self.asked.withLock { $0.append(asked) }
                    return send(answer(asked), to: client)
                }
            }
            let count = recv(client, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            bytes += chunk[..<count]
        }
    }

    private func send(_ reply: Reply, to client: Int32) {
        if reply.delay > 0 { usleep(reply.delay * 1000) }
        let lines = ["HTTP/1.1 \(reply.status) X", "Connection: close", "Content-Length: \(reply.body.count)"]
        let bytes = Array(((lines + reply.headers).joined(separator: "\r\n") + "\r\n\r\n").utf8) + reply.body
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            offset += count
        }
    }
}

extension String {
    fileprivate func range(of text: String) -> Range<String.Index>? {
        let (here, there) = (Array(utf8), Array(text.utf8))
        guard here.count >= there.count,
            let start = (0...(here.count - there.count)).first(where: { here[$0...].starts(with: there) })
        else { return nil }
        let from = utf8.index(startIndex, offsetBy: start)
        return from..<utf8.index(from, offsetBy: there.count)
    }
}

private func runStubHost(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<StubHost.Loop>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
