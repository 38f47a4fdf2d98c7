/// Holds rows of cells under titles.
struct Table: Sendable, Equatable {
    struct Column: Sendable, Equatable {
        let title: String
        /// Whether cells may lose their middle when the terminal is narrow.
        let isFlexible: Bool

        init(_ title: String, isFlexible: Bool = false) {
            self.title = title
            self.isFlexible = isFlexible
        }
    }

    let columns: [Column]
    let rows: [[Cell]]
    let hasTitles: Bool

    init(columns: [Column], rows: [[Cell]]) {
        self.columns = columns
        self.rows = rows
        hasTitles = true
    }

    /// Makes a table of one thing: a name and a value on each line.
    init(fields: [(String, Cell)]) {
        columns = [Column(""), Column("", isFlexible: true)]
        rows = fields.map { [Cell($0.0, tone: .faint), $0.1] }
        hasTitles = false
    }
}
