/// Names the forms an answer can be printed in.
enum OutputFormat: String, CaseIterable, Sendable {
    /// One JSON document.
    case json
    /// One JSON document a row.
    case jsonl
    case table
    /// Delegations from leaf to root.
    case tree
    /// A graph of principals and delegations for Graphviz.
    case dot
    /// The same graph for Mermaid.
    case mermaid
}
