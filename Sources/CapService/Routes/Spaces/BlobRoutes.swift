import ATProto
import Multiformats
import Spaces
import UCAN

/// Blobs of space records (atproto-spaces.md 7.4); nothing of them is on any public route.
enum BlobRoutes {
    static let methods: [XRPCMethod] = [
        .procedure(
            "com.atproto.repo.uploadBlob", body: .bytes, bodyLimit: XRPCMethod.blobBodyLimit, callersOnly: true, upload),
        .query("com.atproto.space.getBlob", aliases: ["dev.happyview.space.getBlob"], get),
        .query("com.atproto.space.listBlobs", list),
    ]

    /// Bytes of the media type that `Content-Type` names → `{blob}`, kept for a time until a record refers to it.
    private static func upload(_ call: XRPCCall) throws -> XRPCOutput {
        let named = call.request.headers["Content-Type"].flatMap { MediaType.isValid($0) ? $0 : nil }
        let type = named ?? MediaType.bytes
        let permit = try call.permit(account: .uploadBlob(mimeType: type))
        let blob = try call.service.spaces.repos.uploadBlob(permit, call.request.body, at: call.now)
        return .json(["blob": RecordData.json(blob.cbor)])
    }

    /// The bytes of a blob that a record of the repo refers to, in an answer that no browser runs; without an author, of
    /// any repo that the caller may read.
    private static func get(_ call: XRPCCall) throws -> XRPCOutput {
        let repo = try RepoCall(call)
        let cid = try repo.parsing { try CID(atproto: call.parameters.text("cid")) }
        let blob = try find(repo, cid)
        let headers = [
            ("Content-Type", blob.ref.mimeType), ("X-Content-Type-Options", "nosniff"),
            ("Content-Disposition", "attachment; filename=\"\(cid.text)\""),
            ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ]
        return .response(HTTPResponse(status: 200, headers: headers, body: .bytes(blob.bytes)))
    }

    private static func find(_ repo: RepoCall, _ cid: CID) throws -> UploadedBlob {
        let own: (DID, Permit)
        if repo.named != nil {
            own = try repo.reading()
        } else {
            switch try repo.readingUnnamed() {
            case .everybody(let permit):
                return try repo.repos.read(permit) { try $0.blob(cid, of: repo.space, isShown: $1) }
            case .own(let author, let permit): own = (author, permit)
            }
        }
        return try repo.repos.read(own.1, of: own.0) { try $0.blob(cid, of: $1) }
    }

    /// `{cids, cursor?}`.
    private static func list(_ call: XRPCCall) throws -> XRPCOutput {
        let repo = try RepoCall(call)
        let (since, limit, cursor) = try repo.parsing {
            (
                try call.revision("since"), try call.parameters.number("limit", in: 1...1000, usual: 500),
                try call.parameters.optionalText("cursor")
            )
        }
        let (author, permit) = try repo.reading()
        let page = try repo.repos.list(permit, of: author) {
            try $0.blobs(of: $1, since: since, cursor: cursor, limit: limit)
        }
        var json = JSONObject()
        json["cids"] = .array(page.cids.map { .string($0.text) })
        json["cursor"] = page.cursor.map { .string($0) }
        return .json(.object(json))
    }
}
