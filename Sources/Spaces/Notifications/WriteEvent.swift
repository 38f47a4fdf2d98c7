package import CapabilityGraph
import Multiformats

/// One committed batch of a repo, as those who follow the space are told of it: never a path or a record
/// (atproto-spaces.md 17).
package struct WriteEvent: Sendable {
    package let space: Space
    /// The author whose repo was written.
    package let repo: String
    /// The repo's revision after the batch, a TID.
    package let rev: String
    /// SHA-256 of the repo's set hash after the batch: 32 bytes.
    package let hash: [UInt8]
    /// The space's revision by this write, and by the write before it; nil for a space hosted elsewhere.
    package let spaceRev: String?
    package let prevSpaceRev: String?

    package init(
        space: Space, repo: String, rev: String, hash: [UInt8], spaceRev: String?, prevSpaceRev: String?
    ) {
        self.space = space
        self.repo = repo
        self.rev = rev
        self.hash = hash
        self.spaceRev = spaceRev
        self.prevSpaceRev = prevSpaceRev
    }

    /// The body of `notifyWrite`, with both spellings of the revision.
    var json: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        for (key, value) in [("space", space.text), ("repo", repo), ("rev", rev), ("repoRev", rev)] {
            json.key(key)
            json.string(value)
        }
        json.key("hash")
        json.beginObject()
        json.key("$bytes")
        json.string(Base64.encode(hash))
        json.endObject()
        if let spaceRev {
            json.key("spaceRev")
            json.string(spaceRev)
        }
        if let prevSpaceRev {
            json.key("prevSpaceRev")
            json.string(prevSpaceRev)
        }
        json.endObject()
        return json.bytes
    }

    /// The same as an event of a stream.
    var event: [UInt8] { Array("event: write\ndata: ".utf8) + json + Array("\n\n".utf8) }
}
