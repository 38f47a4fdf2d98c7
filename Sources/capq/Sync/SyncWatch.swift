import ATProto
import CapClient
import Glibc

/// Follows the stream of writes of a space and makes a pass at each.
struct SyncWatch {
    static let method = "dev.capabilitygraph.space.subscribe"

    let sync: SpaceSync
    let process: ProcessEnvironment

    /// Runs until the stream is refused, as when the membership has ended, or a pass fails.
    func run(_ first: SpaceSync.Report) throws(CommandError) {
        let say = process.remark ?? { _ in }
        tell(first, say)
        say("following `\(sync.space.text)`")
        let stream = sync.reader.separate()
        while true {
            var failure: CommandError?
            var lines = SyncEventLines()
            do throws(ClientError) {
                let request = XRPCRequest.query(Self.method, [("space", sync.space.text)])
                try stream.download(request) { piece in
                    guard lines.append(piece) else { return true }
                    do throws(CommandError) { try pass(say) } catch { failure = error }
                    return failure == nil
                }
            } catch {
                if let failure { throw failure }
                guard error.code == .unreachable || error.code == .timeout else { throw CommandError(xrpc: error) }
            }
            // The stream ended or broke: what was written meanwhile is fetched, then it is opened again.
            sleep(1)
            try pass(say)
        }
    }

    private func pass(_ say: (String) -> Void) throws(CommandError) {
        tell(try sync.pass(), say)
    }

    /// Says what changed, where a bar was shown in place of it.
    private func tell(_ report: SpaceSync.Report, _ say: (String) -> Void) {
        if process.showProgress != nil {
            for row in report.rows where row.way != RepoFetch.Way.unchanged.rawValue { say(SpaceSync.words(row)) }
        }
        for note in report.notes { say(note) }
    }
}

/// Finds the ends of events in a stream of them: an empty line behind at least one of data.
struct SyncEventLines {
    private var line: [UInt8] = []
    private var hasData = false

    /// Takes bytes; true when an event ended in them.
    mutating func append(_ bytes: some Sequence<UInt8>) -> Bool {
        var isEvent = false
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                // Only the beginning of a line tells what it is.
                if line.count < 16, byte != UInt8(ascii: "\r") { line.append(byte) }
                continue
            }
            if line.isEmpty, hasData { isEvent = true }
            if line.isEmpty { hasData = false } else if line.starts(with: "data:".utf8) { hasData = true }
            line.removeAll(keepingCapacity: true)
        }
        return isEvent
    }
}
