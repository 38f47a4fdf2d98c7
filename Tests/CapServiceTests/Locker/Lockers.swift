import CapabilityGraph
import Multiformats
import UCAN

extension FamilyName {
    static let locker = FamilyName("locker")
}

/// A third family, as small as one can be: lockers with boxes, and keys to them that this host states for their owner.
///
/// `locker:<did>:<name>` is a locker and `locker:<did>:<name>/<box>` a box in it; `locker:<did>:<name>/capabilities/all` is
/// where its edges are read.
struct Lockers: Family {
    var name: FamilyName { .locker }
    var prefixes: [String] { ["locker:"] }
    var kinds: [EdgeKind] { [.lockerKey] }
    var managing: Ability? { .lend }
    var caveats: [any Caveat.Type] { [OpeningHours.self] }
    var context: [ContextMember] { [.hour] }

    var abilities: [AbilityRegistry.Entry] {
        [
            AbilityRegistry.Entry("locker/open"), AbilityRegistry.Entry("locker/put"),
            AbilityRegistry.Entry("locker/lend", implies: ["locker/open"]),
        ]
    }

    func space(_ text: String) throws(GraphError) -> Space {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let owner = parts.dropFirst().dropLast().joined(separator: ":")
        guard parts.count > 2, parts[0] == "locker", let name = parts.last, Self.isWord(name),
            let owner = try? DID(owner)
        else { throw GraphError(.malformedResource, "`\(text)` is no locker") }
        return Space(.locker, .impliesProofs, owner: owner, name: String(name), text: text)
    }

    func resource(_ text: String) throws(GraphError) -> Resource {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let locker = try space(String(parts[0]))
        if parts.count == 1 { return Resource(space: locker) }
        if parts[1] == "capabilities" {
            guard parts.count == 3, parts[2] == "all" else {
                throw GraphError(.malformedResource, "`\(text)` names no box")
            }
            return Resource(space: locker, service: "capabilities", path: "all")
        }
        guard parts.count == 2, Self.isWord(parts[1]) else {
            throw GraphError(.malformedResource, "`\(text)` names no box")
        }
        return Resource(space: locker, path: String(parts[1]))
    }

    private static func isWord(_ text: Substring) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    func reachesBelow(_ ability: Ability, _ resource: Resource, _ registry: AbilityRegistry) -> Bool {
        resource.path == nil
    }

    /// The house is closed by night: then nobody puts anything into a box, whatever key it has.
    func unmetCondition(of question: CheckQuestion, in graph: Snapshot, at now: Timestamp) -> Decision? {
        guard question.ability == .put else { return nil }
        guard let hour = question.context?.hour else {
            return .deny(Denial(cause: .missingContext(["hour"]), edge: nil))
        }
        guard !(6..<22).contains(hour) else { return nil }
        let closed = UnmetCondition("houseClosed", "the house is closed at hour \(hour)", hint: "come by day")
        return .deny(Denial(cause: .unmet(closed), edge: nil))
    }
}

extension Ability {
    static let open = Ability(literal: "locker/open")
    static let put = Ability(literal: "locker/put")
    static let lend = Ability(literal: "locker/lend")
}

extension EdgeKind {
    static let lockerKey = EdgeKind(
        code: 200, name: "lockerKey", .hostStatement, endedBy: [.audience, .authority, .manager])
}

extension ContextMember {
    static let hour = ContextMember("hour") { json, _, context throws(GraphError) in
        guard let hour = json.number?.int64, (0...23).contains(hour) else {
            throw GraphError(.malformedContext, "`hour` is not an hour of the day")
        }
        context.hour = hour
    }
}

extension CheckContext {
    private enum HourKey: ContextKey { typealias Value = Int64 }

    /// The hour of the day at which a locker is used.
    var hour: Int64? {
        get { self[HourKey.self] }
        set { self[HourKey.self] = newValue }
    }
}

/// `{"type":"locker.example/hours","from":8,"until":18}`: used from one hour until before another, of one day.
struct OpeningHours: Caveat {
    static let type = "locker.example/hours"

    let hours: Range<Int64>

    init(_ hours: Range<Int64>) { self.hours = hours }

    init?(_ json: JSON) {
        guard case .object(let object) = json, object.count == 3, let from = object["from"]?.number?.int64,
            let until = object["until"]?.number?.int64, (0...24).contains(from), (from...24).contains(until)
        else { return nil }
        hours = from..<until
    }

    var json: JSON {
        [
            "type": .string(Self.type), "from": .number(JSONNumber(hours.lowerBound)),
            "until": .number(JSONNumber(hours.upperBound)),
        ]
    }

    func failure(_ use: CaveatUse, _ families: Families) -> CaveatFailure? {
        guard let hour = use.context?.hour else { return .hourMissing }
        return hours.contains(hour) ? nil : .outsideHours
    }

    /// Fewer hours are narrower.
    static func containment(
        of child: Caveats, in parent: Caveats, for purpose: Caveats.Purpose
    ) -> CaveatContainment? {
        guard parent.list.contains(where: isOne) else { return nil }
        guard parent.list.count == 1, child.list.count == 1, let outer = Self(parent.list[0]), isOne(child.list[0]),
            let inner = Self(child.list[0]), outer.hours.lowerBound <= inner.hours.lowerBound,
            inner.hours.upperBound <= outer.hours.upperBound
        else { return .failed(.hoursNotContained) }
        return .contained
    }
}

extension CaveatFailure {
    static let hourMissing = CaveatFailure("hour-not-given", missing: "hour")
    static let outsideHours = CaveatFailure("outside-hours")
    static let hoursNotContained = CaveatFailure("hours-not-contained")
}
