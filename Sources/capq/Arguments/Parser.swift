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
    static func parse(_ words: [String], root: Command) throws(CommandError) -> Outcome {
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

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(CommandError) {
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

    private mutating func takeWord(_ word: String) throws(CommandError) {
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

    private mutating func takeLong(_ word: String, _ rest: inout ArraySlice<String>) throws(CommandError) {
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

    private mutating func takeShort(_ word: String, _ rest: inout ArraySlice<String>) throws(CommandError) {
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
    ) throws(CommandError) {
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

    private func unknown(_ typed: String) -> CommandError {
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

    private mutating func finish() throws(CommandError) -> Outcome {
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

/// Reads durations as people type them.
enum Span {
    /// The longest duration accepted, 100 years: sums with today's date cannot overflow.
    static let longest: Int64 = 100 * 365 * 86_400

    /// Returns the seconds in `90s`, `15m`, `12h` or `7d`; nil when it is none of these.
    static func seconds(_ text: String) -> Int64? {
        let unit: Int64
        switch text.utf8.last {
        case UInt8(ascii: "s"): unit = 1
        case UInt8(ascii: "m"): unit = 60
        case UInt8(ascii: "h"): unit = 3_600
        case UInt8(ascii: "d"): unit = 86_400
        default: return nil
        }
        let digits = text.utf8.dropLast()
        guard !digits.isEmpty, digits.count <= 10, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let count = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
        guard count > 0, count <= longest / unit else { return nil }
        return count * unit
    }
}

/// Finds the word somebody probably meant.
enum Suggestion {
    /// Returns the nearest of `words`, or nil when none is near enough to be a slip.
    static func nearest(to typed: String, among words: [String]) -> String? {
        let given = Array(typed.utf8)
        // Longer input is no slip of the finger, and the table below grows with the product of lengths.
        guard !given.isEmpty, given.count <= 40 else { return nil }
        let ranked = words.map { (word: $0, distance: distance(given, Array($0.utf8))) }
        guard let best = ranked.min(by: { ($0.distance, $0.word) < ($1.distance, $1.word) }) else { return nil }
        let allowed = max(1, min(3, best.word.utf8.count / 3))
        if best.distance <= allowed { return best.word }
        // A beginning that fits one word only is a slip too: `dele` for `delegate`.
        let begun = words.filter { given.count >= 2 && $0.utf8.starts(with: given) }
        return begun.count == 1 ? begun.first : nil
    }

    /// Counts insertions, removals, changes and swaps of neighbours between two words.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let change = last[column] + (left[row] == right[column] ? 0 : 1)
                var best = min(change, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}

extension StringProtocol {
    /// Compares UTF-8 bytes, so that look-alikes Unicode holds equal stay different words.
    func hasSameBytes(as other: some StringProtocol) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}
