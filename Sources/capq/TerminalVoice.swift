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
    static func complain(_ failure: CommandError) {
        say(failure.message)
        if let hint = failure.hint {
            SystemFile.writeAll(STDERR_FILENO, Array("hint: \(PrintableText.of(hint))\n".utf8))
        }
    }

    /// Shows a line that the next one, or anything else said, takes the place of; an empty one leaves nothing.
    static func progress(_ line: String) {
        SystemFile.writeAll(STDERR_FILENO, Array("\r\u{1b}[K\(PrintableText.of(line))".utf8))
    }

    /// Asks for a line of standard input that the terminal does not show.
    static func askSecret(_ question: String) -> [UInt8] {
        SystemFile.writeAll(STDERR_FILENO, Array(question.utf8))
        var shown = termios()
        let isTerminal = tcgetattr(STDIN_FILENO, &shown) == 0
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        if isTerminal { tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) }
        defer {
            if isTerminal { tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown) }
            SystemFile.writeAll(STDERR_FILENO, [UInt8(ascii: "\n")])
        }
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < PasswordInput.limit, read(STDIN_FILENO, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        return line
    }
}
