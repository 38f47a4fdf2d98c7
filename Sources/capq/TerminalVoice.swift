import Glibc

/// Speaks for capq: answers go to standard output, all talk to standard error.
///
/// Talk is lower case, has no full stop, starts with `capq:`, and says what would help on a line of its own.
enum TerminalVoice {
    /// Writes an answer; false when nobody reads it any more.
    @discardableResult
    static func answer(_ text: String) -> Bool {
        SystemFile.writeAll(STDOUT_FILENO, Array(text.utf8))
    }

    /// Writes a remark.
    static func say(_ sentence: String) {
        SystemFile.writeAll(STDERR_FILENO, Array("capq: \(PrintableText.of(sentence))\n".utf8))
    }

    /// Writes why there is no answer.
    static func complain(_ failure: Failure) {
        say(failure.message)
        if let hint = failure.hint {
            SystemFile.writeAll(STDERR_FILENO, Array("hint: \(PrintableText.of(hint))\n".utf8))
        }
    }
}
