/// Reads what a positional names: a file, or standard input for `-`.
enum FileInput {
    static func read(_ name: String, _ surroundings: Surroundings, limit: Int) throws(Failure) -> [UInt8] {
        guard name.hasSameBytes(as: "-") else { return try SystemFile.read(name, limit: limit) }
        guard let input = surroundings.standardInput(limit) else {
            throw Failure(.failure, "standard input cannot be read or is longer than \(limit) bytes")
        }
        return input
    }
}
