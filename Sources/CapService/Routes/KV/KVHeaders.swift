import Multiformats
import Storage
import UCAN

/// The headers that are kept with a value and go out with it; no other header of a request is ever stored.
enum KVHeaders {
    private static let names: Set<String> = [
        "content-type", "content-encoding", "content-language", "content-disposition",
    ]
    private static let prefix = "x-tinycloud-meta-"
    /// What the headers of one value may take, so that an answer always has room for them.
    static let maxBytes = 4096

    /// Takes what is to be kept of a request's headers.
    static func kept(of headers: HTTPHeaders) throws(ErrorAnswer) -> [StoredValue.Header] {
        // What a `Connection` header names is for the next hop alone (RFC 9110, 7.6.1).
        let hop = Set(
            headers.values("Connection").flatMap { $0.split(separator: UInt8(ascii: ",")) }
                .map { String(decoding: $0, as: UTF8.self).lowercased().filter { $0 != " " && $0 != "\t" } })
        var fields: [(name: String, value: String)] = []
        for name in headers.all.map({ $0.name.lowercased() }) where isKept(name) && !hop.contains(name) {
            guard let value = try KVOptions.single(name, headers) else { continue }
            fields.append((name, value))
        }
        return try checked(fields)
    }

    /// Takes what is to be kept of a part's headers; its disposition only names it.
    static func kept(of part: MultipartForm.Part) throws(ErrorAnswer) -> [StoredValue.Header] {
        try checked(part.headers.filter { isKept($0.name) && $0.name != "content-disposition" })
    }

    private static func isKept(_ name: String) -> Bool { names.contains(name) || name.hasPrefix(prefix) }

    private static func checked(_ fields: [(name: String, value: String)]) throws(ErrorAnswer) -> [StoredValue.Header] {
        // An answer could not carry these, so they must not get in.
        guard !fields.contains(where: { $0.value.utf8.contains(0x09) }) else {
            throw ErrorAnswer(400, "malformedHeader", "a header to be kept has a tab in it")
        }
        let fields = fields.filter { !$0.value.isEmpty }
        let count = fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        guard count <= maxBytes else {
            throw ErrorAnswer(
                400, "malformedHeader", "the headers to be kept have \(count) bytes; at most \(maxBytes) are")
        }
        return fields.map { StoredValue.Header(name: $0.name, value: $0.value) }
    }
}

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
