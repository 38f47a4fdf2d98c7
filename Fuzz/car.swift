import ATProto
import Multiformats
import UCAN

/// Holds the reading of exports to: no crash, never a record without a verified commit, the same in one piece or many.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCAR(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = outcome(bytes, pieces: max(1, bytes.count))
    if whole != outcome(bytes, pieces: 7) { fatalError("an export reads differently in pieces") }
    return 0
}

private let key = (try? PrivateKey(curve: .secp256k1, seed: [UInt8](repeating: 7, count: 32)))?.publicKey

/// The parts that were given, and the name of the error that ended the reading.
private func outcome(_ bytes: [UInt8], pieces size: Int) -> [String] {
    guard let key else { fatalError("there is no key") }
    var verifier = SpaceCARVerifier(
        space: "at://did:example:space/space/app.bsky.group/test", author: "did:example:alice", key: key)
    var seen: [String] = []
    var place = 0
    do {
        while true {
            while let part = try verifier.next() { seen.append("\(part)") }
            guard place < bytes.count else { break }
            let end = min(bytes.count, place + size)
            verifier.append(bytes[place..<end])
            place = end
        }
        try verifier.finish()
        seen.append("whole")
    } catch {
        seen.append("\(error)")
    }
    return seen
}
