import CSQLite
import Glibc
import Synchronization

/// Lies beneath SQLite and remembers, in order, what it asks of the disk.
enum RecordingFileSystem {
    enum Event {
        case write(file: String, offset: Int, bytes: [UInt8])
        case truncate(file: String, count: Int)
        case sync(file: String)
        case delete(file: String)
        /// Put in by the test: everything up to this revision was acknowledged.
        case acknowledged(UInt64)
    }

    static let name = "recording"

    private struct State: Sendable {
        var events: [Event] = []
        /// Names and own methods of open files by the address of their handle.
        var files: [UInt: (name: String, methods: UInt)] = [:]
        /// Copies of SQLite's method tables with three entries replaced, by the address of the original: files that
        /// are locked and files that are not have different ones.
        var copies: [UInt: UInt] = [:]
    }

    private static let state = Mutex(State())
    /// SQLite's own layer; set once by `install`.
    private nonisolated(unsafe) static var base: UnsafeMutablePointer<sqlite3_vfs>?

    /// Registers the layer under `name`; a test uses it alone, since there is one recording.
    static func install() {
        guard let found = sqlite3_vfs_find(nil) else { return }
        base = found
        let layer = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        layer.initialize(to: found.pointee)
        layer.pointee.pNext = nil
        layer.pointee.zName = UnsafePointer(strdup(name))
        layer.pointee.xOpen = open
        layer.pointee.xDelete = delete
        sqlite3_vfs_register(layer, 0)
    }

    static func acknowledge(_ revision: UInt64) { record(.acknowledged(revision)) }

    static func takeEvents() -> [Event] {
        state.withLock { state in
            defer { state.events = [] }
            return state.events
        }
    }

    private static func record(_ event: Event) { state.withLock { $0.events.append(event) } }

    private static func name(of file: UnsafeMutablePointer<sqlite3_file>?) -> String {
        state.withLock { $0.files[UInt(bitPattern: file)]?.name ?? "" }
    }

    private static func ownMethods(of file: UnsafeMutablePointer<sqlite3_file>?) -> sqlite3_io_methods? {
        let address = state.withLock { $0.files[UInt(bitPattern: file)]?.methods ?? 0 }
        return UnsafePointer<sqlite3_io_methods>(bitPattern: address)?.pointee
    }

    /// Has the file's writes, syncs and truncations come here first.
    private static func watch(_ file: UnsafeMutablePointer<sqlite3_file>, _ name: String) {
        guard let own = file.pointee.pMethods else { return }
        let copy = state.withLock { state in
            state.files[UInt(bitPattern: file)] = (name, UInt(bitPattern: own))
            if let copy = state.copies[UInt(bitPattern: own)] { return copy }
            let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
            methods.initialize(to: own.pointee)
            methods.pointee.xWrite = write
            methods.pointee.xTruncate = truncate
            methods.pointee.xSync = sync
            state.copies[UInt(bitPattern: own)] = UInt(bitPattern: methods)
            return UInt(bitPattern: methods)
        }
        file.pointee.pMethods = UnsafePointer(bitPattern: copy)
    }

    private static let open:
        @convention(c) (
            UnsafeMutablePointer<sqlite3_vfs>?, sqlite3_filename?, UnsafeMutablePointer<sqlite3_file>?, Int32,
            UnsafeMutablePointer<Int32>?
        ) -> Int32 = { _, path, file, flags, outFlags in
            let status = base?.pointee.xOpen(base, path, file, flags, outFlags) ?? SQLITE_ERROR
            if status == SQLITE_OK, let file, let path { watch(file, String(cString: path)) }
            return status
        }

    private static let delete:
        @convention(c) (UnsafeMutablePointer<sqlite3_vfs>?, UnsafePointer<CChar>?, Int32) -> Int32 = { _, path, sync in
            if let path { record(.delete(file: String(cString: path))) }
            return base?.pointee.xDelete(base, path, sync) ?? SQLITE_ERROR
        }

    private static let write:
        @convention(c) (UnsafeMutablePointer<sqlite3_file>?, UnsafeRawPointer?, Int32, Int64) -> Int32 = {
            file, bytes, count, offset in
            let copy = [UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(count)))
            record(.write(file: name(of: file), offset: Int(offset), bytes: copy))
            return ownMethods(of: file)?.xWrite(file, bytes, count, offset) ?? SQLITE_ERROR
        }

    private static let truncate: @convention(c) (UnsafeMutablePointer<sqlite3_file>?, Int64) -> Int32 = { file, count in
        record(.truncate(file: name(of: file), count: Int(count)))
        return ownMethods(of: file)?.xTruncate(file, count) ?? SQLITE_ERROR
    }

    private static let sync: @convention(c) (UnsafeMutablePointer<sqlite3_file>?, Int32) -> Int32 = { file, flags in
        // Recorded after the fact: what is written while it runs is not yet safe.
        let status = ownMethods(of: file)?.xSync(file, flags) ?? SQLITE_ERROR
        record(.sync(file: name(of: file)))
        return status
    }
}
