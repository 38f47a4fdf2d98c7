import UCAN

extension Timestamp {
    /// The instant as HTTP writes it, to the second: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
    var httpDate: String {
        let (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let seconds = rest < 0 ? whole - 1 : whole
        // `1994-11-06T08:49:37Z`; the year has four digits for every clock a service can have.
        let text = Array(Timestamp(seconds: seconds).rfc3339.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard text.count >= 19, let month = Int(part(5..<7)), months.indices.contains(month - 1) else { return "" }
        let day = Int((seconds - ((seconds % 86_400) + 86_400) % 86_400) / 86_400)
        return "\(days[((day % 7) + 7) % 7]), \(part(8..<10)) \(months[month - 1]) \(part(0..<4)) \(part(11..<19)) GMT"
    }
}
