/// Describes a value known by its place on the line, as in `chain CID`.
struct Positional: Sendable, Equatable {
    /// What stands for the value in help, as in `CID`.
    let name: String
    let kind: ValueKind
    let isRequired: Bool
    let summary: String

    init(_ name: String, _ summary: String, kind: ValueKind = .text, isRequired: Bool = true) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        self.summary = summary
    }
}
