import CapabilityGraph
import Glibc
import Storage
import Synchronization

/// Runs `capservice`; returns the exit code. Not in `main`, whose closures belong to the main actor.
func runService(_ arguments: [String]) -> Int32 {
    guard let command = arguments.first, command != "--help", command != "-h", command != "help" else {
        print(serviceHelp())
        return arguments.isEmpty ? 2 : 0
    }
    if command == "--version" || command == "version" {
        print("capservice \(Service.version)")
        return 0
    }
    let rest = Array(arguments.dropFirst())
    if rest.contains("--help") || rest.contains("-h") {
        print(serviceHelp())
        return 0
    }
    switch command {
    case "serve": break
    case "backup": return answer { () throws(OperatorError) in try DatabaseCommand.backup(rest) }
    case "rebuild": return answer { () throws(OperatorError) in try DatabaseCommand.rebuild(rest) }
    case "verify": return answer { () throws(OperatorError) in try DatabaseCommand.verify(rest) }
    case "account": return answer { () throws(OperatorError) in try AccountCommand.account(rest) }
    case "repo": return answer { () throws(OperatorError) in try AccountCommand.repo(rest) }
    default: return fail("unknown command `\(command)`", "run `capservice --help`", code: 2)
    }
    let settings: Settings
    do throws(SettingsError) {
        settings = try SettingsParser.parse(rest)
    } catch {
        return fail(error.message, error.hint, code: 2)
    }
    return serve(settings)
}

private func answer(_ run: () throws(OperatorError) -> String) -> Int32 {
    do throws(OperatorError) {
        print(try run())
        return 0
    } catch {
        let hint = error.isMistake ? "run `capservice --help`" : error.hint
        return fail(error.message, hint, code: error.isMistake ? 2 : 1)
    }
}

private func serve(_ settings: Settings) -> Int32 {
    // Signals are taken by `sigwait` below; every later thread inherits the mask.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    // Where there is nothing to read again, a hang-up ends the service as ever.
    if settings.lexicons != nil { sigaddset(&signals, SIGHUP) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)

    let log = StructuredLog(level: settings.logLevel)
    if mkdir(settings.data, 0o700) != 0, errno != EEXIST {
        return fail("cannot make the data folder `\(settings.data)`: \(String(cString: strerror(errno)))", nil)
    }
    var status = stat()
    if stat(settings.data, &status) == 0, status.st_mode & 0o077 != 0 {
        return fail(
            "the data folder `\(settings.data)` can be read by others", "run `chmod 700 \(settings.data)`")
    }
    let standby = StandbyServer(settings, log: log)
    let lost = LostStore(log)
    let service: Service
    do {
        service = try Service(
            settings, log: log,
            watch: StoreWatch(waiting: { standby.isAwaited() }, lost: { lost.end() }))
    } catch {
        standby.stop()
        switch standby.ending {
        case .told?:
            log.info("stopped")
            return 0
        case .deaf(let message)?: return fail(message, nil)
        case nil:
            let (message, hint) = ServiceStartError.words(error)
            return fail(message, hint)
        }
    }
    standby.stop()
    var listen = settings.listen
    if let port = standby.port { listen = HTTPListenAddress(ip: listen.ip, port: port) }
    let server: HTTPServer
    let port: UInt16
    var limits = settings.http
    let bodyBytes = limits.bodyBytes
    limits.bodyLimit = { _, path in service.families.table.readLimit(path) ?? bodyBytes }
    limits.earnedBytes = max(limits.earnedBytes, 4 * service.earnedBodyBytes)
    let handler = ServiceHandler(service)
    limits.earnedLimit = { handler.bodyLeave($0) }
    limits.bodyRefusal = { $0.utf8.starts(with: XRPCDispatcher.prefix.utf8) ? .payloadTooLarge : .bodyTooLarge }
    do throws(HTTPError) {
        server = try HTTPServer(
            listen: listen, limits: limits, threads: settings.threads,
            handler: handler, log: log, refusalHeaders: { Answer.headers(of: $0, service) })
        port = try server.start()
    } catch {
        service.store.close()
        return fail(error.message, nil)
    }
    let host = settings.listen.ip.contains(":") ? "[\(settings.listen.ip)]" : settings.listen.ip
    let url = "http://\(host):\(port)"
    service.address.listens(at: url)
    service.spaces.start()
    write(STDOUT_FILENO, "{\"listening\":\"\(url)\"}\n")
    log.info(
        "started",
        [("port", .int(Int64(port))), ("revision", .int(Int64(service.store.revision)))])

    var received: Int32 = 0
    sigwait(&signals, &received)
    while received == SIGHUP {
        reloadLexicons(service)
        sigwait(&signals, &received)
    }
    log.info("stopping", [("signal", .int(Int64(received)))])
    service.spaces.stop()
    server.stop(deadline: .seconds(10))
    service.hashing.stop(deadline: .seconds(5))
    service.questions.stop(deadline: .seconds(5))
    service.pool.stop(deadline: .seconds(5))
    service.store.close()
    log.info("stopped")
    return lost.hasEnded ? 1 : 0
}

