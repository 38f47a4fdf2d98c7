import ATProto
import CapTesting
import Multiformats
import Testing

@Suite struct TIDTests {
    @Test func vectorsEncodeAndDecode() throws {
        let cases = try #require(Fixture.json("vectors/atproto/spaces/tid.json")["encode"]?.array)
        #expect(cases.count == 7)
        for vector in cases {
            let micros = try #require(vector["micros"]?.number?.int64)
            let clock = try #require(vector["clockId"]?.number?.int64)
            let tid = TID(microseconds: micros, clockID: UInt16(clock))
            #expect(tid.text == vector["tid"]?.string)
            #expect(try TID(tid.text) == tid)
            #expect(tid.microseconds == micros && Int64(tid.clockID) == clock)
        }
    }

    @Test func nextNeverGoesBack() throws {
        let rule = try #require(Fixture.json("vectors/atproto/spaces/tid.json")["monotonic"])
        let last = try TID(#require(rule["last"]?.string))
        let now = try #require(rule["nowMicros"]?.number?.int64)
        let next = TID.next(after: last, microseconds: now, clockID: 0)
        #expect(next.text == rule["next"]?.string)
        #expect(TID.next(after: nil, microseconds: now, clockID: 5).text == "3lh37fm422227")
        // The clock went back an hour, stands still, or jumps ahead.
        #expect(TID.next(after: last, microseconds: now - 3_600_000_000, clockID: 9).value == last.value + 1)
        #expect(TID.next(after: last, microseconds: last.microseconds, clockID: last.clockID).value == last.value + 1)
        #expect(TID.next(after: last, microseconds: now + 1, clockID: 9).microseconds == now + 1)
    }

    @Test func textsOrderAsValuesDo() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<1000 {
            let left = TID(microseconds: .random(in: 0..<(1 << 53), using: &generator), clockID: 3)
            let right = TID(microseconds: .random(in: 0..<(1 << 53), using: &generator), clockID: 900)
            #expect((left < right) == (left.text < right.text))
        }
    }

    @Test func outOfRangeTimesAreClamped() {
        #expect(TID(microseconds: -1, clockID: 0).value == 0)
        #expect(TID(microseconds: .max, clockID: 1023).text == "bzzzzzzzzzzzz")
        #expect(TID.next(after: TID(value: .max), microseconds: 0, clockID: 0).value == .max)
    }
}
