import ATProto
import Multiformats

extension SettingsParser {
    /// The settings of accounts, identity and permissioned spaces.
    static let accounts: [Setting] = [
        Setting(
            name: "registration", value: "open|closed", help: "whether anybody may make an account",
            shown: { $0.registration.rawValue }
        ) { settings, text throws(SettingsError) in
            guard let policy = RegistrationPolicy(rawValue: text) else {
                throw SettingsError(message: "`registration` takes `open` or `closed`, not `\(text)`")
            }
            settings.registration = policy
        },
        switching("yes-really", "confirm open registration beyond loopback", \.isConfirmed),
        switching(
            "allow-loopback-peers", "ask other hosts by plain HTTP when they are on loopback; loopback only",
            \.allowsLoopbackPeers),
        Setting(
            name: "feature", value: "NAME=on|off", help: "switch a part of the service; `spaces_enabled`",
            shown: { settings in
                Feature.allCases.map { "\($0.rawValue)=\(settings.disabledFeatures.contains($0) ? "off" : "on")" }
                    .joined(separator: ",")
            }
        ) { settings, text throws(SettingsError) in
            for item in text.split(separator: ",") {
                let parts = item.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, let feature = Feature(rawValue: String(parts[0])) else {
                    throw SettingsError(message: "`feature` takes `spaces_enabled=on` or `=off`, not `\(item)`")
                }
                if try flag(String(parts[1]), "feature") {
                    settings.disabledFeatures.remove(feature)
                } else {
                    settings.disabledFeatures.insert(feature)
                }
            }
        },
        Setting(
            name: "public-url", value: "URL",
            help: "the address clients know this service by; else the one listened on",
            shown: { $0.publicURL ?? "" }
        ) { settings, text throws(SettingsError) in settings.publicURL = try origin(text, "public-url").normal },
        Setting(
            name: "user-domains", value: "DOMAIN,…", help: "domains accounts are named under; else the public host",
            shown: { $0.userDomains.joined(separator: ",") }
        ) { settings, text throws(SettingsError) in
            settings.userDomains = []
            for item in text.split(separator: ",") {
                let domain = String(item.first == "." ? item.dropFirst() : item)
                guard isDomain(domain) else {
                    throw SettingsError(message: "`\(item)` in `user-domains` is not a domain in lower case")
                }
                settings.userDomains.append(domain)
            }
        },
        Setting(
            name: "reserved-names", value: "NAME,…", help: "names nobody may register, beside www, admin and the like",
            shown: { $0.reservedNames.joined(separator: ",") }
        ) { settings, text throws(SettingsError) in
            settings.reservedNames = []
            for item in text.split(separator: ",") {
                guard isDomain(String(item)), !item.contains(".") else {
                    throw SettingsError(message: "`\(item)` in `reserved-names` is not a name in lower case")
                }
                settings.reservedNames.append(String(item))
            }
        },
        Setting(
            name: "plc-url", value: "URL", help: "the directory that did:plc is looked up in", shown: { $0.plcURL }
        ) { settings, text throws(SettingsError) in settings.plcURL = try origin(text, "plc-url").typed },
        Setting(
            name: "oauth-issuer", value: "URL", help: "the issuer whose OAuth access tokens are taken",
            shown: { $0.oauthIssuer ?? "" }
        ) { settings, text throws(SettingsError) in settings.oauthIssuer = try origin(text, "oauth-issuer").typed },
        Setting(
            name: "lexicons", value: "DIR",
            help: "lexicons of space types and permission sets, for OAuth scopes, and of records, which must be sound; "
                + "read again on SIGHUP",
            shown: { $0.lexicons ?? "" }
        ) { settings, text in settings.lexicons = text },
        toggle("profile-x", "take unbound space credentials of old versions: unsafe", \.hasProfileX),
        toggle("allow-app-passwords", "let app passwords act on spaces", \.allowsAppPasswords),
        count(
            "hourly-write-points", 1...1_000_000_000,
            "points an account may spend on records in an hour; create costs 3, update 2, delete 1",
            \.hourlyWritePoints),
        count(
            "daily-write-points", 1...1_000_000_000, "points an account may spend on records in a day",
            \.dailyWritePoints),
        count("credential-seconds", 30...7200, "seconds a space credential lives", \.credentialSeconds),
        count(
            "refresh-grace-seconds", 0...7200,
            "seconds in which using a refresh token again gives the same answer; later it ends the session",
            \.refreshGraceSeconds),
        count("blocking-threads", 2...512, "threads that wait for disk and hosts", \.blockingThreads),
        count("hashing-threads", 1...64, "threads that hash passwords", \.hashingThreads),
        count("max-hashes-waiting", 1...10_000, "requests that may wait for a password's hash", \.maxHashesWaiting),
    ]

    private static func switching(
        _ name: String, _ help: String, _ path: any WritableKeyPath<Settings, Bool> & Sendable
    ) -> Setting {
        Setting(
            name: name, value: "on|off", help: help, shown: { $0[keyPath: path] ? "on" : "off" }, isSwitch: true
        ) { settings, text throws(SettingsError) in
            settings[keyPath: path] = try flag(text, name)
        }
    }

    /// Checks an `http` or `https` address: scheme, host and perhaps a port and a path. Gives it without a trailing slash,
    /// as it was typed and in the form in which addresses are compared.
    private static func origin(
        _ text: String, _ name: String
    ) throws(SettingsError) -> (typed: String, normal: String) {
        var bytes = Array(text.utf8)
        while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        let rest = ["https://", "http://"].first { bytes.starts(with: $0.utf8) }.map { bytes.dropFirst($0.utf8.count) }
        guard let rest, let first = rest.first, first != UInt8(ascii: "/"), rest.allSatisfy(ASCII.isTarget),
            !rest.contains(where: { "?#@".utf8.contains($0) }),
            let uri = TargetURI(String(decoding: bytes, as: UTF8.self))
        else {
            throw SettingsError(message: "`\(name)` takes an http or https address, not `\(text)`")
        }
        var normal = Array(uri.text.utf8)
        while normal.last == UInt8(ascii: "/") { normal.removeLast() }
        return (String(decoding: bytes, as: UTF8.self), String(decoding: normal, as: UTF8.self))
    }

    /// Labels of letters in lower case, digits and inner hyphens, joined by dots.
    private static func isDomain(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return text.utf8.count <= 200
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                    && label.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
            }
    }
}
