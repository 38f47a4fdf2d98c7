/// Reads a command line against a table of commands.
struct Parser {
    /// What the line asks for.
    enum Outcome {
        case run(Command, Arguments)
        /// Help for the last command of the path, which starts at the root.
        case help([Command])
    }

    private var path: [Command]
    private var arguments: Arguments
    private var places: [String] = []
    private var wantsHelp = false
    private var isClosed = false

    private init(root: Command) {
        path = [root]
        arguments = Arguments(path: [root.name])
    }

    /// Parses `words` (without the program's own name); every mistake is a usage failure.
    static func parse(_ words: [String], root: Command) throws(Failure) -> Outcome {
        var parser = Parser(root: root)
        var rest = words[...]
        while let word = rest.popFirst() {
            try parser.take(word, &rest)
        }
        return try parser.finish()
    }

    private var command: Command { path[path.count - 1] }
    private var visibleFlags: [Flag] { path.flatMap(\.flags) }
    private var visibleOptions: [Option] { path.flatMap(\.options) }

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(Failure) {
        if isClosed || word.hasSameBytes(as: "-") || word.utf8.first != UInt8(ascii: "-") {
            try takeWord(word)
        } else if word.hasSameBytes(as: "--") {
            isClosed = true
        } else if word.utf8.starts(with: "--".utf8) {
            try takeLong(word, &rest)
        } else {
            try takeShort(word, &rest)
        }
    }

    private mutating func takeWord(_ word: String) throws(Failure) {
        guard !command.subcommands.isEmpty, places.isEmpty, !isClosed else {
            places.append(word)
            return
        }
        if path.count == 1, word.hasSameBytes(as: "help") {
            wantsHelp = true
            return
        }
        guard let next = command.subcommand(named: word) else {
            let known = command.subcommands.flatMap { [$0.name] + $0.aliases }
            let near = Suggestion.nearest(to: word, among: known)
            let typed = arguments.path.joined(separator: " ")
            throw .usage(
                "no command `\(word)` in `\(typed)`",
                hint: near.map { "did you mean `\(typed) \($0)`?" } ?? "`\(typed) --help` lists the commands"
            )
        }
        path.append(next)
        arguments.path.append(next.name)
    }

    private mutating func takeLong(_ word: String, _ rest: inout ArraySlice<String>) throws(Failure) {
        let body = word.dropFirst(2)
        let split = body.utf8.firstIndex(of: UInt8(ascii: "="))
        let name = String(body[..<(split ?? body.endIndex)])
        let attached = split.map { String(body[body.utf8.index(after: $0)...]) }
        if let flag = visibleFlags.first(where: { $0.name.hasSameBytes(as: name) }) {
            guard attached == nil else { throw .usage("`--\(name)` takes no value") }
            set(flag)
        } else if let option = visibleOptions.first(where: { $0.name.hasSameBytes(as: name) }) {
            try set(option, attached, &rest)
        } else {
            throw unknown("--\(name)")
        }
    }

    private mutating func takeShort(_ word: String, _ rest: inout ArraySlice<String>) throws(Failure) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            if let flag = visibleFlags.first(where: { $0.short == letter }) {
                set(flag)
            } else if let option = visibleOptions.first(where: { $0.short == letter }) {
                if letters.first == "=" { letters.removeFirst() }
                try set(option, letters.isEmpty ? nil : String(letters), &rest)
                return
            } else {
                throw unknown("-\(letter)")
            }
        }
    }

    private mutating func set(_ flag: Flag) {
        if flag == StandardOptions.help { wantsHelp = true }
        arguments.flags.insert(flag.name)
    }

    private mutating func set(
        _ option: Option,
        _ attached: String?,
        _ rest: inout ArraySlice<String>
    ) throws(Failure) {
        var value = attached
        if value == nil, let next = rest.first, next.utf8.first != UInt8(ascii: "-") || next.utf8.count == 1 {
            value = rest.popFirst()
        }
        guard let value else {
            throw .usage(
                "`--\(option.name)` needs a value",
                hint: "`--\(option.name) \(option.placeholder)`, or `--\(option.name)=VALUE` when it starts with a dash"
            )
        }
        guard option.repeats || arguments.options[option.name] == nil else {
            throw .usage("`--\(option.name)` is given twice")
        }
        try option.kind.validate(value, owner: "`--\(option.name)`")
        arguments.options[option.name, default: []].append(value)
    }

    private func unknown(_ typed: String) -> Failure {
        let long = visibleFlags.map { "--\($0.name)" } + visibleOptions.map { "--\($0.name)" }
        let name = arguments.path.joined(separator: " ")
        let near = Suggestion.nearest(to: typed, among: long)
        let elsewhere = command.subcommands.first { command in
            command.flags.contains { "--\($0.name)".hasSameBytes(as: typed) }
                || command.options.contains { "--\($0.name)".hasSameBytes(as: typed) }
        }
        let hint =
            elsewhere.map { "`\(typed)` belongs after `\(name) \($0.name)`" }
            ?? near.map { "did you mean `\($0)`?" }
            ?? "`\(name) --help` lists the options"
        return .usage("no option `\(typed)` in `\(name)`", hint: hint)
    }

    private mutating func finish() throws(Failure) -> Outcome {
        guard !wantsHelp else { return .help(path) }
        let name = arguments.path.joined(separator: " ")
        guard command.action != nil else {
            throw .usage("`\(name)` needs a command", hint: "`\(name) --help` lists the commands")
        }
        guard places.count <= command.positionals.count else {
            throw .usage(
                "`\(places[command.positionals.count])` is one argument too many for `\(name)`",
                hint: "usage: \(HelpText.usage(path))"
            )
        }
        for (index, positional) in command.positionals.enumerated() {
            guard index < places.count else {
                guard !positional.isRequired else {
                    throw .usage("`\(name)` needs \(positional.name)", hint: "usage: \(HelpText.usage(path))")
                }
                continue
            }
            try positional.kind.validate(places[index], owner: positional.name)
            arguments.positionals[positional.name] = places[index]
        }
        return .run(command, arguments)
    }
}
