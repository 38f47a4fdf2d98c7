import ATProto
import Multiformats
import UCAN

/// Asks of the accounts, spaces, records, blobs and credentials that a scene left behind.
struct SpaceQuestions {
    private let spaces: SpaceCast
    private let authors: [RepoWorker]
    private let extras: SpaceExtras
    private let now: Timestamp

    init(_ spaces: SpaceCast, _ authors: [RepoWorker], _ extras: SpaceExtras, at now: Timestamp) {
        self.spaces = spaces
        self.authors = authors
        self.extras = extras
        self.now = now
    }

    private static let space = "com.atproto.space."
    private static let simple = "com.atproto.simplespace."
    private static let server = "com.atproto.server."

    func questions() throws -> [Question] {
        let owner = extras.owner.access
        var all = [get(Self.server + "describeServer"), get(Self.space + "listSpaces", [("limit", "100")], owner)]
        all += people()
        for space in [spaces.home, extras.gallery] {
            let here = [("space", space)]
            all += [
                get(Self.space + "getSpace", here, owner), get(Self.simple + "getSpace", here, owner),
                get(Self.simple + "getConfig", here, owner), get(Self.simple + "listMembers", here, owner),
                get(Self.space + "listRepos", here, owner), get("dev.happyview.space.listInvites", here, owner),
                get("dev.capabilitygraph.space.listCredentials", here, owner),
                get("dev.capabilitygraph.graph.listEdges", here, owner),
            ]
            for author in spaces.authors {
                all.append(
                    get(
                        "dev.capabilitygraph.graph.check",
                        here + [("ability", "atproto.space/read"), ("did", author.did)], owner))
            }
        }
        for author in authors {
            for place in author.places { all += repo(author, place) }
            if let last = author.exchanges.last { all.append(try listing(by: last)) }
        }
        all.append(get(Self.space + "listRecords", [("space", extras.gallery), ("repo", extras.owner.did)], owner))
        // Those that change something come last, so that one that fails changes no answer of the others.
        all += signIns()
        for author in authors { if let again = try resend(author) { all.append(again) } }
        all.append(post("dev.happyview.space.acceptInvite", ["token": .string(extras.openInvite)], authors[0].token))
        all.append(post(Self.server + "refreshSession", nil, extras.owner.refresh))
        return all
    }

    private func people() -> [Question] {
        var all = [
            get(Self.server + "getSession", [], extras.owner.access),
            get(Self.server + "listAppPasswords", [], authors[0].token),
        ]
        for did in [extras.owner.did] + spaces.authors.map(\.did) {
            all.append(get("com.atproto.identity.resolveDid", [("did", did)]))
        }
        return all
    }

    /// By a password, which is slow on purpose, and by an app password.
    private func signIns() -> [Question] {
        [("owner.localhost", SpaceCast.password), (spaces.authors[0].handle, extras.appPassword)].map {
            name, password in
            post(Self.server + "createSession", ["identifier": .string(name), "password": .string(password)], nil)
        }
    }

    private func repo(_ author: RepoWorker, _ place: RepoWorker.Place) -> [Question] {
        let here = [("space", place.space), ("repo", author.author.did)]
        func ask(_ name: String, _ more: [(String, String)] = []) -> Question {
            get(Self.space + name, here + more, author.token)
        }
        var all = [
            ask("listRecords", [("limit", "1000")]), ask("listRepoOps", [("limit", "1000")]), ask("listBlobs"),
            ask("getLatestCommit"), ask("getRepoState"), ask("getRepo"),
        ]
        all[all.count - 1].archive = Question.Archive(space: place.space, author: author.author)
        for path in place.journal.records.keys.sorted() {
            let parts = path.split(separator: "/").map(String.init)
            all.append(ask("getRecord", [("collection", parts[0]), ("rkey", parts[1])]))
        }
        for cid in place.journal.blobs.map(\.text).sorted() { all.append(ask("getBlob", [("cid", cid)])) }
        return all
    }

    /// A listing by a credential that was handed out.
    private func listing(by exchange: Exchange) throws -> Question {
        let credential = exchange.credential ?? ""
        let method = Self.space + "listRepos"
        let target = DPoPProof.Request(
            method: "GET", url: "\(DamageScene.publicURL)/xrpc/\(method)", accessToken: credential)
        let proof = try DPoPProof.make(for: target, key: exchange.key, at: now)
        var question = get(method, [("space", spaces.home)])
        question.headers = ["Authorization: DPoP \(credential)", "DPoP: \(proof)"]
        return question
    }

    /// The last batch again under its key, which is answered as it was and changes nothing.
    private func resend(_ author: RepoWorker) throws -> Question? {
        for place in author.places {
            guard let (batch, paths) = place.journal.last else { continue }
            var question = post(Self.space + "applyWrites", author.body(batch, in: place.space, paths), author.token)
            question.headers.append("Idempotency-Key: \(batch.key)")
            return question
        }
        return nil
    }

    private func get(_ nsid: String, _ query: [(String, String)] = [], _ token: String? = nil) -> Question {
        let text = query.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        let path = "/xrpc/\(nsid)" + (text.isEmpty ? "" : "?" + text)
        return Question(name: path, path: path, token: token)
    }

    private func post(_ nsid: String, _ json: JSON?, _ token: String?) -> Question {
        Question(
            name: nsid, method: "POST", path: "/xrpc/\(nsid)", token: token,
            headers: json == nil ? [] : ["Content-Type: application/json"], body: json?.serialized() ?? [])
    }
}
