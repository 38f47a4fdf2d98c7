public import Multiformats

extension Timestamp {
    /// Reads a full RFC 3339 date-time: `T` and an offset are required, any number of fraction digits is taken.
    ///
    /// Second 60 is taken where a leap second may be, at the end of June and December in UTC (RFC 3339 5.7); this scale
    /// has none, so it is the second after. Years run from 0000 to 9999.
    public static func parse(_ text: String, rounding: Rounding = .down) throws(UCANError) -> Timestamp {
        guard let timestamp = read(Array(text.utf8.prefix(128)), rounding: rounding), text.utf8.count <= 128 else {
            throw UCANError(.malformedTime, "\(UCANError.quoted(text)) is no RFC 3339 date and time", step: "C.2")
        }
        return timestamp
    }

    private static func read(_ text: [UInt8], rounding: Rounding) -> Timestamp? {
        // 0123-56-89T12:45:78
        guard text.count >= 20, text[4] == 0x2D, text[7] == 0x2D, text[10] | 0x20 == 0x74, text[13] == 0x3A,
            text[16] == 0x3A,
            let year = number(text[0..<4]), let month = number(text[5..<7]), let day = number(text[8..<10]),
            let hour = number(text[11..<13]), let minute = number(text[14..<16]), let second = number(text[17..<19]),
            (1...12).contains(month), day >= 1, day <= daysIn(month: month, year: year),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var index = 19
        var micros: Int64 = 0
        var beyond = false
        if text[index] == 0x2E {
            let start = index + 1
            index = start
            while index < text.count, (0x30...0x39).contains(text[index]) {
                let digit = Int64(text[index] - 0x30)
                if index - start < 6 { micros = micros * 10 + digit } else if digit != 0 { beyond = true }
                index += 1
            }
            guard index > start else { return nil }
            for _ in (index - start)..<max(6, index - start) { micros *= 10 }
        }
        guard let offset = offsetMinutes(text[index...]) else { return nil }
        let seconds = dayNumber(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
        if second == 60, !isAfterLeapSecond(seconds - offset * 60) { return nil }
        let total = (seconds - offset * 60) * 1_000_000 + micros
        return Timestamp(microseconds: beyond && rounding == .up ? total + 1 : total)
    }

    /// Tests that a second is the first of a July or January since 1972, when leap seconds began.
    private static func isAfterLeapSecond(_ second: Int64) -> Bool {
        guard second >= 78_796_800, second.isMultiple(of: 86_400) else { return false }
        let date = Timestamp(seconds: second).rfc3339.utf8.dropFirst(5)
        return date.starts(with: "07-01T".utf8) || date.starts(with: "01-01T".utf8)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }

    private static func offsetMinutes(_ text: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(text)
        if bytes.count == 1, bytes[0] | 0x20 == 0x7A { return 0 }
        guard bytes.count == 6, bytes[3] == 0x3A, bytes[0] == 0x2B || bytes[0] == 0x2D,
            let hours = number(bytes[1..<3]), let minutes = number(bytes[4..<6]), hours < 24, minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (bytes[0] == 0x2D ? -1 : 1)
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    private static func daysIn(month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar, counting years from March.
    private static func dayNumber(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Prints UTC with `Z` and only the fraction digits that are needed; years outside 0000...9999 print unclamped.
    public var rfc3339: String { withRFC3339 { String(decoding: $0, as: UTF8.self) } }

    /// Lends the text of `rfc3339` as ASCII bytes.
    public func withRFC3339<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
        let perDay: Int64 = 86_400_000_000
        var day = microseconds / perDay
        var rest = microseconds % perDay
        if rest < 0 {
            rest += perDay
            day -= 1
        }
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let seconds = rest / 1_000_000
        // A year has at most six digits and a sign.
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { room in
            var text = FixedText(room)
            if (0...9999).contains(year) { text.digits(year, 4) } else { text.integer(year, width: 4) }
            text.byte(UInt8(ascii: "-"))
            text.digits(month, 2)
            text.byte(UInt8(ascii: "-"))
            text.digits(dayOfYear - (153 * fromMarch + 2) / 5 + 1, 2)
            text.byte(UInt8(ascii: "T"))
            text.digits(seconds / 3600, 2)
            text.byte(UInt8(ascii: ":"))
            text.digits(seconds / 60 % 60, 2)
            text.byte(UInt8(ascii: ":"))
            text.digits(seconds % 60, 2)
            text.fraction(rest % 1_000_000)
            text.byte(UInt8(ascii: "Z"))
            return body(text.written)
        }
    }
}

extension JSONWriter {
    /// Writes an instant as an RFC 3339 string.
    public mutating func string(_ time: Timestamp) {
        time.withRFC3339 { string(utf8: $0) }
    }
}

/// Writes ASCII into borrowed memory; the caller lends enough.
private struct FixedText {
    private let room: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    init(_ room: UnsafeMutableBufferPointer<UInt8>) { self.room = room }

    var written: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: room[..<count]) }

    mutating func byte(_ byte: UInt8) {
        room[count] = byte
        count += 1
    }

    /// Writes a number from zero up, in exactly `width` digits, of which it needs no more.
    mutating func digits(_ number: Int64, _ width: Int) {
        var rest = number
        for place in (0..<width).reversed() {
            room[count + place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += width
    }

    /// Writes any number in at least `width` characters.
    mutating func integer(_ number: Int64, width: Int) {
        let text = String(number)
        for _ in 0..<max(0, width - text.utf8.count) { byte(UInt8(ascii: "0")) }
        for character in text.utf8 { byte(character) }
    }

    /// Writes a point and the digits of a millionth part that are needed, or nothing for zero.
    mutating func fraction(_ millionths: Int64) {
        guard millionths > 0 else { return }
        byte(UInt8(ascii: "."))
        digits(millionths, 6)
        while room[count - 1] == UInt8(ascii: "0") { count -= 1 }
    }
}
