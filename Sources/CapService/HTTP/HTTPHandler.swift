/// Answers requests.
protocol HTTPHandler: Sendable {
    /// Takes one request on a server thread and sends its answer through `reply`, at once or later from any thread.
    ///
    /// It must not wait for anything slow: other connections share its thread.
    func handle(_ request: HTTPRequest, _ reply: HTTPReply)
}
