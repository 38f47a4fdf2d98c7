import ATProto
import UCAN

extension Permit {
    /// Refuses a permit for something else: an effect takes the permit of its own operation only.
    func require(_ wanted: Operation) throws(AccessRefusal) {
        guard operation == wanted else { throw .closed }
    }
}

extension Timestamp {
    func advanced(bySeconds seconds: Int64) -> Timestamp {
        let (sum, overflow) = microseconds.addingReportingOverflow(seconds.multipliedReportingOverflow(by: 1_000_000).0)
        return Timestamp(microseconds: overflow ? .max : sum)
    }
}
