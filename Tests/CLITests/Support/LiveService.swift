import Multiformats

/// Runs `capservice` on a folder of its own for one test and ends it with the test.
final class LiveService {
    let url: String
    private let process: ChildProcess

    /// Returns nil when the service does not start.
    init?(data: String, options: [String] = []) {
        let words =
            [
                BuiltProducts.capservice, "serve", "--listen", "127.0.0.1:0", "--data", data, "--accounts-per-hour",
                "0", "--logins-per-minute", "0", "--unhosted-per-hour", "0",
            ] + options
        guard let process = ChildProcess(words),
            let url = (try? JSON.parse(Array(process.readLine().utf8)))?["listening"]?.string
        else { return nil }
        self.process = process
        self.url = url
    }
}
