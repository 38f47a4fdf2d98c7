/// One attack: it runs against services of its own and says what must hold and what was seen.
struct Attack: Sendable {
    let name: String
    let run: @Sendable (Arena) throws -> [Bound]

    static let all: [Attack] = [
        .slowReaders, .accountPages, .passwords, .freshKeys, .uploads, .resolvers, .connections, .spellings, .marks,
        .rooms, .notify, .exports, .policy, .streams, .quotas,
    ]
}
