import ATProto
import CapTesting
import Multiformats
import Synchronization
import Testing
import UCAN

@testable import Identity

/// How metadata and key sets of other hosts are fetched, bounded and remembered.
@Suite struct RemoteDocumentTests {
    private final class Rig {
        let host: StubHost
        let documents: RemoteDocuments
        let milliseconds = Locked(Int64(0))
        /// What the host answers with, by path.
        let pages = Locked<[String: String]>([:])

        init(allowsLoopback: Bool = true) {
            let (pages, milliseconds) = (self.pages, self.milliseconds)
            let host = StubHost { asked in
                guard let page = pages.withLock({ $0[asked.target] }) else { return StubHost.Reply(404) }
                if page.isEmpty { return StubHost.Reply(503) }
                return StubHost.Reply(200, page)
            }
            self.host = host
            documents = RemoteDocuments(
                outbound: OutboundClient(
                    policy: OutboundPolicy(allowsLoopback: allowsLoopback), userAgent: "test"),
                now: { milliseconds.withLock { $0 } })
        }

        subscript(path: String) -> String {
            get { pages.withLock { $0[path] ?? "" } }
            set { pages.withLock { $0[path] = newValue } }
        }

        func code(_ path: String, _ freshness: IdentityResolver.Freshness = .remembered, mayWait: Bool = true)
            -> ResolutionError.Code?
        {
            do throws(ResolutionError) {
                _ = try documents.object(at: host.url + path, freshness, mayWait: mayWait)
                return nil
            } catch {
                return error.code
            }
        }
    }

    private let space: SpaceURI
    private let now = Timestamp(seconds: 1_800_000_000)

    init() throws { space = try SpaceURI("at://did:web:example.org/space/org.example.forum/one") }

    private static func set(_ keys: [(String, PublicKey)]) -> String {
        let keys = keys.map { id, key -> JSON in
            var object = key.jwk.object ?? JSONObject()
            object["kid"] = .string(id)
            return .object(object)
        }
        return String(decoding: (["keys": .array(keys)] as JSON).serialized(), as: UTF8.self)
    }

    @Test func anObjectIsFetchedOnceAndRememberedForTenMinutes() {
        let rig = Rig()
        rig["/a"] = #"{"a":1}"#
        #expect(rig.code("/a") == nil && rig.code("/a") == nil)
        #expect(rig.host.requests.count == 1)
        #expect(rig.code("/a", mayWait: false) == nil)
        rig.milliseconds.withLock { $0 = 599_999 }
        #expect(rig.code("/a") == nil && rig.host.requests.count == 1)
        rig.milliseconds.withLock { $0 = 600_000 }
        #expect(rig.code("/a", mayWait: false) == .mustWait)
        #expect(rig.code("/a") == nil && rig.host.requests.count == 2)
    }

