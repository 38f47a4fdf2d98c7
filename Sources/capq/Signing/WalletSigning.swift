import Multiformats
import UCAN

/// Gets a wallet's signature for a statement: from a key kept here, or from a wallet elsewhere in two steps.
enum WalletSigning {
    static let walletKey = Option("wallet-key", "KEY", "wallet key kept here that signs", kind: .key)
    static let siweOut = Option("siwe-out", "FILE", "write the message for a wallet elsewhere to sign", kind: .file)
    static let siweIn = Option("siwe-in", "FILE", "the message as that wallet signed it", kind: .file)
    static let signature = Option("signature", "HEX", "the wallet's 65-byte signature of it")
    static let address = Option("address", "ADDRESS", "account of that wallet, as in 0x7E5F…")
    static let chain = Option("chain", "N", "chain id of the account, 1 by default", kind: .integer(1...Int(Int32.max)))
    static let domain = Option("domain", "NAME", "domain shown by the wallet; that of the service by default")

    static let options = [walletKey, siweOut, siweIn, signature, address, chain, domain]

    /// What the options ask for.
    enum Way: Sendable {
        case local(EthereumKey)
        case prepare(EthereumAddress, file: String)
        case complete(UnverifiedToken)
    }

    /// Chooses the way; exactly one of the three must be asked for.
    static func way(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Way {
        switch (arguments[walletKey], arguments[siweOut], arguments[siweIn]) {
        case (let name?, nil, nil):
            let key = try SigningKey(KeyStore(home: process.homeFolder()).load(name))
            guard let wallet = key.wallet else {
                throw .usage("key `\(name)` is not a wallet key", hint: "`capq key new NAME --curve wallet` makes one")
            }
            return .local(wallet)
        case (nil, let file?, nil):
            guard let text = arguments[address] else { throw .usage("`--siwe-out` needs `--address`") }
            let address = try CommandError.ofTokens(.usage) { () throws(UCANError) in
                try EthereumAddress(anyCase: text.utf8)
            }
            return .prepare(address, file: file)
        case (nil, nil, let file?):
            guard let hex = arguments[signature] else { throw .usage("`--siwe-in` needs `--signature`") }
            return .complete(try complete(file, hex, process))
        default:
            throw .usage(
                "a wallet must sign",
                hint: "one of `--wallet-key KEY`, `--siwe-out FILE` and then `--siwe-in FILE --signature HEX`"
            )
        }
    }

    static func chainID(_ arguments: Arguments) -> UInt64 { UInt64(arguments.integer(chain) ?? 1) }

    /// Writes the message where `--siwe-out` says and tells what to do with it.
    static func hand(over message: SIWE, file: String, command: String) throws(CommandError) -> Answer {
        if file.hasSameBytes(as: "-") { return Answer(text: message.text) }
        try PrivateFile.write(Array(message.text.utf8), to: file, replaces: true)
        var object = JSONObject(schema: "capq/siwe/1")
        object["file"] = .string(file)
        object["message"] = .string(message.text)
        let next = "capq \(command) --siwe-in \(file) --signature HEX"
        object["next"] = .string(next)
        return .fields(
            .object(object),
            [("message", Cell(file)), ("next", Cell("sign it with the wallet (personal_sign), then: \(next)"))]
        )
    }

    private static func complete(
        _ file: String,
        _ hex: String,
        _ process: ProcessEnvironment
    ) throws(CommandError) -> UnverifiedToken {
        let bytes: [UInt8]
        if file.hasSameBytes(as: "-") {
            guard let input = process.standardInput(PrivateFile.limit) else {
                throw CommandError(.failure, "standard input cannot be read or is too long")
            }
            bytes = input
        } else {
            bytes = try SystemFile.read(file, limit: PrivateFile.limit)
        }
        let digits = Array(hex.utf8)[...]
        guard
            let signature = Base16.decode(
                KeyImport.lowercased(digits.starts(with: "0x".utf8) ? digits.dropFirst(2) : digits)),
            signature.count == 65
        else { throw .usage("`--signature` is not 65 bytes in hex") }
        // The message never ends with a line break; editors add one.
        var text = bytes[...]
        while let last = text.last, last == 0x0a || last == 0x0d { text.removeLast() }
        let token = try CommandError.ofTokens { () throws(UCANError) in
            try TokenMaker.siweIn(text: String(decoding: text, as: UTF8.self), signature: signature)
        }
        // A wrong signature is caught here, before anything is sent.
        _ = try CommandError.ofTokens { () throws(UCANError) in try token.verify() }
        return token
    }
}
