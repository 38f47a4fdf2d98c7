import CapTesting
import Glibc
import Storage

/// Commits batches to the log named by its first argument, a path or the address of a database, until it is killed, telling what it is about to do and what
/// it has done: `try FIRST LAST`, then `done LAST`, one line each on stdout.
///
/// The second argument seeds the sizes of the batches. Each batch carries one replay mark, numbered by its first entry.
@main
enum Main {
    static func main() {
        guard CommandLine.arguments.count == 3, let seed = UInt64(CommandLine.arguments[2]) else { exit(2) }
        do {
            try drill(CommandLine.arguments[1], SeededGenerator(seed: seed))
        } catch {
            print("failed \(error)")
            exit(1)
        }
    }

    static func drill(_ path: String, _ random: SeededGenerator) throws {
        var random = random
        let log = try open(path)
        while true {
            let first = log.lastRevision + 1
            let last = first + UInt64(random.int(in: 0...12))
            tell("try \(first) \(last)\n")
            try log.commit(
                LogBatch(
                    entries: LogSamples.batch(first...last).entries,
                    marks: [LogSamples.mark(first, expiresAt: 1 << 50)]
                )
            )
            tell("done \(last)\n")
        }
    }

    static func open(_ path: String) throws -> any Log {
        if path.hasPrefix("postgres://") {
            // Short, as the next one waits for its end.
            var options = PostgresEngine.Options()
            options.leaseMilliseconds = 100
            return try PostgresEngine(path, options: options)
        }
        // Short, so that kills also hit the move into the main file.
        return try SQLiteLog.open(path: path, mode: .existing, options: SQLiteLogOptions(checkpointPages: 50))
    }

    static func tell(_ line: String) {
        let bytes = Array(line.utf8)
        guard write(1, bytes, bytes.count) == bytes.count else { exit(3) }
    }
}
