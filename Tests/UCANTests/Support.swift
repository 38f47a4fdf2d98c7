import CapTesting
import Multiformats
import Testing
import UCAN

/// Reads members of fixtures, failing the test where one is missing.
extension JSON {
    func text(_ path: String...) throws -> String {
        var value: JSON? = self
        for step in path { value = value?[step] }
        return try #require(value?.string, "no text at \(path)")
    }

    func items(_ name: String) throws -> [JSON] { try #require(self[name]?.array, "no list `\(name)`") }

    func cases() throws -> [(key: String, value: JSON)] { try #require(object).members }
}

/// Decodes hex with or without `0x`.
func hexBytes(_ text: String) throws -> [UInt8] {
    let digits = text.utf8.starts(with: "0x".utf8) ? text.utf8.dropFirst(2) : text.utf8[...]
    return try #require(Base16.decode(digits))
}

/// Runs `body` and gives the code it refuses with, or nil when it does not.
func refusal(_ body: () throws -> Void) -> UCANError.Code? {
    do { try body() } catch let error as UCANError { return error.code } catch {
        Issue.record("unexpected error \(error)")
    }
    return nil
}

/// Decodes standard base64 of any padding, as some foreign fixtures carry it.
func base64(_ text: String) throws -> [UInt8] {
    let urlSafe = text.utf8.map {
        $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
    }
    return try #require(Base64URL.decode(urlSafe, padding: .either))
}
