import CCurl
import Glibc

/// What libcurl knows of a transfer that came to nothing, from which is told whether anybody may be there.
///
/// Only what nobody but the peer can cause shows that nobody is there; all else leaves it open.
struct CurlFailure {
    var code: CURLcode
    /// The `errno` of the last connection that failed.
    var systemError: Int
    /// The result of the verification of the peer's certificate.
    var verification: Int
    /// Of every address that was permitted, whether this machine gave a socket for it.
    var opened: [Bool]

    init(_ code: CURLcode, systemError: Int = 0, verification: Int = 0, opened: [Bool] = [true]) {
        self.code = code
        self.systemError = systemError
        self.verification = verification
        self.opened = opened
    }

    init(_ code: CURLcode, _ handle: UnsafeMutableRawPointer, _ opened: [Bool]) {
        self.init(
            code, systemError: capcurl_system_error(handle), verification: capcurl_verification(handle),
            opened: opened)
    }

    /// Whether the peer itself shows that there is nobody of its name.
    var isOfNobody: Bool {
        switch code {
        // Of several addresses libcurl keeps the error of the last alone, so that of the others nothing is known.
        case CURLE_COULDNT_CONNECT: systemError == Int(ECONNREFUSED) && opened == [true]
        // 0 is a chain that holds. Where it holds and is of another name, libcurl 7 leaves its first value, which is 1;
        // what is wrong with a chain, be it only its time, has a number above.
        case CURLE_PEER_FAILED_VERIFICATION: verification == 0 || verification == 1
        default: false
        }
    }

    func trouble(_ words: String) -> CurlTrouble { isOfNobody ? .nobodyThere(words) : .unreachable(words) }
}
