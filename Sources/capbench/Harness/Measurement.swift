import Multiformats

/// One row of the report: what was measured, what it is compared with, and what was aimed at.
struct Measurement {
    enum Target {
        /// The ratio must not be above this.
        case atMost(Double)
        /// The ratio must not be below this.
        case atLeast(Double)
    }

    var shape: String
    /// In `unit`, the same for both.
    var value: Double
    var floor: Double
    var unit: String
    var target: Target
    /// What bounds the row beside its floor; nil when nothing else does.
    var note: String?

    var ratio: Double { floor == 0 ? 0 : value / floor }

    var isMet: Bool {
        switch target {
        case .atMost(let bound): ratio <= bound
        case .atLeast(let bound): ratio >= bound
        }
    }

    var targetText: String {
        switch target {
        case .atMost(let bound): "<= \(bound)"
        case .atLeast(let bound): ">= \(bound)"
        }
    }

    /// `{"shape","value","floor","ratio","target","met"}`, the unit, and the note where there is one.
    var json: String {
        var json = JSONWriter()
        json.beginObject()
        json.key("shape")
        json.string(shape)
        for (key, number) in [("value", value), ("floor", floor), ("ratio", ratio)] {
            json.key(key)
            json.raw(Array(Self.number(number).utf8))
        }
        json.key("unit")
        json.string(unit)
        json.key("target")
        json.string(targetText)
        json.key("met")
        json.bool(isMet)
        if let note {
            json.key("note")
            json.string(note)
        }
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// At most four decimals, never an exponent.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let scaled = (value * 10_000).rounded()
        guard abs(scaled) < 9e17 else { return "0" }
        let whole = Int64(scaled)
        let fraction = String(abs(whole % 10_000))
        let sign = whole < 0 ? "-" : ""
        return "\(sign)\(abs(whole / 10_000)).\(String(repeating: "0", count: 4 - fraction.count))\(fraction)"
    }
}
