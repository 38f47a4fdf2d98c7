/// Says why the server could not be started.
struct HTTPError: Error, Equatable, Sendable {
    enum Code: String, Sendable {
        case badAddress, addressInUse, listenFailed, startFailed, alreadyStarted
    }

    let code: Code
    let message: String

    static func == (a: HTTPError, b: HTTPError) -> Bool {
        a.code == b.code
    }
}
