import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// The law of one question: what the gate lets through is what the graph allows, asked the same with what the operation
/// tells of the use.
@Suite struct QuestionLawTests {
    /// A random space, and what its managing application would say.
    private struct World {
        let rig: SpaceRig
        let space: SpaceURI
        var random: SeededGenerator
        static let people = ["alice", "bob", "carol", "dave"]
        static let clients = ["https://a.example/c", "https://b.example/c"]
        static let collections = [SpaceRig.post, "com.example.other"]
        static let app = "did:web:app.example#forum"

        mutating func chance(_ percent: Int) -> Bool { random.int(in: 0...99) < percent }
        mutating func pick<Item>(_ items: [Item]) -> Item { items[random.int(in: 0...(items.count - 1))] }

        init(_ generator: SeededGenerator) throws {
            rig = try SpaceRig()
            random = generator
            space = try rig.create("main")
            try furnish(space)
            if chance(30) {
                let inner = try rig.create("inner", of: "alice")
                try furnish(inner)
                try rig.add(space: inner, to: space, pick([.reader, .writer, .readSelf]))
            }
            for name in Self.people where chance(40) { rig.apps.admit(try rig.did(name)) }
            if chance(10) { try rig.delete(space) }
        }

        private mutating func furnish(_ space: SpaceURI) throws {
            for name in Self.people.dropFirst() where chance(50) {
                try rig.add(name, to: space, pick([.reader, .writer, .readSelf, .write, .manage, []]))
            }
            for _ in 0...2 { try rig.update(space, settings()) }
            for name in Self.people.dropFirst() where chance(15) { try? rig.remove(name, from: space) }
        }

