public import UCAN

extension Resource {
    static let networkPrefix = "urn:tinycloud:encryption:"

    /// A place in a space: `<space>/<service>[/<path>][?query][#fragment]`.
    public static func tinycloud(space: Space, service: String, path: String?, suffix: String) -> Resource {
        Resource(space: space, service: service, path: path, suffix: suffix)
    }

    /// `urn:tinycloud:encryption:<owner>:<name>`; its root authority is the owner.
    public static func encryptionNetwork(owner: DID, name: String) -> Resource {
        Resource(.tinycloud, text: networkPrefix + owner.text + ":" + name, controlledBy: owner)
    }
}

extension Space {
    static let tinyCloudScheme = "tinycloud:"

    /// The TinyCloud space of an owner: `tinycloud:<did without did:>:<name>` (spec tinycloud.md 1.1).
    public init(owner: DID, name: String) {
        let suffix = owner.text.dropFirst("did:".count)
        self.init(.tinycloud, owner: owner, name: name, text: "\(Self.tinyCloudScheme)\(suffix):\(name)")
    }
}

extension TinyCloud {
    /// Parses a URI (spec tinycloud.md 1.1, 1.3; ucan.md B.3).
    public func resource(_ text: String) throws(GraphError) -> Resource {
        if text.utf8.starts(with: Resource.networkPrefix.utf8) { return try encryptionNetwork(text) }
        let bytes = Array(text.utf8)
        // What has an authority is a URI of another kind, which is nobody's space.
        if bytes.starts(with: "tinycloud://".utf8) { return .opaque(text) }
        guard NormalURI.isNormalised(bytes) else {
            throw GraphError(.malformedResource, "`\(text)` is not a normalised URI")
        }
        let pathEnd = bytes.firstIndex { $0 == 0x3F || $0 == 0x23 } ?? bytes.endIndex
        guard let slash = bytes[..<pathEnd].firstIndex(of: 0x2F) else {
            throw GraphError(.malformedResource, "`\(text)` names no service")
        }
        let space = try space(bytes[..<slash], of: text)
        let rest = bytes[(slash + 1)..<pathEnd]
        let suffix = String(decoding: bytes[pathEnd...], as: UTF8.self)
        guard let second = rest.firstIndex(of: 0x2F) else {
            return .tinycloud(
                space: space, service: String(decoding: rest, as: UTF8.self), path: nil, suffix: suffix)
        }
        return .tinycloud(
            space: space, service: String(decoding: rest[..<second], as: UTF8.self),
            path: String(decoding: rest[(second + 1)...], as: UTF8.self), suffix: suffix)
    }

    private func encryptionNetwork(_ text: String) throws(GraphError) -> Resource {
        let rest = text.dropFirst(Resource.networkPrefix.count)
        guard let split = rest.lastIndex(of: ":"), split != rest.startIndex else {
            throw GraphError(.malformedResource, "`\(text)` lacks an owner or a name")
        }
        let name = rest[rest.index(after: split)...]
        guard !name.isEmpty, !name.contains("/"), let owner = try? DID(String(rest[..<split])) else {
            throw GraphError(.malformedResource, "`\(text)` lacks an owner or a name")
        }
        return .encryptionNetwork(owner: owner, name: String(name))
    }

    /// Parses `tinycloud:<did without did:>:<name>`.
    public func space(_ text: String) throws(GraphError) -> Space {
        let bytes = Array(text.utf8)
        guard NormalURI.isNormalised(bytes), !bytes.contains(where: { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 }) else {
            throw GraphError(.malformedResource, "`\(text)` is not a space id")
        }
        return try space(bytes[...], of: text)
    }

    /// Parses the part of a resource before its first slash.
    private func space(_ bytes: ArraySlice<UInt8>, of text: String) throws(GraphError) -> Space {
        guard bytes.starts(with: Space.tinyCloudScheme.utf8), let split = bytes.lastIndex(of: 0x3A) else {
            throw GraphError(.malformedResource, "`\(text)` is not a space id")
        }
        let suffixStart = bytes.startIndex + Space.tinyCloudScheme.utf8.count
        guard split > suffixStart, split + 1 < bytes.endIndex else {
            throw GraphError(.malformedResource, "`\(text)` lacks an owner or a name")
        }
        let owner: DID
        do throws(UCANError) {
            owner = try DID("did:" + String(decoding: bytes[suffixStart..<split], as: UTF8.self))
        } catch {
            throw GraphError(.malformedResource, "the owner of `\(text)` is not a DID")
        }
        return Space(owner: owner, name: String(decoding: bytes[(split + 1)...], as: UTF8.self))
    }
}
