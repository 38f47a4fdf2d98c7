import Multiformats

/// Reads a password from a file, from standard input or from whoever sits at the terminal; never from the command line,
/// where other programs could read it.
enum PasswordInput {
    static let limit = 4_096

    static let file = Option(
        "password-file", "FILE", "file with the password on its first line, `-` for standard input", kind: .file)

    /// Returns the first line; a terminal is asked twice when the password is a new one.
    static func read(
        _ arguments: Arguments, _ process: ProcessEnvironment, isNew: Bool
    ) throws(CommandError) -> (password: String, notes: [String]) {
        var notes: [String] = []
        let bytes: [UInt8]
        if let path = arguments[file], !path.hasSameBytes(as: "-") {
            bytes = try SystemFile.read(path, limit: limit)
            if SystemFile.isOpenToOthers(path) { notes.append("`\(path)` can be read by others: `chmod 600` it") }
        } else if arguments[file] == nil, let ask = process.askSecret {
            let first = ask("password: ")
            guard !isNew || first == ask("the same again: ") else {
                throw CommandError(.failure, "the two passwords differ")
            }
            bytes = first
        } else {
            guard let input = process.standardInput(limit) else {
                throw CommandError(.failure, "standard input cannot be read or is too long")
            }
            bytes = input
        }
        let line = UTF8Bytes.withoutMark(bytes).prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty, let password = String(validating: line, as: UTF8.self) else {
            throw .usage(
                "there is no password to read", hint: "`--password-file FILE`, or the password on standard input")
        }
        return (password, notes)
    }
}
