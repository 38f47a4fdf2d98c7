import CapTesting
import Multiformats
import Testing
import UCAN

@Suite struct TimestampTests {
    /// RFC 3339 5.7 and appendix D, with the last leap seconds that IERS bulletin C announced.
    @Test(
        arguments: [
            ("1990-12-31T23:59:60Z", 662_688_000), ("1990-12-31T15:59:60-08:00", 662_688_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800), ("2017-01-01T05:29:60+05:30", 1_483_228_800),
            ("2015-06-30T23:59:60Z", 1_435_708_800), ("1972-06-30T23:59:60Z", 78_796_800),
        ] as [(String, Int64)])
    func aLeapSecondIsTheSecondAfter(text: String, second: Int64) throws {
        #expect(try Timestamp.parse(text) == Timestamp(seconds: second))
    }

    @Test(arguments: [
        "2016-12-31T23:58:60Z", "2016-12-30T23:59:60Z", "2016-12-31T23:59:60+01:00", "2016-03-31T23:59:60Z",
        "1971-12-31T23:59:60Z", "2016-12-31T23:59:61Z", "2016-07-01T00:00:60Z",
    ])
    func noOtherSecondHasTheNumber60(text: String) {
        #expect(throws: UCANError(.malformedTime, "")) { try Timestamp.parse(text) }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2021-09-30T16:25:24-02:00", 1_633_026_324_000_000),
        ("2021-09-30T16:25:24+00:00", 1_633_019_124_000_000),
        ("2021-09-30t16:25:24z", 1_633_019_124_000_000),
        ("2000-02-29T23:59:59.5Z", 951_868_799_500_000),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ("2024-12-31T23:59:59+23:59", 1_735_603_259_000_000),
    ])
    func fullDatesParse(text: String, microseconds: Int64) throws {
        #expect(try Timestamp.parse(text).microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2021-09-30", "2021-09-30T16:25Z", "2021-09-30 16:25:24Z", "2021-09-30T16:25:24", "2021-9-30T16:25:24Z",
        "2021-13-30T16:25:24Z", "2021-00-30T16:25:24Z", "2021-02-29T16:25:24Z", "1900-02-29T00:00:00Z",
        "2021-04-31T16:25:24Z", "2021-04-00T16:25:24Z", "2021-09-30T24:25:24Z", "2021-09-30T16:60:24Z",
        "2021-09-30T16:25:60Z", "2021-09-30T16:25:24.Z", "2021-09-30T16:25:24,5Z", "2021-09-30T16:25:24+0200",
        "2021-09-30T16:25:24+24:00", "2021-09-30T16:25:24+02:60", "2021-09-30T16:25:24ZZ", " 2021-09-30T16:25:24Z",
        "2021-09-30T16:25:24Z\n", "+2021-09-30T16:25:24Z", "12021-09-30T16:25:24Z", "2021-09-30T16:25:24.5",
        "２０２１-09-30T16:25:24Z", "garbage",
    ])
    func otherFormsAreRefused(text: String) {
        #expect(throws: UCANError(.malformedTime, "")) { try Timestamp.parse(text) }
    }

    @Test func fractionsBelowTheMicrosecondNeverWidenAWindow() throws {
        let text = "2021-09-30T16:25:24.1234560000001Z"
        let exact = try Timestamp.parse("2021-09-30T16:25:24.123456Z").microseconds
        #expect(try Timestamp.parse(text, rounding: .down).microseconds == exact)
        #expect(try Timestamp.parse(text, rounding: .up).microseconds == exact + 1)
        let zeros = "2021-09-30T16:25:24.12345600000000000000000Z"
        #expect(try Timestamp.parse(zeros, rounding: .up).microseconds == exact)
        #expect(throws: UCANError(.malformedTime, "")) {
            try Timestamp.parse("2021-09-30T16:25:24.\(String(repeating: "0", count: 200))Z")
        }
    }

    @Test func printingParsesBack() throws {
        var generator = SeededGenerator.printed("printed timestamps")
        for _ in 0..<2000 {
            let micros = Int64.random(in: -62_167_219_200_000_000...253_402_300_799_999_999, using: &generator)
            let stamp = Timestamp(microseconds: micros)
            #expect(try Timestamp.parse(stamp.rfc3339) == stamp, "\(micros)")
        }
        #expect(Timestamp(seconds: 1_783_684_800).rfc3339 == "2026-07-10T12:00:00Z")
        #expect(Timestamp(microseconds: 1_500_000).rfc3339 == "1970-01-01T00:00:01.5Z")
        #expect(Timestamp(seconds: .max).microseconds == .max && Timestamp(seconds: .min).microseconds == .min)
    }

    @Test func secondsPrintAsTheShortestNumber() {
        #expect(Timestamp(seconds: 1_783_684_800).secondsNumber.text == "1783684800")
        #expect(Timestamp(microseconds: 1_783_684_800_500_000).secondsNumber.text == "1783684800.5")
        #expect(Timestamp(microseconds: 1).secondsNumber.text == "0.000001")
        #expect(Timestamp(microseconds: -1_500_000).secondsNumber.text == "-1.5")
        #expect(Timestamp(microseconds: 0).secondsNumber.text == "0")
    }
}
