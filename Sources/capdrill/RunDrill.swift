import Glibc

/// Runs `capdrill`; returns the exit code: 0 when every law held, 1 when one broke, 2 for a mistake in the arguments.
func runDrill(_ arguments: [String]) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    let options: DrillOptions
    switch DrillOptions.read(arguments) {
    case .success(let read): options = read
    case .failure(let mistake):
        say("error: \(mistake.text)", to: STDERR_FILENO)
        say(DrillOptions.help, to: STDERR_FILENO)
        return 2
    }
    do {
        switch options.drill {
        case .kill: return try KillDrill(options).run()
        case .disk: return try DiskDrill(options).run()
        case .damage: return try DamageDrill(options).run()
        case .strangers: return try StrangersDrill(options).run()
        case .help:
            say(DrillOptions.help)
            return 0
        }
    } catch let failure as DrillFailure {
        say("error: \(failure.text)", to: STDERR_FILENO)
        return 1
    } catch {
        say("error: \(error)", to: STDERR_FILENO)
        return 1
    }
}

/// Says a line at once, so that it stands even when the drill itself is ended.
func say(_ line: String, to descriptor: Int32 = STDOUT_FILENO) {
    let bytes = Array((line + "\n").utf8)
    var offset = 0
    while offset < bytes.count {
        let count = bytes[offset...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        offset += count
    }
}

/// Says why a drill could not be carried out, or which law broke.
struct DrillFailure: Error, Sendable {
    let text: String

    init(_ text: String) { self.text = text }
}
