import CapClient
import Multiformats
import UCAN

/// Answers the four questions, from a service or from a database file, in the same shapes.
protocol AuthoritySource: Sendable {
    var now: Timestamp { get }
    /// Space asked about when the question names none.
    var space: String? { get }
    /// Whoever asks, when known.
    var asker: DID? { get }

    func list(_ question: ListQuestion) throws(Failure) -> DelegationPage
    func chain(_ cid: CID) throws(Failure) -> DelegationChain
    func check(_ question: DecisionQuestion) throws(Failure) -> AuthorizeAnswer
    func status(_ cid: CID) throws(Failure) -> DelegationStatus

    /// Reads a principal as typed.
    func principal(_ typed: String, keys: KeyStore) throws(Failure) -> DID
    /// Completes a resource as typed.
    func resource(_ typed: String) throws(Failure) -> String
}

extension AuthoritySource {
    func principal(_ typed: String, keys: KeyStore) throws(Failure) -> DID {
        try PrincipalText.parse(typed, keys: keys, me: asker)
    }

    func resource(_ typed: String) throws(Failure) -> String { try SpaceText.resource(typed, in: space) }

    /// Returns the space to ask about.
    func requireSpace() throws(Failure) -> String {
        guard let space else {
            throw .usage("no space to ask about", hint: "`--space ID`, or `capq login` first")
        }
        guard SpaceText.owner(of: space) != nil else { throw .usage("`\(space)` is not a space") }
        return space
    }
}
