/// Names what a statement about another statement asks for.
public enum ControlAction: String, Sendable, CaseIterable {
    case revoke = "tinycloud.delegation/revoke"
    case status = "tinycloud.delegation/status"
}
