import CapabilityGraph
import Storage
import UCAN

extension SettingsParser {
    static func count(
        _ name: String, _ range: ClosedRange<Int>, _ help: String, _ path: any WritableKeyPath<Settings, Int> & Sendable
    ) -> Setting {
        Setting(name: name, value: "N", help: help, shown: { String($0[keyPath: path]) }) {
            settings, text throws(SettingsError) in
            settings[keyPath: path] = try number(text, name, range)
        }
    }

    private static func seconds(
        _ name: String, _ help: String, _ path: any WritableKeyPath<Settings, Duration> & Sendable
    ) -> Setting {
        Setting(
            name: name, value: "SECONDS", help: help, shown: { String($0[keyPath: path].components.seconds) }
        ) { settings, text throws(SettingsError) in
            settings[keyPath: path] = .seconds(try number(text, name, 1...86_400))
        }
    }

    static func toggle(
        _ name: String, _ help: String, _ path: any WritableKeyPath<Settings, Bool> & Sendable
    ) -> Setting {
        Setting(name: name, value: "on|off", help: help, shown: { $0[keyPath: path] ? "on" : "off" }) {
            settings, text throws(SettingsError) in
            settings[keyPath: path] = try flag(text, name)
        }
    }

    /// Every setting, in the order of the help text.
    static let all: [Setting] =
        [
            Setting(
                name: "listen", value: "ADDRESS:PORT", help: "where to listen; port 0 picks one",
                shown: { "\($0.listen.ip):\($0.listen.port)" }
            ) { settings, text throws(SettingsError) in settings.listen = try address(text) },
            Setting(
                name: "data", value: "DIR", help: "folder of the database, made when missing", shown: { $0.data }
            ) { settings, text in settings.data = text },
            Setting(
                name: "store", value: "postgres://…",
                help: "PostgreSQL database that holds the store in place of a file",
                shown: { $0.store.map { "postgres://\(PostgresEngine.name(of: $0))" } ?? "" }
            ) { settings, text throws(SettingsError) in settings.store = try store(text) },
            Setting(name: "config", value: "FILE", help: "JSON file with these settings; the command line wins") {
                _, _ in
            },
            Setting(
                name: "hosting", value: "explicit|open", help: "how a space comes to be hosted",
                shown: { $0.hosting.rawValue }
            ) { settings, text throws(SettingsError) in
                guard let policy = HostingPolicy(rawValue: text) else {
                    throw SettingsError(message: "`hosting` takes `explicit` or `open`, not `\(text)`")
                }
                settings.hosting = policy
            },
            Setting(
                name: "clock-file", value: "FILE", help: "file with Unix seconds read at each request; loopback only"
            ) {
                settings, text in settings.clockFile = text
            },
            count("threads", 1...64, "server threads", \.threads),
            toggle("cors", "answer with CORS headers", \.cors),
            toggle("parents-as-bytes", "list `parents` as byte arrays, as the reference does", \.parentsAsBytes),
            Setting(
                name: "log-level", value: "LEVEL", help: "debug, info, warning, error or none",
                shown: { "\($0.logLevel)" }
            ) { settings, text throws(SettingsError) in
                let levels: [String: StructuredLog.Level] = [
                    "debug": .debug, "info": .info, "warning": .warning, "error": .error, "none": .none,
                ]
                guard let level = levels[text] else {
                    throw SettingsError(message: "`log-level` takes debug, info, warning, error or none, not `\(text)`")
                }
                settings.logLevel = level
            },
            Setting(name: "service-principals", value: "DID,…", help: "who may ask /authorize about anybody") {
                settings, text throws(SettingsError) in
                settings.servicePrincipals = []
                for item in text.split(separator: ",") {
                    guard let did = try? DID(String(item)) else {
                        throw SettingsError(message: "`\(item)` in `service-principals` is not a DID")
                    }
                    settings.servicePrincipals.append(did)
                }
            },
            Setting(
                name: "invocation-lifetime", value: "SECONDS", help: "how far ahead an invocation may expire",
                shown: { String($0.invocationLifetime) }
            ) { settings, text throws(SettingsError) in
                settings.invocationLifetime = Int64(try number(text, "invocation-lifetime", 1...86_400))
            },
        ] + accounts + [
            count("kv-value-bytes", 1...67_108_864, "size of a value, and of an answer with several", \.kvValueBytes),
            count(
                "kv-quota-bytes", 0...(1 << 50), "what the values of a space may cost together; 0 is any number",
                \.kvQuotaBytes),
            count("max-list-rows", 0...10_000_000, "rows of a listing without `limit`; 0 is any number", \.maxListRows),
            count("max-page-rows", 1...10_000, "the largest `limit` of a listing", \.maxPageRows),
            count(
                "max-page-bytes", 4096...67_108_864, "bytes after which a page of a listing ends", \.maxPageBytes),
            count(
                "requests-per-minute", 0...1_000_000,
                "requests a principal, or an address showing no token, may make; 0 is any number", \.requestsPerMinute),
            count("request-burst", 1...100_000, "requests a principal may make at once", \.requestBurst),
            Setting(
                name: "address-requests-per-minute", value: "N",
                help: "requests an address may make, refused ones too; 0 is any number",
                shown: { $0.addressRequestsPerMinute.map(String.init) ?? "10 times requests-per-minute" }
            ) { settings, text throws(SettingsError) in
                settings.addressRequestsPerMinute = try number(text, "address-requests-per-minute", 0...10_000_000)
            },
            count(
                "accounts-per-hour", 0...1_000_000, "accounts an address may make; 0 is any number", \.accountsPerHour),
            count(
                "unhosted-per-hour", 0...10_000_000,
                "delegations of who has no space hosted that are kept of an address; 0 is any number",
                \.unhostedPerHour),
            count(
                "unhosted-edges-per-owner", 1...67_108_864,
                "delegations kept for one DID that has no space hosted", \.graph.unhosted.edgesOfOne),
            count(
                "unhosted-bytes-per-owner", 1024...(1 << 32), "bytes of their records, with new names",
                \.graph.unhosted.bytesOfOne),
            count(
                "max-unhosted-edges", 1...67_108_864, "delegations kept for all DIDs that have no space hosted",
                \.graph.unhosted.edges),
            count(
                "max-unhosted-bytes", 1024...(1 << 32), "bytes of their records, with new names",
                \.graph.unhosted.bytes),
            count(
                "logins-per-minute", 0...1_000_000,
                "tries of one name from one address to log in; 0 is any number", \.loginsPerMinute),
            Setting(
                name: "trusted-proxies", value: "ADDRESS[/BITS],…", help: "proxies that say whom they speak for"
            ) { settings, text throws(SettingsError) in
                settings.http.proxies.networks = []
                for item in text.split(separator: ",", omittingEmptySubsequences: text.isEmpty) {
                    guard let network = IPNetwork(item) else {
                        throw SettingsError(message: "`\(item)` in `trusted-proxies` is not an address or a network")
                    }
                    settings.http.proxies.networks.append(network)
                }
            },
            Setting(
                name: "client-address-field", value: "FIELD",
                help: "where they say it: `x-forwarded-for` or `forwarded`", shown: { $0.http.proxies.field.rawValue }
            ) { settings, text throws(SettingsError) in
                guard let field = TrustedProxies.Field(rawValue: text) else {
                    throw SettingsError(
                        message: "`client-address-field` takes `x-forwarded-for` or `forwarded`, not `\(text)`")
                }
                settings.http.proxies.field = field
            },
            count("max-pending", 1...1_000_000, "changes that may wait for the writer", \.maxPending),
            count("max-batch", 1...1000, "questions in one batch of /authorize", \.maxBatchQuestions),
            count("max-token-bytes", 1024...1_048_576, "size of a token", \.tokens.bytes),
            count("max-proofs", 1...64, "proofs a token may cite", \.proofsPerToken),
            count("max-capabilities", 1...65_535, "capabilities a token may carry", \.capabilitiesPerToken),
            count("max-json-depth", 8...64, "nesting of a token's JSON", \.tokens.depth),
            count("max-closure-nodes", 1...4096, "delegations above one delegation", \.graph.maxClosureNodes),
            count("max-check-nodes", 16...1_048_576, "capabilities one check may visit", \.graph.maxCheckNodes),
            count("max-edges", 1024...67_108_864, "delegations the index may hold", \.graph.maxEdges),
            count("max-header-bytes", 1024...1_048_576, "size of a request's head", \.http.headerBytes),
            count("max-body-bytes", 1024...67_108_864, "size of a request's body", \.http.bodyBytes),
            count("max-connections", 1...65_536, "open connections", \.http.connections),
            count(
                "max-connections-per-address", 1...65_536, "open connections of one address",
                \.http.connectionsPerAddress),
            seconds("head-timeout", "time to send a request's head", \.http.headDeadline),
            seconds("body-timeout", "time to send a request's body", \.http.bodyDeadline),
            seconds("idle-timeout", "time between two requests of a connection", \.http.idleDeadline),
            seconds("request-timeout", "time to answer a request", \.http.requestDeadline),
        ]
}
