import CapabilityGraph
import Spaces
import UCAN

/// Holds every setting of the service; `SettingsParser` fills it from the command line and a file.
struct Settings: Sendable {
    var listen = HTTPListenAddress(ip: "127.0.0.1", port: 8137)
    var data = ".data"
    /// The address of a database of PostgreSQL that holds the store; nil for a file in the data folder.
    var store: String?
    var hosting = HostingPolicy.explicit
    var clockFile: String?
    var threads = 2
    var cors = true
    var parentsAsBytes = false
    var logLevel = StructuredLog.Level.info
    /// DIDs that may ask `/authorize` about anybody.
    var servicePrincipals: [DID] = []
    /// How far ahead the expiry of an invocation may lie, in seconds.
    var invocationLifetime: Int64 = 300
    /// The most rows a listing without `limit` may have; 0 means any number.
    var maxListRows = 100_000
    var maxPageRows = 1000
    /// Bytes after which a page of a listing ends.
    var maxPageBytes = 1 << 20
    /// Requests a minute one principal may make, and how many of them at once; 0 means no bound.
    var requestsPerMinute = 0
    var requestBurst = 256
    /// Requests a minute one address may make, whoever it says it is and whatever comes of them; 0 means no bound, nil ten
    /// times what a principal may.
    var addressRequestsPerMinute: Int?
    /// Accounts an address may make in an hour; 0 means any number.
    var accountsPerHour = 100
    /// Delegations of who has no space hosted here that are kept of one address in an hour, after as many at once; 0 means any
    /// number.
    var unhostedPerHour = 300
    /// How often a minute one name may be tried to log in with from one address; 0 means any number.
    var loginsPerMinute = 6
    var maxPending = 4096
    /// How many requests read tables at the same time; nil for what the engine takes for its own.
    var maxReaders: Int?
    var maxBatchQuestions = 100
    /// Whether anybody may make an account here.
    var registration = RegistrationPolicy.closed
    /// Confirms what is dangerous beyond loopback.
    var isConfirmed = false
    /// Lets other hosts be asked by plain HTTP when they are on loopback.
    var allowsLoopbackPeers = false
    /// Parts of the service that are switched off.
    var disabledFeatures: Set<Feature> = []
    /// The address clients know this service by, without a trailing slash; nil for the address it listens on.
    var publicURL: String?
    /// Domains under which accounts are named, without a leading dot; empty for the host of the public address.
    var userDomains: [String] = []
    /// Labels that nobody registers, beside the usual ones.
    var reservedNames: [String] = []
    var plcURL = "https://plc.directory"
    /// The issuer whose OAuth access tokens are taken, as it stands in `iss`.
    var oauthIssuer: String?
    /// Folder of lexicons whose space types and permission sets OAuth scopes are read by, and records are checked by.
    var lexicons: String?
    /// Takes unbound credentials of old versions (atproto-spaces.md 0).
    var hasProfileX = false
    /// Lets app passwords act on spaces.
    var allowsAppPasswords = false
    /// Points an account may spend on writes in an hour and in a day; create costs 3, update 2, delete 1.
    var hourlyWritePoints = Int(RepoLimits().hourlyPoints)
    var dailyWritePoints = Int(RepoLimits().dailyPoints)
    /// Seconds a space credential lives, as far as its binding allows.
    var credentialSeconds = 600
    /// Seconds for which a used refresh token is answered again as it was; 0 for never.
    var refreshGraceSeconds = 120
    /// Bytes of a value of the key-value plane, and of an answer with several.
    var kvValueBytes = 8 << 20
    /// Bytes that the values of one space may cost together; 0 means any number.
    var kvQuotaBytes = 1 << 30
    /// Threads that wait for disk syncs and other hosts.
    var blockingThreads = 64
    /// Threads that hash passwords, and how many requests may wait for them.
    var hashingThreads = 2
    var maxHashesWaiting = 32
    var tokens = TokenLimits.default
    var graph = Settings.graphLimits
    var http = HTTPLimits()

    var isLoopback: Bool { listen.ip.hasPrefix("127.") || listen.ip == "::1" }

    /// The decoder's and the graph's bound on proofs are one: what is refused is refused before its signature is checked.
    var proofsPerToken: Int {
        get { tokens.proofs }
        set {
            tokens.proofs = newValue
            graph.maxProofs = newValue
        }
    }

    /// A stranger's room: some 300 MB of memory for edges and 256 MiB of records, beside the tokens, of up to 64 KiB each, on
    /// the disk.
    private static var graphLimits: GraphLimits {
        var limits = GraphLimits()
        limits.unhosted.edgesOfOne = 4096
        limits.unhosted.bytesOfOne = 4 << 20
        limits.unhosted.edges = 1 << 20
        limits.unhosted.bytes = 1 << 28
        return limits
    }

    /// Likewise for capabilities.
    var capabilitiesPerToken: Int {
        get { tokens.capabilities }
        set {
            tokens.capabilities = newValue
            graph.maxCapabilities = newValue
        }
    }

    var repos: RepoLimits {
        var limits = RepoLimits()
        limits.hourlyPoints = Int64(hourlyWritePoints)
        limits.dailyPoints = Int64(dailyWritePoints)
        return limits
    }

    /// The file of the log, where no database of PostgreSQL holds it.
    var database: String { data + "/capability-graph.sqlite" }
    /// The file of the key that the accounts' keys are sealed with; never part of a backup of the database.
    var keyFile: String { data + "/account-keys.master" }
}

/// Says who may make an account.
enum RegistrationPolicy: String, Sendable {
    case open
    case closed
}
