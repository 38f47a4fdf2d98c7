import ATProto
import CapClient
import Multiformats
import UCAN

/// `capq revoke`: ends a delegation, and everything that rests only on it.
enum RevokeCommand {
    static let cid = Positional("CID", "delegation to end")
    static let dryRun = Flag("dry-run", "change nothing, and say what would follow, as `capq whatif --revoke` does")

    static let command = Command(
        "revoke",
        summary: "end a delegation and all that rests only on it",
        discussion: """
            Cannot be undone. Its issuer, its audience and the owner of a space it names may do this, and a session
            that holds `tinycloud.delegation/revoke`. With `--key` naming a wallet key the wallet itself signs. In a
            permissioned space its managers and whoever issued or received the edge may do it. With `--dry-run` who may
            read the space is told what would follow, and whether the revocation would be refused.
            """,
        flags: [dryRun],
        options: [SigningOptions.space, SigningOptions.proof, AccountOptions.acting],
        positionals: [cid],
        examples: [
            Example("capq revoke \"$CID\" --dry-run", "what would follow from it", stage: .service),
            Example("capq revoke \"$CID\"", "end a delegation", stage: .service),
            Example("capq revoke \"$OTHER_CID\" --key owner", "the same, signed by the wallet", stage: .service),
            Example("capq revoke \"$EDGE\"", "end a membership of a forum", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func revoke(_ target: CID, _ source: SpaceSource) throws(CommandError) -> Answer {
        try source.revoke(target)
        var object = JSONObject(schema: "capq/revocation/1")
        object["revoked"] = true
        object["cid"] = .string(target.text)
        object["space"] = .string(source.uri.text)
        object["revoker"] = .string(source.acting.did)
        return .fields(
            .object(object), [("revoked", Cell(id: target.text)), ("by", Cell(source.acting.did))])
    }

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let target = try CIDText.parse(try arguments.required(cid))
        if arguments[dryRun] {
            return try WhatIfCommand.answer(
                [WhatIfCommand.revoke(target)], try SourceChoice.open(arguments, process),
                arguments[SigningOptions.space],
                .whole)
        }
        if let source = try SourceChoice.permissioned(arguments, process) { return try revoke(target, source) }
        let invoker = try Invoker(arguments, process)
        let signer = try invoker.requireSigner()
        let expires = invoker.now.wholeSeconds.adding(seconds: Invoker.invocationLifetime)
        let token = try CommandError.ofTokens { () throws(UCANError) in
            if let wallet = signer.wallet {
                try TokenMaker.revocation(
                    wallet: wallet,
                    target: target,
                    domain: invoker.client.baseURL.authority,
                    issuedAt: invoker.now.wholeSeconds.rfc3339,
                    expires: expires.rfc3339
                )
            } else {
                try TokenMaker.revocation(issuer: signer.key, target: target, proofs: invoker.proofs, expires: expires)
            }
        }
        let receipt = try CommandError.ofService { () throws(ClientError) in
            try invoker.client.revoke(authorization: token.authorization())
        }
        guard (try? CID(text: receipt.cid.utf8))?.hash == target.hash else {
            throw CommandError(.failure, "the service revoked `\(receipt.cid)` in place of `\(target.text)`")
        }
        var object = JSONObject(schema: "capq/revocation/1")
        object["revoked"] = true
        object["cid"] = .string(target.text)
        object["revocation"] = .string(token.cid.text)
        object["revoker"] = .string(signer.did.text)
        return .fields(
            .object(object),
            [
                ("revoked", Cell(id: target.text)), ("by", Cell(id: signer.did.text)),
                ("revocation", Cell(id: token.cid.text)),
            ])
    }
}
