import Glibc
import Synchronization

/// Writes one JSON object a line: `at` (RFC 3339, UTC), `level`, `event`, then the fields given.
final class StructuredLog: Sendable {
    enum Level: Int, Comparable, Sendable {
        case debug, info, warning, error, none

        var name: StaticString {
            switch self {
            case .debug: "debug"
            case .info: "info"
            case .warning: "warning"
            case .error: "error"
            case .none: "none"
            }
        }

        static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
    }

    enum Value: Sendable {
        case text(String)
        case int(Int64)
        case bool(Bool)
    }

    typealias Field = (name: String, value: Value)

    private let minimum: Level
    private let output: Int32
    private let line = Mutex<[UInt8]>([])

    /// Logs events of at least `level` to a file descriptor, standard error unless said otherwise.
    init(level: Level = .info, output: Int32 = STDERR_FILENO) {
        minimum = level
        self.output = output
    }

    /// Drops everything.
    static let off = StructuredLog(level: .none)

    func debug(_ event: StaticString, _ fields: @autoclosure () -> [Field] = []) { write(.debug, event, fields) }
    func info(_ event: StaticString, _ fields: @autoclosure () -> [Field] = []) { write(.info, event, fields) }
    func warning(_ event: StaticString, _ fields: @autoclosure () -> [Field] = []) { write(.warning, event, fields) }
    func error(_ event: StaticString, _ fields: @autoclosure () -> [Field] = []) { write(.error, event, fields) }

    private func write(_ level: Level, _ event: StaticString, _ fields: () -> [Field]) {
        guard level >= minimum, minimum != .none else { return }
        let fields = fields()
        line.withLock { line in
            line.removeAll(keepingCapacity: true)
            line += "{\"at\":\"".utf8
            Self.appendTime(&line)
            line += "\",\"level\":\"\(level.name)\",\"event\":\"\(event)\"".utf8
            for field in fields {
                line += ",".utf8
                Self.append(field.name, to: &line)
                line += ":".utf8
                switch field.value {
                case .text(let text): Self.append(Self.isSecret(field.name) ? "[withheld]" : text, to: &line)
                case .int(let number): line += "\(number)".utf8
                case .bool(let flag): line += (flag ? "true" : "false").utf8
                }
            }
            line += "}\n".utf8
            // One call a line, so that lines of several processes on one descriptor stay whole.
            _ = Glibc.write(output, line, line.count)
        }
    }

    // Credentials must not reach a log, however the field came to be named after its header.
    private static func isSecret(_ name: String) -> Bool {
        let name = name.utf8.map(ASCII.lowercased)
        return ["authorization", "cookie", "token"].contains { secret in
            name.suffix(secret.utf8.count).elementsEqual(secret.utf8)
        }
    }

    private static func append(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                line += [UInt8(ascii: "\\"), byte]
            case 0..<0x20, 0x7f:
                line += "\\u00".utf8
                line += [hexDigit(byte >> 4), hexDigit(byte & 15)]
            default:
                line.append(byte)
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func appendTime(_ line: inout [UInt8]) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func digits(_ value: Int, _ width: Int) {
            let text = String(value).utf8
            line += repeatElement(UInt8(ascii: "0"), count: max(0, width - text.count))
            line += text
        }
        digits(Int(parts.tm_year) + 1900, 4)
        line += "-".utf8
        digits(Int(parts.tm_mon) + 1, 2)
        line += "-".utf8
        digits(Int(parts.tm_mday), 2)
        line += "T".utf8
        digits(Int(parts.tm_hour), 2)
        line += ":".utf8
        digits(Int(parts.tm_min), 2)
        line += ":".utf8
        digits(Int(parts.tm_sec), 2)
        line += ".".utf8
        digits(now.tv_nsec / 1_000_000, 3)
        line += "Z".utf8
    }
}