/// Whether a signal to end came before anybody took it.
func isToldToEnd() -> Bool {
    var pending = sigset_t()
    sigpending(&pending)
    return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1
}

/// Ends a service that has lost its store, so that whoever watches over it may start it again, as the next to wait.
private final class LostStore: Sendable {
    private let log: StructuredLog
    private let flag = Atomic<Bool>(false)
    /// Seconds for which it refuses first, so that whoever sends requests here sees it.
    private static let grace: UInt32 = 3

    init(_ log: StructuredLog) { self.log = log }

    var hasEnded: Bool { flag.load(ordering: .acquiring) }

    func end() {
        flag.store(true, ordering: .releasing)
        log.error(
            "storeLost", [("message", .text("another node has the store, or it is not the one that was read; ending"))])
        sleep(Self.grace)
        kill(getpid(), SIGTERM)
    }
}

/// Reads the operator's lexicons again; where one is wrong, those read before stay in force.
private func reloadLexicons(_ service: Service) {
    do throws(LexiconFolder.Fault) {
        try service.lexicons.reload()
        service.log.info("lexiconsReloaded", [])
    } catch {
        service.log.error("lexiconsRefused", [("message", .text(error.message))])
    }
}

private func fail(_ message: String, _ hint: String?, code: Int32 = 1) -> Int32 {
    var text = "capservice: \(message)\n"
    if let hint { text += "hint: \(hint)\n" }
    write(STDERR_FILENO, text)
    return code
}

/// Writes past the C library's buffers, so that what is said is said at once.
private func write(_ descriptor: Int32, _ text: String) {
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
        let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        offset += count
    }
}

private func serviceHelp() -> String {
    var lines = [
        "capservice holds who may do what, and why, for permissioned spaces.", "",
        "usage: capservice serve [--SETTING VALUE]...",
        "       capservice backup [--data DIR | --file FILE] --to FILE   copy the database while the service runs",
        "       capservice verify [--data DIR | --file FILE | --store postgres://…]     check everything stored, tokens included",
        "       capservice rebuild [--data DIR | --file FILE | --store postgres://…]    fill what is kept of the log anew, saying what differed",
        "       capservice account suspend|takedown|activate|delete NAME [--data DIR] [--store postgres://…]   while the service is stopped",
        "       capservice repo takedown|restore SPACE DID [--data DIR] [--store postgres://…]                 the same",
        "       capservice --version", "",
        "settings, each with its usual value (the same names work in the --config file):",
    ]
    for setting in SettingsParser.all {
        let left = "  --\(setting.name) \(setting.value)"
        let usual = setting.shown(Settings())
        let right = usual.isEmpty ? setting.help : "\(setting.help) (\(usual))"
        lines.append(left + String(repeating: " ", count: max(2, 44 - left.count)) + right)
    }
    lines += ["", "example: capservice serve --listen 127.0.0.1:8137 --data .data"]
    return lines.joined(separator: "\n")
}
