import Glibc

/// Every shape by name; each runs alone and measures its floor beside it.
private let shapes: [(name: String, run: @Sendable (Scale) throws -> [Measurement])] = [
    ("check", CheckShape.run),
    ("admission", AdmissionShape.run),
    ("durable", DurableShape.run),
    ("read", ReadShape.run),
    ("list", ListShape.run),
    ("routes", RoutesShape.run),
    ("revoke", RevokeShape.run),
    ("memory", MemoryShape.run),
    ("restart", RestartShape.run),
    ("sethash", SetHashShape.run),
    ("member", MemberShape.run),
    ("record", RecordReadShape.run),
    ("write", WriteShape.run),
    ("sync", SyncShape.run),
    ("credential", CredentialShape.run),
]

/// Runs the named shapes, or all; returns the exit code.
func runBenchmarks(_ arguments: [String]) -> Int32 {
    var scale = Scale.full
    var asJSON = false
    var names: [String] = []
    for argument in arguments {
        switch argument {
        case "--quick": scale = .quick
        case "--json": asJSON = true
        case "--help", "-h":
            print("usage: capbench [--quick] [--json] [SHAPE...]\nshapes: \(shapes.map(\.name).joined(separator: " "))")
            return 0
        default:
            guard shapes.contains(where: { $0.name == argument }) else {
                fputs("capbench: there is no shape `\(argument)`\nhint: run `capbench --help`\n", standardError())
                return 2
            }
            names.append(argument)
        }
    }
    if !asJSON {
        writeLine(machine())
        writeLine(row("shape", "value", "floor", "unit", "ratio", "target", "met"))
    }
    for shape in shapes where names.isEmpty || names.contains(shape.name) {
        do {
            for item in try shape.run(scale) {
                let line =
                    asJSON
                    ? item.json
                    : row(
                        item.shape, Measurement.number(item.value), Measurement.number(item.floor), item.unit,
                        Measurement.number(item.ratio), item.targetText, item.isMet ? "yes" : "no", item.note ?? "")
                writeLine(line)
            }
        } catch {
            fputs("capbench: \(shape.name): \(error)\n", standardError())
            return 1
        }
    }
    return 0
}

private func row(_ columns: String...) -> String {
    let line = zip(columns, [28, 14, 14, 14, 9, 9, 5, 0]).map { text, width in
        text + String(repeating: " ", count: max(1, width - text.count))
    }.joined()
    return String(line[...(line.lastIndex { $0 != " " } ?? line.startIndex)])
}

private func writeLine(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(STDOUT_FILENO, bytes, bytes.count)
}

/// The C library's variable is not safe to name under strict concurrency; a stream of its own is.
private func standardError() -> UnsafeMutablePointer<FILE>? { fdopen(STDERR_FILENO, "w") }

private func machine() -> String {
    var model = "unknown processor"
    if let file = fopen("/proc/cpuinfo", "r") {
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, 512, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") {
                model = String(text[text.index(colon, offsetBy: 2)...].prefix { $0 != "\n" })
                break
            }
        }
    }
    return "\(model), \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) cores"
}
