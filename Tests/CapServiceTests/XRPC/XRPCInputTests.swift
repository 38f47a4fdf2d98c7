import Multiformats
import Testing

@testable import CapService

/// How parameters and bodies are read, and their limits.
@Suite struct XRPCInputTests {
    static let methods: [XRPCMethod] = [
        .query("com.atproto.space.read", aliases: ["dev.happyview.space.read"]) { call in
            let parameters = call.parameters
            var json: JSONObject = JSONObject()
            json["space"] = try parameters.optionalText(.space).map { .string($0) }
            json["type"] = try parameters.optionalText(.spaceType).map { .string($0) }
            json["limit"] = .number(JSONNumber(try parameters.number("limit", in: 1...100, usual: 50)))
            json["flag"] = try parameters.optionalFlag("flag").map { .bool($0) }
            json["many"] = .array(parameters.texts("many").map { .string($0) })
            return .json(.object(json))
        },
        .procedure(
            "com.atproto.space.write", aliases: ["dev.happyview.space.write"], bodyLimit: XRPCMethod.recordBodyLimit
        ) { call in
            .json([
                "space": .string(try call.input.text(.space)),
                "type": try call.input.optionalText(.spaceType).map { .string($0) } ?? .null,
            ])
        },
        .procedure("com.atproto.space.plain") { _ in .empty() },
        .procedure("com.atproto.repo.upload", body: .bytes, bodyLimit: XRPCMethod.blobBodyLimit, feature: nil) { call in
            .json(["size": .number(JSONNumber(call.request.body.count))])
        },
    ]

    private func refused(_ response: RawResponse, _ words: String) {
        #expect(response.status == 400 && response.json["error"] == "InvalidRequest", "\(response.status)")
        #expect(response.json["message"]?.string?.contains(words) == true, "\(response.text)")
    }

    @Test func parametersAreTypedAndSingleOnesStaySingle() throws {
        let service = try XRPCTestService(Self.methods)
        let name = "com.atproto.space.read"
        #expect(try service.get(name).json == ["limit": 50, "many": []])
        #expect(
            try service.get("\(name)?space=a%20b&type=x&limit=100&flag=true&many=1&many=2&unknown=1").json
                == ["space": "a b", "type": "x", "limit": 100, "flag": true, "many": ["1", "2"]])
        #expect(try service.get("\(name)?type=x&spaceType=x").json["type"] == "x")
        refused(try service.get("\(name)?type=x&spaceType=y"), "disagree")
        refused(try service.get("\(name)?space=a&space=a"), "more than once")
        refused(try service.get("\(name)?flag=yes"), "`true` or `false`")
        refused(try service.get("\(name)?space=%ff"), "malformed")
        refused(try service.get("\(name)?space=a%00"), "malformed")
        for limit in ["0", "101", "-1", "+5", "1.0", "", "9999999999999999999999"] {
            refused(try service.get("\(name)?limit=\(limit)"), "from 1 to 100")
        }
    }

    @Test func namesOfOldVersionsAreReadUnderTheAliasOnly() throws {
        let service = try XRPCTestService(Self.methods)
        #expect(try service.get("com.atproto.space.read?spaceUri=a").json["space"] == nil)
        #expect(try service.get("dev.happyview.space.read?spaceUri=a&typeNsid=t").json["space"] == "a")
        #expect(try service.post("dev.happyview.space.write", ["spaceUri": "a", "typeNsid": "t"]).json["type"] == "t")
        refused(try service.post("com.atproto.space.write", ["spaceUri": "a"]), "`space` is missing")
        refused(try service.post("dev.happyview.space.write", ["spaceUri": "a", "space": "b"]), "disagree")
        refused(try service.post("com.atproto.space.write", ["space": "a", "type": "b", "spaceType": "c"]), "disagree")
        refused(try service.post("com.atproto.space.write", ["space": 7]), "takes a text")
        refused(try service.post("com.atproto.space.write", ["space": "a\u{0}"]), "U+0000")
    }

    @Test func aBodyIsOneStrictJSONObjectOfItsType() throws {
        let service = try XRPCTestService(Self.methods)
        func post(_ body: String, _ type: String) throws -> RawResponse {
            try service.wire.post(
                "/xrpc/com.atproto.space.write", authorization: nil, body: Array(body.utf8),
                headers: ["Content-Type: \(type)"])
        }
        #expect(try post("{\"space\":\"a\"}", "application/json; charset=utf-8").status == 200)
        #expect(try post("{\"space\":\"a\"}", "Application/JSON").status == 200)
        refused(try post("{\"space\":\"a\"}", "text/plain"), "application/json")
        refused(try post("{\"space\":\"a\",}", "application/json"), "strict JSON")
        refused(try post("{\"space\":\"a\",\"space\":\"b\"}", "application/json"), "strict JSON")
        refused(try post("[]", "application/json"), "not a JSON object")
    }

    @Test func bodiesOneByteTooLargeAreRefused() throws {
        let service = try XRPCTestService(Self.methods)
        for (name, limit) in [
            ("com.atproto.space.write", 1_000_000), ("dev.happyview.space.write", 1_000_000),
            ("com.atproto.space.plain", 150 * 1024),
        ] {
            let frame = "{\"space\":\"\"}".utf8.count
            for size in [limit, limit + 1] {
                let text = "{\"space\":\"\(String(repeating: "a", count: size - frame))\"}"
                let response = try service.wire.post("/xrpc/" + name, authorization: nil, body: Array(text.utf8))
                #expect(response.status == (size == limit ? 200 : 413), "\(name) \(size)")
                if size > limit { #expect(response.json["error"] == "PayloadTooLarge") }
            }
        }
        for size in [5 << 20, 5 << 20 + 1] {
            let response = try service.wire.post(
                "/xrpc/com.atproto.repo.upload", authorization: nil, body: [UInt8](repeating: 0, count: size),
                headers: ["Content-Type: image/png"])
            #expect(response.status == (size == 5 << 20 ? 200 : 413))
        }
        // What goes far beyond is cut off by the server, under the same name.
        let huge = try #require(RawSocket(port: service.port))
        huge.send("POST /xrpc/com.atproto.space.plain HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n")
        let cut = huge.readResponse()
        #expect(cut?.status == 413 && cut?.errorCode == "PayloadTooLarge")
    }
}
