import CapabilityGraph
import Glibc
import Multiformats
import UCAN

/// Says what is wrong with a setting.
struct SettingsError: Error, Sendable {
    let message: String
    var hint: String?
}

/// One setting: its name on the command line and in the file, what it takes, and what it does.
struct Setting: Sendable {
    let name: String
    let value: String
    let help: String
    /// Prints the value the setting has; empty where it has none.
    var shown: @Sendable (Settings) -> String = { _ in "" }
    /// On the command line its name alone means `on`.
    var isSwitch = false
    let apply: @Sendable (inout Settings, String) throws(SettingsError) -> Void
}

enum SettingsParser {
    /// Reads `--name value` and `--name=value`; a `--config FILE` is read first, so that the command line wins.
    static func parse(_ arguments: [String]) throws(SettingsError) -> Settings {
        var pairs: [(name: String, value: String)] = []
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            guard argument.hasPrefix("--") else {
                throw SettingsError(message: "unexpected argument `\(argument)`", hint: "run `capservice --help`")
            }
            let body = argument.dropFirst(2)
            if let split = body.firstIndex(of: "=") {
                pairs.append((String(body[..<split]), String(body[body.index(after: split)...])))
                index += 1
            } else if isSwitch(body), index + 1 == arguments.count || !isFlag(arguments[index + 1]) {
                pairs.append((String(body), "on"))
                index += 1
            } else {
                guard index + 1 < arguments.count else {
                    throw SettingsError(message: "`\(argument)` needs a value", hint: "run `capservice --help`")
                }
                pairs.append((String(body), arguments[index + 1]))
                index += 2
            }
        }
        var settings = Settings()
        for pair in pairs where pair.name == "config" { try readFile(pair.value, into: &settings) }
        for pair in pairs where pair.name != "config" { try apply(pair.name, pair.value, to: &settings) }
        try check(settings)
        return settings
    }

    /// Reads a JSON object whose members are settings; lists are arrays of text.
    private static func readFile(_ path: String, into settings: inout Settings) throws(SettingsError) {
        guard let bytes = FileBytes.read(path, limit: 1 << 20) else {
            throw SettingsError(message: "cannot read the configuration file `\(path)`")
        }
        let json: JSON
        do throws(MultiformatsError) {
            json = try JSON.parse(Array(UTF8Bytes.withoutMark(bytes)))
        } catch {
            throw SettingsError(message: "the configuration file `\(path)` is not strict JSON: \(error.message)")
        }
        guard case .object(let object) = json else {
            throw SettingsError(message: "the configuration file `\(path)` is not a JSON object")
        }
        for member in object.members {
            let text: String
            switch member.value {
            case .string(let value): text = value
            case .number(let number): text = number.text
            case .bool(let flag): text = flag ? "on" : "off"
            case .array(let list): text = list.compactMap(\.string).joined(separator: ",")
            case .null, .object:
                throw SettingsError(message: "`\(member.key)` in `\(path)` is neither text, a number nor a switch")
            }
            try apply(member.key, text, to: &settings)
        }
    }

    private static func apply(_ name: String, _ value: String, to settings: inout Settings) throws(SettingsError) {
        guard let setting = all.first(where: { $0.name == name }) else {
            throw SettingsError(message: "there is no setting `\(name)`", hint: "run `capservice --help`")
        }
        try setting.apply(&settings, value)
    }

    private static func check(_ settings: Settings) throws(SettingsError) {
        if settings.clockFile != nil, !settings.isLoopback {
            throw SettingsError(
                message: "`clock-file` is refused unless the service listens on loopback",
                hint: "listen on 127.0.0.1 or ::1, or leave `clock-file` out")
        }
        if settings.allowsLoopbackPeers, !settings.isLoopback {
            throw SettingsError(
                message: "`allow-loopback-peers` is refused unless the service listens on loopback",
                hint: "listen on 127.0.0.1 or ::1, or leave `allow-loopback-peers` out")
        }
        guard settings.registration == .open, !settings.isLoopback else { return }
        guard settings.isConfirmed else {
            throw SettingsError(
                message: "open registration is refused beyond loopback",
                hint: "add `--yes-really` if anybody may make an account here, or listen on 127.0.0.1")
        }
        guard settings.publicURL != nil else {
            throw SettingsError(
                message: "open registration beyond loopback needs `public-url`",
                hint: "name the https address clients know this service by")
        }
    }

    private static func isSwitch(_ name: Substring) -> Bool {
        all.contains { $0.isSwitch && $0.name.utf8.elementsEqual(name.utf8) }
    }

    private static func isFlag(_ text: String) -> Bool { (try? flag(text, "")) != nil }

    static func number(_ text: String, _ name: String, _ range: ClosedRange<Int>) throws(SettingsError) -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw SettingsError(
                message: "`\(name)` takes a whole number from \(range.lowerBound) to \(range.upperBound), not `\(text)`"
            )
        }
        return value
    }

    static func flag(_ text: String, _ name: String) throws(SettingsError) -> Bool {
        switch text {
        case "on", "true", "yes": true
        case "off", "false", "no": false
        default: throw SettingsError(message: "`\(name)` takes `on` or `off`, not `\(text)`")
        }
    }

    /// What libpq takes as a URI; a password in it is not repeated.
    static func store(_ text: String) throws(SettingsError) -> String {
        guard ["postgres://", "postgresql://"].contains(where: { text.hasPrefix($0) }) else {
            throw SettingsError(
                message: "`store` takes the address of a PostgreSQL database",
                hint: "write it as `postgres://USER@HOST/DATABASE`, or `postgres:///DATABASE?host=/run/postgresql`")
        }
        return text
    }

    static func address(_ text: String) throws(SettingsError) -> HTTPListenAddress {
        guard let split = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: split)...]) else {
            throw SettingsError(message: "`listen` takes ADDRESS:PORT, not `\(text)`")
        }
        var host = String(text[..<split])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host == "localhost" { host = "127.0.0.1" }
        let address = HTTPListenAddress(ip: host, port: port)
        guard address.isValid else { throw SettingsError(message: "`\(host)` is not an IPv4 or IPv6 address") }
        return address
    }
}
