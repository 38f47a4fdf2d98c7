/// Runs `fixtures/cli/stub/stub.py` for one test and ends it with the test.
final class StubService {
    private let process: ChildProcess
    private let port: Int

    /// Returns nil when the script cannot be started.
    init?() {
        guard let process = ChildProcess(["python3", Snapshot.folder + "stub/stub.py"]),
            let port = Int(process.readLine())
        else { return nil }
        self.process = process
        self.port = port
    }

    /// Names the base URL of one way to answer.
    func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }
}
