/// How large and how often each shape is run.
struct Scale {
    var edges: Int
    var tokens: Int
    var runs: Int
    var descendants: Int
    var revocations: Int
    var requests: Int
    var records: Int
    var members: Int

    static let full = Scale(
        edges: 1_000_000, tokens: 10_000, runs: 15, descendants: 100_000, revocations: 5, requests: 20_000,
        records: 100_000, members: 100_000)
    static let quick = Scale(
        edges: 40_000, tokens: 500, runs: 3, descendants: 2000, revocations: 3, requests: 1500, records: 5000,
        members: 10_000)
}
