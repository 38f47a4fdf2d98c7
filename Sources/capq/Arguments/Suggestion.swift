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
