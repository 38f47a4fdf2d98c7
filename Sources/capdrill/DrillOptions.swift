/// Says which drill to run and how long.
struct DrillOptions: Sendable {
    enum Drill: Sendable { case kill, disk, damage, strangers, help }

    var drill = Drill.help
    /// Path of the `capservice` program.
    var service = ""
    /// Folder for data and logs; made new by the script that calls.
    var folder = ""
    var rounds = 100
    var connections = 8
    var seed = UInt64.random(in: .min ... .max)
    /// Size of the disk that is filled.
    var megabytes = 6
    /// How many bits are flipped, one at a time.
    var flips = 200
    /// How many of the files cut short, gone or replaced are tried.
    var others = Int.max
    /// With fewer and smaller attacks.
    var isShort = false
    /// The only attack to run; nil for all.
    var row: String?

    static let help = """
        usage: capdrill kill --service PROGRAM --folder DIR [--rounds N] [--connections N] [--seed N]
               capdrill disk --service PROGRAM --folder DIR [--megabytes N] [--connections N] [--seed N]
               capdrill damage --service PROGRAM --folder DIR [--flips N] [--others N] [--seed N]
               capdrill strangers --service PROGRAM --folder DIR [--short] [--row NAME] [--seed N]
        """

    static func read(_ arguments: [String]) -> Result<DrillOptions, DrillFailure> {
        var options = DrillOptions()
        var rest = arguments[...]
        switch rest.popFirst() {
        case "kill": options.drill = .kill
        case "disk": options.drill = .disk
        case "damage": options.drill = .damage
        case "strangers": options.drill = .strangers
        case "--help", "-h", "help", nil: return .success(options)
        case let word?: return .failure(DrillFailure("unknown drill `\(word)`"))
        }
        while let name = rest.popFirst() {
            if name == "--short" {
                options.isShort = true
                continue
            }
            guard let value = rest.popFirst() else { return .failure(DrillFailure("`\(name)` needs a value")) }
            func number(_ range: ClosedRange<Int>) -> Int? { Int(value).flatMap { range.contains($0) ? $0 : nil } }
            switch name {
            case "--service": options.service = value
            case "--folder": options.folder = value
            case "--row": options.row = value
            case "--rounds":
                guard let count = number(1...1_000_000) else { return .failure(DrillFailure("`\(name)` is a count")) }
                options.rounds = count
            case "--connections":
                guard let count = number(1...64) else { return .failure(DrillFailure("`\(name)` is 1 to 64")) }
                options.connections = count
            case "--megabytes":
                guard let count = number(2...1024) else { return .failure(DrillFailure("`\(name)` is 2 to 1024")) }
                options.megabytes = count
            case "--flips":
                guard let count = number(1...1_000_000) else { return .failure(DrillFailure("`\(name)` is a count")) }
                options.flips = count
            case "--others":
                guard let count = number(0...1_000_000) else { return .failure(DrillFailure("`\(name)` is a count")) }
                options.others = count
            case "--seed":
                guard let seed = UInt64(value) else { return .failure(DrillFailure("`\(name)` is a number")) }
                options.seed = seed
            default: return .failure(DrillFailure("unknown option `\(name)`"))
            }
        }
        guard !options.service.isEmpty, !options.folder.isEmpty else {
            return .failure(DrillFailure("`--service` and `--folder` are needed"))
        }
        return .success(options)
    }
}
