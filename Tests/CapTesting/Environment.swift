import Glibc

/// Reads variables of the process that runs the tests.
public enum Environment {
    public static func value(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
