import CapabilityGraph
import Identity
import Storage
import UCAN

/// Puts what stopped the service from starting into words.
enum ServiceStartError {
    static func words(_ error: any Error) -> (message: String, hint: String?) {
        switch error {
        case let error as StorageError: (error.message, error.hint)
        case let error as IdentityError: (error.message, error.hint)
        case let error as LexiconFolder.Fault: (error.message, "mend the file, or take it out of the folder")
        case let error as GraphError: (error.message, nil)
        case let error as UCANError: (error.message, nil)
        default: ("\(error)", nil)
        }
    }
}