        private mutating func settings() -> String {
            func policy(_ random: inout SeededGenerator) -> String {
                let words = [
                    #"{"$type":"com.atproto.simplespace.defs#memberListPolicy"}"#,
                    #"{"$type":"com.atproto.simplespace.defs#publicPolicy"}"#,
                    #"{"$type":"com.atproto.simplespace.defs#managingAppPolicy","managingApp":"\#(Self.app)"}"#,
                ]
                return words[random.int(in: 0...2)]
            }
            let apps = pick([
                #"{"$type":"com.atproto.simplespace.defs#open"}"#,
                #"{"$type":"com.atproto.simplespace.defs#allowList","allowed":["https://a.example/c"]}"#,
                #"{"$type":"com.atproto.simplespace.defs#denyList","denied":["https://a.example/c"]}"#,
            ])
            let taken = pick(["null", #"["com.example.post"]"#, "[]"])
            let flags = (chance(20), chance(20), chance(30))
            return """
                {"readPolicy":\(policy(&random)),"writePolicy":\(policy(&random)),"appAccess":\(apps),\
                "config":{"membershipPublic":\(flags.0),"recordsPublic":\(flags.1),\
                "membersCanList":\(flags.2),"allowedCollections":\(taken)}}
                """
        }
    }

    /// What is asked of the gate, and of the graph: all of the questions have to be allowed.
    private struct Case {
        let name: String
        let operation: Spaces.Operation
        let caller: Caller
        let space: SpaceURI
        let asked: (Snapshot) throws -> Bool
        /// False where who asks shows less than its principal may.
        var isExact = true
    }

    private func cases(_ world: World) throws -> [Case] {
        let (rig, space) = (world.rig, world.space)
        let start = rig.start
        func context(_ access: ManagingAppWord.Access, _ user: DID, client: String? = nil) -> CheckContext {
            var context = CheckContext(client: client)
            context.managingApp = ManagingAppWord(
                app: World.app, access: access, isAuthorized: rig.apps.wouldAdmit(user))
            return context
        }
        func allows(
            _ graph: Snapshot, _ principal: DID, _ ability: Ability, _ uri: SpaceURI, _ path: String? = nil,
            _ given: CheckContext? = nil
        ) throws -> Bool {
            let resource = Resource.atproto(space: try Space(uri), path: path)
            let completed = try rig.gate.completed(given, of: ability, on: resource)
            return graph.answer(
                CheckQuestion(principal: principal, ability: ability, resource: resource, context: completed), at: start
            ).isAllowed
        }
        func invokes(_ graph: Snapshot, _ question: InvocationQuestion, _ ability: Ability, _ path: String?) throws
            -> Bool
        {
            let resource = Resource.atproto(space: try Space(space), path: path)
            return graph.answer(
                question, wanted: (ability, resource), context: context(.write, question.invoker), at: start
            ).isAllowed
        }
        let foreign = try SpaceURI("at://did:web:other.example/space/com.example.forum/main")
        var cases: [Case] = []
        for name in World.people {
            let (caller, principal) = (try rig.session(name), try rig.did(name))
            for author in World.people {
                let (did, isOwn) = (try rig.did(author), author == name)
                for place in [space, foreign] {
                    cases.append(
                        Case(
                            name: "\(name) reads \(author) in \(place)", operation: .readRecords(author: did),
                            caller: caller, space: place
                        ) {
                            try allows($0, principal, isOwn ? .spaceReadSelf : .spaceRead, place, did.text)
                        })
                }
                let named = Capability(resource: .atproto(space: try Space(space), path: nil), ability: .spaceRead)
                let question = InvocationQuestion(invoker: principal, proofs: [], capabilities: [named])
                cases.append(
                    Case(
                        name: "\(name) invokes reading \(author)", operation: .readRecords(author: did),
                        caller: .invocation(question), space: space
                    ) { graph in
                        let resource = Resource.atproto(space: try Space(space), path: did.text)
                        let ability = isOwn ? Ability.spaceReadSelf : .spaceRead
                        return graph.answer(
                            question, wanted: (ability, resource),
                            context: try rig.gate.completed(nil, of: ability, on: resource), at: start
                        ).isAllowed
                    })
            }
            for collection in World.collections {
                for action in [WriteAction.create, .update, .delete] {
                    let item = WriteItem(action, collection: collection)
                    for place in [space, foreign] {
                        cases.append(
                            Case(
                                name: "\(name) \(action) \(collection) in \(place)",
                                operation: .write(author: principal, [item]), caller: caller, space: place,
                                asked: {
                                    try allows(
                                        $0, principal, item.ability, place, "\(principal.text)/\(collection)",
                                        context(.write, principal))
                                }))
                    }
                }
            }
            for (ability, operation) in [
                (Ability.spaceManageUpdate, Spaces.Operation.manageMembers), (.spaceManageUpdate, .updateSpace),
                (.spaceManageUpdate, .manageInvites),
            ] {
                cases.append(
                    Case(name: "\(name) \(operation)", operation: operation, caller: caller, space: space) {
                        try allows($0, principal, ability, space)
                    })
            }
            cases.append(
                Case(name: "\(name) lists", operation: .listMembers(of: nil), caller: caller, space: space) {
                    try allows($0, principal, .spaceListMembers, space)
                })
            let reader = InvocationQuestion(
                invoker: principal, proofs: [],
                capabilities: [
                    Capability(resource: .atproto(space: try Space(space), path: nil), ability: .spaceRead)
                ])
            cases.append(
                Case(
                    name: "\(name) invokes listing", operation: .listMembers(of: nil), caller: .invocation(reader),
                    space: space
                ) { graph in
                    let resource = Resource.atproto(space: try Space(space), path: nil)
                    return graph.answer(
                        reader, wanted: (.spaceListMembers, resource),
                        context: try rig.gate.completed(nil, of: .spaceListMembers, on: resource), at: start
                    ).isAllowed
                })
            cases.append(
                Case(name: "\(name) asks", operation: .readGraph(of: nil), caller: caller, space: space) {
                    try allows($0, principal, .spaceKnow, space)
                })
            cases.append(
                Case(name: "\(name) is told", operation: .readSettings, caller: caller, space: space) {
                    let isMember = try allows($0, principal, .spaceBelong, space)
                    return try isMember || allows($0, principal, .spaceDescribe, space)
                })
            for client in World.clients.map(Optional.some) + [nil] {
                let key = try DID(session: "key")
                let asking = Caller.delegation(
                    user: principal, space: space, mark: ReplayMark(statement: SHA256.hash([1]), expiresAt: 0),
                    expires: start, token: [1], app: client)
                cases.append(
                    Case(
                        name: "\(name) by \(client ?? "no application")", operation: .mintCredential(key: key),
                        caller: asking, space: space
                    ) {
                        let application = try client.map { try DID(application: $0) } ?? .anyone
                        let isConnected = try allows(
                            $0, application, .spaceConnect, space, nil, CheckContext(client: client))
                        return try isConnected
                            && allows(
                                $0, principal, .spaceRead, space, nil, context(.read, principal, client: client))
                    })
            }
        }
        for (place, seconds) in [(foreign, 60), (foreign, -60), (space, 60)] as [(SpaceURI, Int64)] {
            let key = try DID(session: "holder")
            let end = start.advanced(bySeconds: seconds)
            let caller = Caller.credential(
                space: place, key: key, edge: Multihash(code: .blake3_256, digest: BLAKE3.hash([9])), jti: "x",
                expires: end)
            var evidence = CheckContext()
            evidence.credential = ForeignCredential(space: try Space(place), holder: key, expires: end)
            cases.append(
                Case(
                    name: "a credential of \(place) until \(seconds)", operation: .readRecords(author: nil),
                    caller: caller, space: place,
                    asked: { [evidence] in try allows($0, key, .spaceRead, place, nil, evidence) },
                    // Whoever shows a credential asks by it alone; the key itself may what everybody may.
                    isExact: place == foreign))
        }
        return cases
    }

    @Test func theGateAllowsWhatTheGraphDoesAndNothingElse() throws {
        try Property.hold("one question", cases: 6) { generator in
            let world = try World(generator)
            for item in try cases(world) {
                let refusal: String?
                do {
                    refusal = try world.rig.refusal(item.operation, item.caller, on: item.space)
                } catch let error as ATProtoError {
                    refusal = error.name
                }
                let isAllowed = try item.asked(world.rig.store.unprovenSnapshot())
                guard refusal == nil ? isAllowed : !(isAllowed && item.isExact) else {
                    return "\(item.name): the gate says \(refusal ?? "yes"), the graph \(isAllowed)"
                }
            }
            return nil
        }
    }
}
