/// Says why another host was not asked, or gave no answer; nothing of the kind is ever taken for a negative answer.
package struct OutboundError: Error, Hashable, Sendable {
    package enum Code: String, Sendable {
        /// The text is no address this service would ask.
        case malformedURL
        /// Plain HTTP where it is not permitted, or a name whose every address is private, of this machine, or
        /// otherwise not public.
        case refusedAddress
        case unreachable
        case timeout
        case tooLarge
        /// More calls to other hosts are under way than the bound allows.
        case busy
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