    @Test func whatIsNoSmallStrictObjectIsRefused() {
        let rig = Rig()
        for (path, page) in [
            ("/array", "[]"), ("/twice", #"{"a":1,"a":2}"#), ("/text", "no"),
            ("/long", #"{"a":""# + String(repeating: "b", count: 65_536) + #""}"#),
        ] {
            rig[path] = page
            #expect(rig.code(path) == .malformed, "\(path)")
        }
        #expect(rig.code("/absent") == .notFound)
        rig["/away"] = ""
        #expect(rig.code("/away") == .unreachable)
        #expect(throws: ResolutionError.self) { try rig.documents.object(at: "ftp://example.org/") }
    }

    @Test func aFailureIsRememberedForFifteenSecondsAndNeverReplacesWhatWasGood() {
        let rig = Rig()
        rig["/a"] = ""
        #expect(rig.code("/a") == .unreachable)
        rig["/a"] = "{}"
        #expect(rig.code("/a") == .unreachable && rig.host.requests.count == 1)
        rig.milliseconds.withLock { $0 = 15_000 }
        #expect(rig.code("/a") == nil)
        rig["/a"] = ""
        #expect(rig.code("/a", .new) == nil && rig.host.requests.count == 3)
        // A signature that does not fit makes us ask again at most twelve times a minute.
        for _ in 0..<30 { _ = rig.code("/a", .new) }
        #expect(rig.host.requests.count <= 15)
    }

    @Test func thisMachineIsNotAskedUnlessPermitted() {
        let rig = Rig(allowsLoopback: false)
        rig["/a"] = "{}"
        #expect(rig.code("/a") == .refused && rig.host.requests.isEmpty)
    }

    // MARK: Clients

    private func attested(_ rig: Rig, _ key: PrivateKey, keyID: String = "one", path: String = "/client") throws
        -> ClientAttestation
    {
        let text = try ClientAttestation.make(
            clientID: rig.host.url + path, keyID: keyID, space: space, key: key, at: now)
        return try rig.documents.attestation(text, for: space, at: now)
    }

    private func metadata(_ rig: Rig, _ rest: String, id: String? = nil) -> String {
        #"{"client_id":"\#(id ?? rig.host.url + "/client")",\#(rest)}"#
    }

    @Test func anAttestationIsVerifiedWithTheKeysOfItsClient() throws {
        let (rig, key) = (Rig(), try PrivateKey.generate(.p256))
        rig["/client"] = metadata(rig, #""jwks":\#(Self.set([("one", key.publicKey)]))"#)
        #expect(try attested(rig, key).clientID == rig.host.url + "/client")
        let other = Rig()
        other["/keys"] = Self.set([("one", key.publicKey)])
        other["/client"] = metadata(other, #""jwks_uri":"\#(other.host.url)/keys""#)
        #expect(try attested(other, key).clientID == other.host.url + "/client")
    }

    @Test func aClientIsNobodyElse() throws {
        let (rig, key) = (Rig(), try PrivateKey.generate(.p256))
        let set = Self.set([("one", key.publicKey)])
        let wrong = [
            metadata(rig, #""jwks":\#(set)"#, id: rig.host.url + "/other"),
            metadata(rig, #""jwks":\#(set),"jwks_uri":"\#(rig.host.url)/keys""#),
            metadata(rig, #""jwks":{"keys":[]}"#), metadata(rig, #""name":"x""#), #"{"jwks":\#(set)}"#,
            metadata(rig, #""jwks":\#(Self.set([("one", try PrivateKey.generate(.p256).publicKey)]))"#),
        ]
        for (number, page) in wrong.enumerated() {
            let rig = rig
            rig["/client"] = page
            rig.milliseconds.withLock { $0 += 600_000 }
            #expect(throws: ATProtoError("InvalidClientAttestation", ""), "\(number)") {
                do throws(ATProtoError) {
                    _ = try rig.documents.attestation(
                        try ClientAttestation.make(
                            clientID: rig.host.url + "/client", keyID: "one", space: space, key: key, at: now),
                        for: space, at: now)
                } catch {
                    throw ATProtoError(error.name, "")
                }
            }
        }
    }

    /// What a host cannot say now says nothing of an attestation: a client is not told to throw a sound one away.
    @Test func keysThatCannotBeHadNowAreNoFaultOfAnAttestation() throws {
        let key = try PrivateKey.generate(.p256)
        func error(_ rig: Rig) -> String? {
            do {
                _ = try attested(rig, key)
                return nil
            } catch {
                return (error as? ATProtoError)?.name ?? "\(error)"
            }
        }
        let away = Rig()
        away["/client"] = ""
        #expect(error(away) == "UpstreamFailure")
        let half = Rig()
        half["/keys"] = ""
        half["/client"] = metadata(half, #""jwks_uri":"\#(half.host.url)/keys""#)
        #expect(error(half) == "UpstreamFailure")
        half["/keys"] = Self.set([("one", key.publicKey)])
        half.milliseconds.withLock { $0 += 15_000 }
        #expect(error(half) == nil)
        // Who says that there is nothing has answered, and so has who may not be asked.
        #expect(error(Rig()) == "InvalidClientAttestation")
        #expect(error(Rig(allowsLoopback: false)) == "InvalidClientAttestation")
    }

    /// Keys may have been turned over while their host is away: what does not fit the remembered ones is not known then.
    @Test func keysThatCannotBeFetchedAnewAreNoFaultOfAnAttestation() throws {
        let (rig, old, new) = (Rig(), try PrivateKey.generate(.p256), try PrivateKey.generate(.p256))
        func error(_ key: PrivateKey) -> String? {
            do {
                _ = try attested(rig, key)
                return nil
            } catch {
                return (error as? ATProtoError)?.name ?? "\(error)"
            }
        }
        rig["/client"] = metadata(rig, #""jwks":\#(Self.set([("one", old.publicKey)]))"#)
        #expect(error(old) == nil && error(new) == "InvalidClientAttestation")
        rig["/client"] = ""
        #expect(error(new) == "UpstreamFailure" && error(old) == nil, "what fits the remembered keys holds")
        for _ in 0..<20 { #expect(error(new) == "UpstreamFailure") }
        rig["/client"] = metadata(rig, #""jwks":\#(Self.set([("one", new.publicKey)]))"#)
        rig.milliseconds.withLock { $0 += 60_000 }
        #expect(error(new) == nil && error(old) == "InvalidClientAttestation")
    }

    /// Tries for which there was no room ask nobody, so that they do not count against asking anew.
    @Test func onlyWhatWasAskedCountsAgainstAskingAnew() throws {
        let cache = ResolutionCache<Int>(limit: 4, lifetime: 600, failureLifetime: 15, now: { 0 })
        let busy = ResolutionError(.unreachable, "", passing: .notAsked)
        _ = cache.settle(.success(1), for: "a")
        for _ in 0..<30 { #expect(try cache.settle(.failure(busy), for: "a").get() == 1 && cache.mayRefresh("a")) }
        let away = ResolutionError(.unreachable, "", passing: .notNow)
        for _ in 0..<12 {
            #expect(cache.mayRefresh("a"))
            #expect(try cache.settle(.failure(away), for: "a").get() == 1)
        }
        #expect(!cache.mayRefresh("a") && cache.mayRefresh("b"))
        #expect(throws: busy) { try cache.settle(.failure(busy), for: "b").get() }
        #expect(cache["b"] == nil)
    }

    /// RFC 7517, section 5: what is wrong with one key is no matter of the others, unless it gives a secret away.
    @Test func anOddKeyOfAClientShutsOutNoOther() throws {
        let key = try PrivateKey.generate(.p256)
        let sound = Self.set([("one", key.publicKey)]).dropFirst(#"{"keys":["#.utf8.count).dropLast(2)
        for odd in try JWKCase.all(.p256) where odd.fateInSet != "refused" {
            let rig = Rig()
            rig["/client"] = metadata(rig, #""jwks":{"keys":[\#(odd.publicText),\#(sound)]}"#)
            #expect(try attested(rig, key).clientID == rig.host.url + "/client", "\(odd)")
        }
        let rig = Rig()
        rig["/client"] = metadata(rig, #""jwks":{"keys":[\#(String(decoding: key.jwk.serialized(), as: UTF8.self))]}"#)
        #expect(throws: ATProtoError.self) { try attested(rig, key) }
    }

    @Test func aNewKeyOfAClientCountsAtOnce() throws {
        let (rig, old, new) = (Rig(), try PrivateKey.generate(.p256), try PrivateKey.generate(.p256))
        rig["/client"] = metadata(rig, #""jwks":\#(Self.set([("one", old.publicKey)]))"#)
        _ = try attested(rig, old)
        rig["/client"] = metadata(
            rig, #""jwks":\#(Self.set([("one", new.publicKey), ("two", old.publicKey)]))"#)
        _ = try attested(rig, new)
        _ = try attested(rig, old, keyID: "two")
        #expect(throws: ATProtoError.self) { try attested(rig, old) }
    }
}
