import Testing
import UCAN

@testable import CapService

@Suite struct HTTPDateTests {
    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_783_684_800, "Fri, 10 Jul 2026 12:00:00 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ]) func instantsAreWrittenAsHTTPWritesThem(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).httpDate == text)
        #expect(Timestamp(microseconds: seconds * 1_000_000 + 999_999).httpDate == text)
    }
}
