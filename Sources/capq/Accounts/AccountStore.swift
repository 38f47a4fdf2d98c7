import CapClient
import Glibc

/// Keeps the sessions of one context's accounts, one file each, and which of them is current.
struct AccountStore: Sendable {
    /// Folder of the context.
    let folder: String

    /// Folder of the sessions, `HANDLE.json` each.
    var sessions: String { folder + "/accounts" }
    private var pointer: String { folder + "/account" }

    /// Names the file of an account; handles are domain names, so they are names of files as well.
    func path(of handle: String) throws(CommandError) -> String {
        let isPlain = handle.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || ".-_".utf8.contains(byte)
        }
        guard isPlain, (1...240).contains(handle.utf8.count), !handle.hasPrefix("."), !handle.hasPrefix("-") else {
            throw CommandError(.usage, "`\(handle)` is not the handle of an account")
        }
        return "\(sessions)/\(handle).json"
    }

    /// Lists the handles of accounts that are logged in, in order.
    func handles() -> [String] {
        SystemFile.entries(sessions).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
    }

    /// Reads a session by handle; nil when there is none.
    func load(_ handle: String) throws(CommandError) -> AccountSession? {
        let path = try path(of: handle)
        guard SystemFile.exists(path) else { return nil }
        return try AccountSession(PrivateFile.read(path), path: path)
    }

    /// Finds a session by handle, by the handle's first name where only one account has it, or by DID.
    func find(_ name: String) throws(CommandError) -> AccountSession? {
        if name.hasPrefix("did:") {
            for handle in handles() {
                if let session = try load(handle), session.did.hasSameBytes(as: name) { return session }
            }
            return nil
        }
        if let exact = try load(name) { return exact }
        let begun = handles().filter { $0.utf8.starts(with: name.utf8) && $0.dropFirst(name.count).first == "." }
        guard begun.count < 2 else {
            throw .usage("`\(name)` could be any of \(begun.joined(separator: ", "))")
        }
        return try begun.first.flatMap { handle throws(CommandError) in try load(handle) }
    }

    /// Replaces a session in one step.
    func save(_ session: AccountSession) throws(CommandError) {
        try PrivateFile.write(session.serialized(), to: path(of: session.handle), replaces: true)
    }

    /// Forgets a session.
    func remove(_ handle: String) throws(CommandError) {
        let path = try path(of: handle)
        guard unlink(path) == 0 || errno == ENOENT else {
            throw CommandError(.failure, "cannot remove `\(path)`: \(SystemFile.Trouble(code: errno).words)")
        }
        unlink(path + ".lock")
        if try current().map({ $0.hasSameBytes(as: handle) }) ?? false { unlink(pointer) }
    }

    /// Names the account commands act as when none is named.
    func current() throws(CommandError) -> String? {
        guard SystemFile.exists(pointer) else { return nil }
        let text = String(decoding: KeyImport.trimmed(try PrivateFile.read(pointer)), as: UTF8.self)
        return text.isEmpty ? nil : text
    }

    func setCurrent(_ handle: String) throws(CommandError) {
        try PrivateFile.write(Array("\(handle)\n".utf8), to: pointer, replaces: true)
    }

    /// Runs `body` while no other capq does so for the same account: tokens are renewed by one of them only.
    func withLock<Result>(
        _ handle: String,
        _ body: () throws(CommandError) -> Result
    ) throws(CommandError) -> Result {
        let path = try path(of: handle) + ".lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw CommandError(.failure, "cannot lock `\(path)`: \(SystemFile.Trouble(code: errno).words)")
        }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw CommandError(.failure, "cannot lock `\(path)`: \(SystemFile.Trouble(code: errno).words)")
            }
        }
        return try body()
    }
}

extension AccountStore {
    /// Takes the tokens that follow those that expired, and keeps them: another capq may have taken them already.
    func renew(_ handle: String, _ used: SessionTokens, _ client: XRPCClient) throws(CommandError) -> SessionTokens {
        try withLock(handle) { () throws(CommandError) in
            guard var session = try load(handle) else {
                throw CommandError(.notAuthorized, "`\(handle)` has logged out", hint: "`capq account login \(handle)`")
            }
            guard session.tokens == used else { return session.tokens }
            session.tokens = try CommandError.ofXRPC { () throws(ClientError) in try client.refreshed(used) }
            try save(session)
            return session.tokens
        }
    }
}
