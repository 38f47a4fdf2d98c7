import CapTesting
import Multiformats

/// Reads the published pair of a root CACAO and a UCAN that rests on it.
struct AcceptedGrant {
    let root: String
    let child: String
    let rootCID: String
    let childCID: String

    init() throws {
        let vector = try Fixture.json("vectors/tinycloud/grant-output/accept.json")
        let parent = vector["parentFormatVector"]
        let grant = vector["cases"]?.array?.first?["portableDelegation"]
        root = parent?["dagCborBase64Url"]?.string ?? ""
        rootCID = parent?["expectedCid"]?.string ?? ""
        child = grant?["encoded"]?.string ?? ""
        childCID = grant?["delegationId"]?.string ?? ""
    }
}
