import ATProto
import CapClient
import Multiformats
import UCAN

/// `capq credential`: takes credentials that let a program read a space.
enum CredentialCommand {
    static let command = Command(
        "credential",
        summary: "take credentials that let a program read a space",
        subcommands: [CredentialGetCommand.command],
        examples: [
            Example(
                "capq credential get --to ./reader.json", "ten minutes of reading the default space", stage: .accounts)
        ]
    )
}

/// `capq credential get`: trades the account's word for a credential of the space's authority.
enum CredentialGetCommand {
    static let to = Option(
        "to", "FILE", "file to write, mode 0600; one in the context's folder by default", kind: .file)

    static let command = Command(
        "get",
        summary: "take a credential that reads a space",
        discussion: """
            The account's host signs a delegation token, which the authority of the space trades for a credential. It is
            bound to a fresh P-256 key, kept with it in the file: whoever has the file may read the space until the
            credential expires or the membership ends. `capq sync --credential FILE` reads with it.
            """,
        options: [to, AccountOptions.space, AccountOptions.acting],
        examples: [
            Example("capq credential get --to ./reader.json", "for a program that syncs", stage: .accounts),
            Example("capq credential get --as bob", "in bob's name", stage: .accounts),
        ],
        exits: [.deny, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments, acting)
        let lookup = IdentityLookup(client: acting.service.client)
        let given = try acting.query("com.atproto.space.getDelegationToken", [("space", space.text)])
        guard let token = given["token"]?.string else {
            throw CommandError(.failure, "the service gave no delegation token")
        }
        let host = try IdentityLookup.connect(try lookup.host(of: space))
        let (made, signing) = try SigningKey.make(.p256, random: process.randomBytes)
        let credential = try trade(token, for: space, at: host, by: signing.key, acting.now)
        let checked = try CommandError.ofProtocol(.deny) { () throws(ATProtoError) in
            try SpaceCredential.verify(credential, keys: lookup.key, at: acting.now)
        }
        guard checked.space == space, checked.binding == .thumbprint(signing.key.publicKey.thumbprint) else {
            throw CommandError(.deny, "the host gave a credential for another space or another key")
        }
        let file = CredentialFile(
            space: space.text, host: host.baseURL.description, credential: credential,
            expiresAt: checked.expiresAt, secret: made.secret)
        let folder = acting.service.contexts.folder(of: acting.service.context.name) + "/credentials"
        let path = arguments[to] ?? "\(folder)/\(checked.id.filter { $0.isASCII && $0.isLetter || $0.isNumber }).json"
        try PrivateFile.write(file.serialized(), to: path, replaces: true)
        let until = Timestamp(seconds: checked.expiresAt)
        var object = JSONObject(schema: "capq/credential-info/1")
        object["space"] = .string(space.text)
        object["host"] = .string(file.host)
        object["jti"] = .string(checked.id)
        object["thumbprint"] = .string(signing.key.publicKey.thumbprint)
        object["expiresAt"] = .string(until.rfc3339)
        object["file"] = .string(path)
        object["credential"] = .string(Secret.redacted)
        return .fields(
            .object(object),
            [
                ("credential", Cell(checked.id)), ("space", Cell(space.text)), ("at", Cell(file.host)),
                ("until", Cell("\(until.rfc3339) (\(until.distance(from: acting.now)))")), ("file", Cell(path)),
            ])
    }

    /// Sends the delegation token with a proof of the new key (sections 4.3 and 4.5).
    private static func trade(
        _ token: String, for space: SpaceURI, at host: XRPCClient, by key: PrivateKey, _ now: Timestamp
    ) throws(CommandError) -> String {
        let nsid = "com.atproto.space.getSpaceCredential"
        var request = XRPCRequest.procedure(nsid, ["space": .string(space.text)]).bearing(token)
        let proof = try CommandError.ofProtocol { () throws(ATProtoError) in
            try DPoPProof.make(
                for: DPoPProof.Request(method: "POST", url: host.url(of: nsid), accessToken: nil), key: key, at: now)
        }
        request.headers = [("DPoP", proof)]
        let asked = request
        let answer = try CommandError.ofXRPC { () throws(ClientError) in try host.json(asked) }
        guard let credential = answer["credential"]?.string else {
            throw CommandError(.failure, "the host gave no credential")
        }
        return credential
    }
}
