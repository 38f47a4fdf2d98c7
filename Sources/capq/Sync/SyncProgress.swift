import Glibc

/// Tells how far a sync has come: a bar on a terminal, a line for each repo that changed elsewhere.
final class SyncProgress {
    private let bar: (@Sendable (String) -> Void)?
    private let remark: (@Sendable (String) -> Void)?
    private let width: Int
    private var shownAt: Int64 = 0
    private var repo = ""
    private var place = (number: 0, count: 0)

    init(_ process: ProcessEnvironment) {
        bar = process.showProgress
        remark = process.remark
        width = min(process.width, 100)
    }

    /// Begins with the next repo.
    func begin(_ did: String, _ number: Int, of count: Int) {
        repo = did
        place = (number, count)
        shownAt = 0
        show(0, nil)
    }

    /// Shows records done of this repo, at most ten times a second; nil when nobody knows how many there are.
    func show(_ done: Int, _ total: Int?) {
        guard let bar else { return }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
        guard now - shownAt >= 100 else { return }
        shownAt = now
        bar(Self.line(repo, place.number, place.count, done, total, width: width))
    }

    /// Leaves nothing of the bar, and says a line where there is none.
    func end(_ words: String?) {
        bar?("")
        if bar == nil, let words { remark?(words) }
    }

    /// Draws `[#####-----] 2/5 DID 40/80 records`.
    static func line(_ did: String, _ number: Int, _ count: Int, _ done: Int, _ total: Int?, width: Int) -> String {
        let part = total.map { $0 == 0 ? 1 : Double(done) / Double($0) } ?? 0
        let whole = count == 0 ? 1 : (Double(number - 1) + min(part, 1)) / Double(count)
        let cells = 20
        let filled = max(0, min(cells, Int(whole * Double(cells))))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: cells - filled)
        let records = total.map { "\(done)/\($0) records" } ?? "\(done) records"
        let head = "[\(bar)] \(number)/\(count) "
        let room = max(12, width - head.count - records.count - 2)
        let name = did.count > room ? "\(did.prefix(room - 7))…\(did.suffix(6))" : did
        return "\(head)\(name) \(records)"
    }
}
