import Glibc
import Synchronization

@testable import Storage

/// One PostgreSQL server for the whole test process, with a database for each test that asks.
///
/// A shell starts it in a folder of its own, on a unix socket alone, as a user that is not root, and stops it when its input
/// ends: that of a test process that was killed does as well.
final class PostgresCluster: Sendable {
    struct Failed: Error, CustomStringConvertible { let description: String }

    static let shared = Result { try PostgresCluster(binaries: binaries(in: "/usr/lib/postgresql")) }

    let folder: String
    private let made = Mutex<Set<String>>([])

    /// The address of the database of one test, made when it is not there yet.
    static func database(_ scratch: Scratch, _ name: String = "engine.db", options: String = "") throws -> String {
        let folder = scratch.folder.split(separator: "/").last ?? ""
        let name = String((folder + "_" + name).map { $0.isLetter || $0.isNumber ? $0 : "_" })
        return try shared.get().database(name, options)
    }

    /// The folder of the newest release that is installed.
    static func binaries(in folder: String) throws -> String {
        let newest = Scratch.names(in: folder).compactMap { Int($0) }.filter { $0 >= 15 }.max()
        guard let newest, access("\(folder)/\(newest)/bin/initdb", X_OK) == 0 else {
            throw Failed(
                description:
                    "PostgreSQL 15 or newer is not installed, which these tests need: run `scripts/setup --tests`")
        }
        return "\(folder)/\(newest)/bin"
    }

    private static let script = """
        trap '' INT TERM HUP
        cd "$2" || exit 1
        "$1/initdb" -D data -U capability -A trust -E UTF8 --locale=C --no-sync >log 2>&1 &&
          "$1/pg_ctl" start -w -s -D data -l log -o "-c listen_addresses='' -c unix_socket_directories='$2' \
        -c max_connections=300 -c fsync=off -c log_min_messages=error" >>log 2>&1 || { tail -n 3 log; exit 1; }
        echo ready
        exec >&-
        cat >/dev/null
        "$1/pg_ctl" stop -w -s -m immediate -D data >>log 2>&1
        cd / && rm -rf "$2"
        """

    private init(binaries: String) throws {
        let scratch = UnsafeMutablePointer<CChar>(strdup("/tmp/capability-postgres-XXXXXX"))
        defer { free(scratch) }
        guard let scratch, mkdtemp(scratch) != nil else { throw Failed(description: "cannot make a folder: \(errno)") }
        folder = String(cString: scratch)
        var words = ["/bin/sh", "-c", PostgresCluster.script, "sh", binaries, folder]
        if getuid() == 0 {
            // The server refuses to run as root; its package brings a user.
            guard let user = getpwnam("postgres"), chown(folder, user.pointee.pw_uid, user.pointee.pw_gid) == 0 else {
                throw Failed(description: "there is no user `postgres` to run the server: run `scripts/setup --tests`")
            }
            words = ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] + words
        }
        let told = try PostgresCluster.start(words)
        guard told == "ready\n" else { throw Failed(description: "PostgreSQL did not start: \(told)") }
    }

    /// Starts a program whose input lasts as long as this process; gives what it writes until it closes its output.
    private static func start(_ words: [String]) throws -> String {
        var input: [Int32] = [0, 0]
        var output: [Int32] = [0, 0]
        guard pipe(&input) == 0, pipe(&output) == 0 else { throw Failed(description: "cannot make a pipe: \(errno)") }
        for end in input + output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var process = pid_t()
        let status = posix_spawn(&process, words[0], &actions, nil, &arguments, environ)
        close(input[0])
        close(output[1])
        guard status == 0 else { throw Failed(description: "cannot start `\(words[0])`: \(status)") }
        var told: [UInt8] = []
        var byte: UInt8 = 0
        while read(output[0], &byte, 1) == 1 { told.append(byte) }
        close(output[0])
        return String(decoding: told, as: UTF8.self)
    }

    func address(_ name: String) -> String { "postgres:///\(name)?host=\(folder)&port=5432&user=capability" }

    private func database(_ name: String, _ options: String) throws -> String {
        try made.withLock { made in
            guard made.insert(name).inserted else { return }
            let connection = try PostgresConnection(address("postgres"))
            try connection.execute("CREATE DATABASE \(name) \(options)")
        }
        return address(name)
    }
}

/// Asks a database past the storage module.
enum RawPostgres {
    @discardableResult
    static func run(_ sql: String, at address: String) throws -> Int64 {
        let connection = try PostgresConnection(address)
        defer { connection.close() }
        let result = try connection.once(sql)
        return result.rowCount > 0 ? result.integer(0, 0) : Int64(result.changeCount)
    }
}
