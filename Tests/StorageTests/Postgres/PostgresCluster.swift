import Glibc
import Synchronization

@testable import Storage

/// A PostgreSQL server of the test process: one for all tests, with a database for each that asks, and one for those that
/// end it.
///
/// A shell starts it in a folder of its own, on a unix socket alone, as a user that is not root, and stops it when its input
/// ends: that of a test process that was killed does as well.
final class PostgresCluster: Sendable {
    struct Failed: Error, CustomStringConvertible { let description: String }

    static let shared = Result { try PostgresCluster() }

    let folder: String
    private let shell: Shell
    private let lent = Mutex<[Loan]>([])

    /// A database, and the test that has it: for as long as its folder is there.
    private struct Loan {
        var folder: String
        var name: String
        let database: String
        let options: String
    }

    /// The address of the database that a test knows by a name. To make one is slow, so that of a test that is over is
    /// emptied where there is one.
    static func database(_ scratch: Scratch, _ name: String = "engine.db", options: String = "") throws -> String {
        try shared.get().database(of: scratch.folder, name, options)
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

    /// Starts the server at once and again for each line of its input, which comes once it was ended.
    private static let script = """
        trap '' INT TERM HUP
        binaries=$1 folder=$2
        cd "$folder" || exit 1
        start() {
          rm -f data/postmaster.pid .s.PGSQL.5432.lock
          if "$binaries/pg_ctl" start -w -s -D data -l log -o "-c listen_addresses='' -c port=5432 \
        -c unix_socket_directories='$folder' -c max_connections=300 -c shared_buffers=32MB \
        -c log_min_messages=error" >>log 2>&1
          then echo ready; else tail -n 3 log | tr '\\n' ' '; echo; fi
        }
        "$binaries/initdb" -D data -U capability -A trust -E UTF8 --locale=C --data-checksums --no-sync >log 2>&1
        start
        while read -r line; do start; done
        "$binaries/pg_ctl" stop -w -s -m immediate -D data >>log 2>&1
        cd / && rm -rf "$folder"
        """

    init() throws {
        let binaries = try PostgresCluster.binaries(in: "/usr/lib/postgresql")
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
        shell = try Shell(words)
        try awaitStart()
    }

    private func awaitStart() throws {
        let told = shell.nextLine()
        guard told == "ready" else { throw Failed(description: "PostgreSQL did not start: \(told)") }
    }

    /// Kills the server and all that works for it, as the loss of its machine would, but for what its disk has.
    func crash() throws {
        let lines = String(decoding: RawFile.read(folder + "/data/postmaster.pid"), as: UTF8.self)
        guard let server = lines.split(separator: "\n").first.flatMap({ pid_t($0) }), server > 1 else {
            throw Failed(description: "the server's number is not known")
        }
        // Stopped, it starts no more of them while they are counted.
        kill(server, SIGSTOP)
        let children = String(decoding: RawFile.read("/proc/\(server)/task/\(server)/children"), as: UTF8.self)
            .split(separator: " ").compactMap { pid_t($0) }
        for process in [server] + children { kill(process, SIGKILL) }
        for process in [server] + children { while PostgresCluster.isAlive(process) { sched_yield() } }
    }

    /// Starts the server again after a crash.
    func restart() throws {
        shell.write("start\n")
        try awaitStart()
    }

    private static func isAlive(_ process: pid_t) -> Bool {
        // Behind the name, which may hold anything, stands the state.
        let line = String(decoding: RawFile.read("/proc/\(process)/stat"), as: UTF8.self)
        guard let name = line.lastIndex(of: ")") else { return false }
        return !line[name...].hasPrefix(") Z")
    }

    func address(_ name: String) -> String { "postgres:///\(name)?host=\(folder)&port=5432&user=capability" }

    func database(of folder: String, _ name: String, _ options: String = "") throws -> String {
        try lent.withLock { lent in
            if let known = lent.first(where: { $0.folder == folder && $0.name == name }) {
                return address(known.database)
            }
            let free = lent.firstIndex { $0.options == options && access($0.folder, F_OK) != 0 }
            guard let free else {
                let database = "test\(lent.count)"
                try RawPostgres.execute("CREATE DATABASE \(database) \(options)", at: address("postgres"))
                lent.append(Loan(folder: folder, name: name, database: database, options: options))
                return address(database)
            }
            (lent[free].folder, lent[free].name) = (folder, name)
            let address = address(lent[free].database)
            try RawPostgres.cutOff(address)
            try RawPostgres.execute(
                "DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS saved CASCADE; CREATE SCHEMA public", at: address)
            return address
        }
    }
}

/// Asks a database past the storage module.
enum RawPostgres {
    /// Ends what others have to do with a database, and waits for its end.
    static func cutOff(_ address: String) throws {
        try run(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() "
                + "AND pid <> pg_backend_pid()", at: address)
    }

    /// Runs statements whose rows do not matter, in one transaction.
    static func execute(_ sql: String, at address: String) throws {
        let connection = try PostgresConnection(address)
        defer { connection.close() }
        try connection.execute(sql)
    }

    @discardableResult
    static func run(_ sql: String, at address: String) throws -> Int64 {
        let connection = try PostgresConnection(address)
        defer { connection.close() }
        let result = try connection.once(sql)
        return result.rowCount > 0 ? result.integer(0, 0) : Int64(result.changeCount)
    }
}
