import Multiformats

/// `capq version`: names the version of this program.
enum VersionCommand {
    static let version = "0.1.0"

    static let command = Command(
        "version",
        summary: "print the version of capq",
        examples: [Example("capq version", "the version of this program")],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        .fields(["schema": "capq/version/1", "version": .string(version)], [("capq", Cell(version))])
    }
}
