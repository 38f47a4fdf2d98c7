/// Says why stored data could not be read or written.
public struct StorageError: Error, Equatable, Sendable {
    /// The closed set of storage failures; raw values are stable.
    public enum Code: String, Sendable, CaseIterable {
        /// There is no file at the path.
        case notFound
        /// The file is something else than a capability log.
        case notADatabase
        /// Stored bytes are not what was written.
        case corrupt
        /// A newer release wrote the file.
        case newerFormat
        /// The file is older than this opening can read or upgrade.
        case olderFormatUnsupported
        /// Another process holds the file.
        case locked
        /// The file system, a quota or the configured size has no room left; nothing of the write was kept.
        case diskFull
        /// The file or the way it was opened does not allow writing.
        case readOnly
        /// The operating system failed to read or write.
        case ioError
        /// The write breaks a rule of the log, e.g. revisions that do not increase.
        case constraint
        /// The log or reader was closed before.
        case closed
        /// The database server cannot be reached, or gave up the work, or others have all connections; nothing of the write
        /// was kept.
        case unavailable
        /// Nobody knows yet whether the write was kept: it must not be taken for done, nor for undone.
        case inDoubt
        /// This node cannot show that what it knows is all that was acknowledged, and so answers nothing.
        case notFresh
        /// A value that not every engine keeps: a text with U+0000, or a key that is longer than an index of PostgreSQL takes.
        case unstorable
        /// The storage library was misused or ran out of memory: a defect here, not in the data.
        case `internal`
    }

    public let code: Code
    /// One lower-case sentence; outside input stands in backticks.
    public let message: String
    /// What would fix it, when something would.
    public let hint: String?

    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// Compares by code: messages are for people.
    public static func == (left: StorageError, right: StorageError) -> Bool { left.code == right.code }
}

extension StorageError {
    /// True for what fails every change alike, and now: each alone would fail of it too, and wait for it as long.
    var failsEveryChange: Bool {
        switch code {
        case .unavailable, .locked, .inDoubt, .closed, .notFresh: true
        default: false
        }
    }
}

extension StorageError: CustomStringConvertible {
    public var description: String {
        guard let hint else { return message }
        return "\(message)\nhint: \(hint)"
    }
}
