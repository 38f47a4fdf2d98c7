/// Checks datetimes of records: RFC 3339 and ISO 8601 at once, with a zone, of an instant that exists.
public enum Datetime {
    public static let maximumLength = 64

    public static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count <= maximumLength else { return false }
        var rest = bytes[...]
        guard let year = number(&rest, 4), skip("-", &rest), let month = number(&rest, 2), skip("-", &rest),
            let day = number(&rest, 2), skip("T", &rest), let hour = number(&rest, 2), skip(":", &rest),
            let minute = number(&rest, 2), skip(":", &rest), let second = number(&rest, 2)
        else { return false }
        if skip(".", &rest) {
            let fraction = rest.prefix(while: ASCIIText.isDigit)
            guard (1...20).contains(fraction.count) else { return false }
            rest = rest[fraction.endIndex...]
        }
        guard let offset = zone(&rest), rest.isEmpty else { return false }
        guard (1...12).contains(month), (1...days(in: month, of: year)).contains(day), hour < 24, minute < 60,
            second < 60
        else { return false }
        // Only in the first day of year 0 can an offset lead to a time before it.
        return year > 0 || month > 1 || day > 1 || hour * 60 + minute >= offset
    }

    /// Gives the offset in minutes; nil when it is malformed or `-00:00`, which says that the zone is not known.
    private static func zone(_ rest: inout ArraySlice<UInt8>) -> Int? {
        if skip("Z", &rest) { return 0 }
        let isAhead = skip("+", &rest)
        guard isAhead || skip("-", &rest), let hours = number(&rest, 2), skip(":", &rest),
            let minutes = number(&rest, 2), hours < 24, minutes < 60
        else { return nil }
        let offset = hours * 60 + minutes
        guard isAhead || offset > 0 else { return nil }
        return isAhead ? offset : -offset
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, _ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(ASCIIText.isDigit) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 & 0x0F) }
    }

    private static func skip(_ character: Character, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let first = rest.first, first == character.asciiValue else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
