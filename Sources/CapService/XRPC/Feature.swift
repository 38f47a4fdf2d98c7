/// Names a part of the service that an operator can switch off with `--feature NAME=off`.
enum Feature: String, Sendable, CaseIterable {
    case spaces = "spaces_enabled"

    /// Under these names every method answers `FeatureDisabled` while the feature is off, whether it exists or not.
    var namespaces: [String] {
        switch self {
        case .spaces:
            [
                "com.atproto.space.", "com.atproto.simplespace.", "dev.happyview.space.", "dev.capabilitygraph.space.",
            ]
        }
    }

    /// The feature whose namespace holds a method name.
    static func owning(_ nsid: String) -> Feature? {
        allCases.first { feature in
            feature.namespaces.contains { nsid.utf8.starts(with: $0.utf8) }
        }
    }
}
