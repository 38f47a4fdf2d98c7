public import CapabilityGraph
public import UCAN

/// One change offered to the store, with the call that receives its outcome on the writer thread.
///
/// The call comes after the change is durable and visible, or after it was refused; it must be short.
public enum StoreOperation: Sendable {
    case admit(
        EdgeStatement, token: [UInt8], now: Timestamp, hosting: HostingPolicy, sender: any SenderAllowance = .anybody,
        AdmissionReply)
    case revoke(RevocationStatement, token: [UInt8], now: Timestamp, RevocationReply)
    /// Marks an invocation as used, and hosts a space with it where the policy says so.
    case use(ReplayMark, hosting: Space?, now: Timestamp, UseReply)

    /// Changes tables and graph together; see `GraphStore.transact`.
    case tables(TableOperation)

    public typealias AdmissionReply = @Sendable (Result<AdmissionOutcome, StoreFailure>) -> Void
    public typealias RevocationReply = @Sendable (Result<RevocationOutcome, StoreFailure>) -> Void
    public typealias UseReply = @Sendable (Result<UseOutcome, StoreFailure>) -> Void

    func fail(_ failure: StoreFailure) {
        switch self {
        case .admit(_, _, _, _, _, let reply): reply(.failure(failure))
        case .revoke(_, _, _, let reply): reply(.failure(failure))
        case .use(_, _, _, let reply): reply(.failure(failure))
        case .tables(let change): change.reply(.failure(failure))
        }
    }

    var usesTables: Bool {
        switch self {
        // An end takes rows with it.
        case .tables, .revoke: true
        case .admit, .use: false
        }
    }
}

/// What became of a use mark.
public enum UseOutcome: Sendable {
    case marked
    case duplicate
}

/// Says why a change could be neither accepted nor refused; nothing of it was kept.
public enum StoreFailure: Error, Sendable, Equatable {
    case storage(StorageError)
    case graph(GraphError)
    /// The queue or the replay memory is full; the same request may succeed later.
    case busy

    public var message: String {
        switch self {
        case .storage(let error): error.message
        case .graph(let error): error.message
        case .busy: "too many changes are waiting"
        }
    }
}
