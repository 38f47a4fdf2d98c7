public import Multiformats

/// Holds the capabilities and proofs that the last resource of a message carries (ERC-5573).
public struct ReCap: Sendable, Hashable {
    static let prefix = "urn:recap:"

    /// Ordered by resource, then ability; none has caveats, which this form cannot express.
    public let capabilities: [TokenCapability]
    public let proofs: [CID]

    /// Orders the capabilities; one with caveats is refused, since wallets' nodes would drop them.
    public init(capabilities: [TokenCapability], proofs: [CID] = []) throws(UCANError) {
        guard capabilities.allSatisfy(\.caveats.isEmpty) else {
            throw UCANError(.malformedReCap, "a wallet delegation cannot carry caveats", step: "C.3")
        }
        _ = try CapabilitiesObject.write(capabilities)
        self.init(ordered: capabilities.sorted(by: TokenCapability.isOrdered), proofs)
    }

    private init(ordered capabilities: [TokenCapability], _ proofs: [CID]) {
        self.capabilities = capabilities
        self.proofs = proofs
    }

    /// Reads the ReCap of a resource list: nil when none carries one, refused when it is not the last resource.
    public static func read(
        resources: [String],
        limits: TokenLimits = .default
    ) throws(UCANError) -> ReCap? {
        guard let last = resources.last else { return nil }
        guard !resources.dropLast().contains(where: isReCap) else {
            throw UCANError(.malformedReCap, "a `urn:recap:` resource stands before the last place", step: "C.3")
        }
        guard isReCap(last) else { return nil }
        return try ReCap(resource: last, limits: limits)
    }

    /// URN schemes and namespaces are case-insensitive, so every casing of the prefix counts.
    private static func isReCap(_ resource: String) -> Bool {
        resource.utf8.count >= prefix.utf8.count
            && zip(resource.utf8, prefix.utf8).allSatisfy { given, wanted in
                given == wanted || (URISyntax.isLetter(given) && given | 0x20 == wanted)
            }
    }

    /// Reads `urn:recap:` and unpadded base64url of `{"att":{...},"prf":[...]}`; throws `malformedReCap`.
    public init(resource: String, limits: TokenLimits = .default) throws(UCANError) {
        guard resource.utf8.starts(with: ReCap.prefix.utf8) else {
            throw UCANError(.malformedReCap, "the ReCap does not start with `urn:recap:`", step: "C.3")
        }
        let text = resource.utf8.dropFirst(ReCap.prefix.utf8.count)
        guard text.count <= limits.bytes * 2 else {
            throw UCANError(.limitExceeded, "the ReCap is longer than \(limits.bytes) bytes", step: "J.22")
        }
        guard let bytes = Base64URL.decode(text) else {
            throw UCANError(.malformedReCap, "the ReCap is not unpadded base64url", step: "C.3")
        }
        let json: JSON
        do {
            json = try JSON.parse(bytes, limits: JSONLimits(maxBytes: limits.bytes, maxDepth: limits.depth))
        } catch {
            throw UCANError(.malformedReCap, "the ReCap is no strict JSON: \(error.message)", step: "C.3")
        }
        guard case .object(let members) = json else {
            throw UCANError(.malformedReCap, "the ReCap is no JSON object", step: "C.3")
        }
        let capabilities = try CapabilitiesObject.read(members["att"], limits: limits)
        // A caveat would be dropped by the nodes that read this form, so nothing but `[{}]` is taken.
        guard capabilities.allSatisfy(\.caveats.isEmpty) else {
            throw UCANError(.malformedReCap, "the ReCap carries caveats, which this form cannot express", step: "C.3")
        }
        let proofs = try members["prf"].map { json throws(UCANError) in try ReCap.proofs(json, limits: limits) }
        guard members.count == (proofs == nil ? 1 : 2) else {
            throw UCANError(.malformedReCap, "the ReCap has members besides `att` and `prf`", step: "C.3")
        }
        self.init(ordered: capabilities, proofs ?? [])
    }

    private static func proofs(_ json: JSON, limits: TokenLimits) throws(UCANError) -> [CID] {
        guard case .array(let items) = json else {
            throw UCANError(.malformedReCap, "the ReCap's `prf` is no array", step: "C.3")
        }
        guard items.count <= limits.proofs else {
            throw UCANError(.limitExceeded, "more than \(limits.proofs) proofs are cited", step: "J.22")
        }
        var proofs: [CID] = []
        for item in items {
            guard case .string(let text) = item, text.utf8.first == UInt8(ascii: "z"),
                let cid = try? CID(text: text.utf8)
            else { throw UCANError(.malformedCID, "a proof of the ReCap is no base58btc CID", step: "C.3") }
            proofs.append(cid)
        }
        return proofs
    }

    /// The `urn:recap:` resource, its JSON in sorted compact form.
    public var resource: String { ReCap.prefix + Base64URL.encode(json) }

    /// `{"att":{...},"prf":[...]}` with keys in byte order.
    var json: [UInt8] {
        let attenuation = (try? CapabilitiesObject.write(capabilities)) ?? .object(JSONObject())
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("att")
        writer.value(attenuation)
        writer.key("prf")
        writer.beginArray()
        for proof in proofs { writer.string(proof.base58) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}

extension ReCap {
    private static let opening =
        "I further authorize the stated URI to perform the following actions on my behalf:"

    /// The sentence a wallet shows and signs, generated from the capabilities (spec/ucan.md C.3).
    ///
    /// Numbered entries, one per resource and namespace in byte order, each with its sorted names.
    public var statement: String {
        var text = ReCap.opening
        var number = 0
        var start = capabilities.startIndex
        while start < capabilities.endIndex {
            let resource = capabilities[start].resource
            let end = capabilities[start...].firstIndex { $0.resource != resource } ?? capabilities.endIndex
            // Full abilities sort differently from namespaces where a character below `/` follows, so regroup.
            let named = capabilities[start..<end].map { (namespace: $0.namespace, name: $0.name) }
                .sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
            var previous: Substring?
            for (namespace, name) in named {
                if namespace == previous {
                    text += ", '\(name)'"
                } else {
                    if previous != nil { text += " for '\(resource)'." }
                    number += 1
                    text += " (\(number)) '\(namespace)': '\(name)'"
                    previous = namespace
                }
            }
            text += " for '\(resource)'."
            start = end
        }
        return text
    }

    /// Tests that a message's statement is the generated text, or ends with a space and that text.
    public func isStated(by statement: String?) -> Bool {
        guard let statement else { return false }
        let given = Array(statement.utf8)
        let wanted = Array(self.statement.utf8)
        guard given.count >= wanted.count, given.suffix(wanted.count).elementsEqual(wanted) else { return false }
        return given.count == wanted.count || given[given.count - wanted.count - 1] == UInt8(ascii: " ")
    }

    /// Prepends the user's own words, separated by one space.
    public func statement(after words: String?) -> String {
        guard let words, !words.isEmpty else { return statement }
        return words + " " + statement
    }
}
