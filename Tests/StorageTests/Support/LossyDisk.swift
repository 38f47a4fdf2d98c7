import CapTesting

/// Replays recorded events onto files in memory, and says what a power cut could leave of them.
struct LossyDisk {
    private enum Pending {
        case write(offset: Int, bytes: [UInt8])
        case truncate(count: Int)
        case delete
    }

    private struct File {
        /// Nil when the file does not exist.
        var durable: [UInt8]?
        var pending: [Pending] = []
    }

    private var files: [String: File]

    init(_ files: [String: [UInt8]]) {
        self.files = files.mapValues { File(durable: $0) }
    }

    mutating func apply(_ event: RecordingFileSystem.Event) {
        switch event {
        case .write(let file, let offset, let bytes):
            files[file, default: File()].pending.append(.write(offset: offset, bytes: bytes))
        case .truncate(let file, let count): files[file, default: File()].pending.append(.truncate(count: count))
        case .delete(let file): files[file, default: File()].pending.append(.delete)
        case .sync(let file):
            guard var synced = files[file] else { return }
            for change in synced.pending { LossyDisk.apply(change, to: &synced.durable) }
            synced.pending = []
            files[file] = synced
        case .acknowledged: break
        }
    }

    /// Keeps of each unsynced write an arbitrary set of 512-byte sectors, and of other changes any.
    func afterPowerCut(_ random: inout SeededGenerator) -> [String: [UInt8]] {
        var left: [String: [UInt8]] = [:]
        for (name, file) in files.sorted(by: { $0.key < $1.key }) {
            var content = file.durable
            let keptOfTen = random.int(in: 0...10)
            for change in file.pending {
                guard case .write(let offset, let bytes) = change else {
                    if random.int(in: 1...10) <= keptOfTen { LossyDisk.apply(change, to: &content) }
                    continue
                }
                var start = 0
                while start < bytes.count {
                    let end = min(bytes.count, ((offset + start) / 512 + 1) * 512 - offset)
                    if random.int(in: 1...10) <= keptOfTen {
                        let piece = Array(bytes[start..<end])
                        LossyDisk.apply(.write(offset: offset + start, bytes: piece), to: &content)
                    }
                    start = end
                }
            }
            if let content { left[name] = content }
        }
        return left
    }

    private static func apply(_ change: Pending, to content: inout [UInt8]?) {
        switch change {
        case .delete: content = nil
        case .truncate(let count):
            guard var bytes = content, bytes.count > count else { return }
            bytes.removeLast(bytes.count - count)
            content = bytes
        case .write(let offset, let bytes):
            var whole = content ?? []
            let end = offset + bytes.count
            if whole.count < end { whole += [UInt8](repeating: 0, count: end - whole.count) }
            whole.replaceSubrange(offset..<end, with: bytes)
            content = whole
        }
    }
}
