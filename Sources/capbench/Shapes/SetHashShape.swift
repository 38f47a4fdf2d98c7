import ATProto
import Multiformats

/// The set hash of a repo: one record replaced, and all of 100,000 records hashed anew, against expanding as many
/// elements and nothing else.
enum SetHashShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let elements = (0..<scale.records).map { number in
            Array(
                "com.example.forum.post/3k2\(number)aaaaaa/bafyreidefdycgbfy3oglcb6ism3eqhyp5llsrpzxjsuac2gsy4mtrtx"
                    .utf8)
        }
        let expansion =
            Stopwatch.best(of: scale.runs) {
                var sum: UInt8 = 0
                for element in elements { sum &+= BLAKE3.xof(element, count: LtHash.byteCount)[0] }
                keep(sum)
            } / Double(elements.count)
        let rebuild = Stopwatch.best(of: scale.runs) {
            var hash = LtHash()
            for element in elements { hash.add(element) }
            keep(hash.isZero)
        }
        var hash = LtHash()
        let update =
            Stopwatch.best(of: scale.runs) {
                for index in 1..<elements.count {
                    hash.remove(elements[index - 1])
                    hash.add(elements[index])
                }
                keep(hash.isZero)
            } / Double(elements.count - 1)
        return [
            Measurement(
                shape: "lthash-update", value: update, floor: 2 * expansion, unit: "ns", target: .atMost(1.5)),
            Measurement(
                shape: "lthash-rebuild-\(scale.records)", value: rebuild / 1e6,
                floor: expansion * Double(elements.count) / 1e6, unit: "ms", target: .atMost(1.5)),
        ]
    }
}
