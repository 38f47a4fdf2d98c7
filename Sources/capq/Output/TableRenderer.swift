/// Prints tables: columns two blanks apart, flexible ones narrowed until the line fits.
struct TableRenderer {
    private static let gap = 2
    private static let narrowest = 8

    let style: OutputStyle

    func render(_ table: Table) -> String {
        let shown = table.rows.map { row in row.map { $0.shown(style) } }
        let titles = table.columns.map(\.title)
        var widths = table.hasTitles ? titles.map(\.count) : titles.map { _ in 0 }
        for row in shown {
            for (column, text) in row.enumerated() where column < widths.count {
                widths[column] = max(widths[column], text.count)
            }
        }
        widths = fit(widths, table.columns)
        var lines: [String] = []
        if table.hasTitles {
            lines.append(line(titles, widths, titles.map { _ in Tone.faint }))
        }
        for (row, cells) in zip(shown, table.rows) {
            lines.append(line(row, widths, cells.map(\.tone)))
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Lowers the widest flexible columns to one common width until the line fits or nothing more can give.
    private func fit(_ widths: [Int], _ columns: [Table.Column]) -> [Int] {
        guard let limit = style.width else { return widths }
        let gaps = Self.gap * max(0, widths.count - 1)
        func narrowed(_ cap: Int) -> [Int] {
            zip(widths, columns).map { $1.isFlexible ? min($0, max(cap, Self.narrowest)) : $0 }
        }
        var cap = widths.max() ?? 0
        var fitted = widths
        while fitted.reduce(gaps, +) > limit, cap > Self.narrowest {
            cap -= 1
            fitted = narrowed(cap)
        }
        return fitted
    }

    private func line(_ texts: [String], _ widths: [Int], _ tones: [Tone]) -> String {
        var result = ""
        for (column, text) in texts.enumerated() where column < widths.count {
            let kept = Self.cut(text, to: widths[column])
            result += tones[column].paint(kept, style)
            if column + 1 < texts.count {
                result += String(repeating: " ", count: widths[column] - kept.count + Self.gap)
            }
        }
        while result.last == " " { result.removeLast() }
        return result
    }

    /// Takes the middle out of `text`: both ends of a resource say more than its middle, and its end the most.
    static func cut(_ text: String, to width: Int) -> String {
        guard text.count > width else { return text }
        guard width > 1 else { return String(text.prefix(width)) }
        let head = (width - 1) / 3
        return "\(text.prefix(head))…\(text.suffix(width - 1 - head))"
    }
}
