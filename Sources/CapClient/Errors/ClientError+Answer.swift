import Multiformats

extension ClientError {
    /// Longest text of a service repeated in a message, in characters.
    private static let longestText = 500

    /// Reads the error out of an answer outside 200...299: `{error, message, hint?}`, the framework's page, or plain text.
    init(_ answer: HTTPAnswer) {
        let json = try? JSON.answer(answer.body)
        let page = json?["error"]
        let code = page?.string ?? page?["reason"]?.string
        let text =
            json?["message"]?.string ?? page?["description"]?.string ?? page?.string
            ?? String(decoding: answer.body.prefix(4 * Self.longestText), as: UTF8.self)
        let line = String(text.prefix(Self.longestText))
        self.init(
            .http,
            line.isEmpty ? "the service answered \(answer.status) without a word" : line,
            status: answer.status,
            serviceCode: code,
            hint: json?["hint"]?.string,
            retryAfter: answer.retryAfter
        )
    }
}
