import Multiformats
import UCAN

/// Asks whether a principal may use an ability on a resource.
struct DecisionQuestion: Sendable {
    let principal: DID
    let ability: String
    let resource: String
    /// What caveats are judged by: `{"caveats":[{…}],"statement":{…}}`, both optional; nil when nothing is given.
    var context: JSON?
    var at: Timestamp?
    var wantsExplanation = false
}
