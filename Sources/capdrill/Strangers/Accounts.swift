import Multiformats

/// Calls of the accounts of a scene.
enum Accounts {
    @discardableResult
    static func register(_ name: String, _ scene: Scene) throws -> (did: String, token: String) {
        let answer = try scene.connection(Arena.bystander).post(
            "com.atproto.server.createAccount",
            ["handle": .string("\(name).localhost"), "password": .string(SpaceCast.password)], nil)
        guard let did = answer.json["did"]?.string, let token = answer.json["accessJwt"]?.string else {
            throw DrillFailure("createAccount: \(answer.summary)")
        }
        return (did, token)
    }

    static func signIn(
        _ name: String, _ connection: XRPCConnection, _ headers: [String] = [], password: String = SpaceCast.password
    ) throws -> XRPCConnection.Answer {
        try connection.post(
            "com.atproto.server.createSession",
            ["identifier": .string("\(name).localhost"), "password": .string(password)], nil, headers: headers)
    }

    /// Tries a wrong password for many names at once, each on a connection of its own.
    static func tryPasswords(
        _ scene: Scene, _ count: Int, headers: (Int) -> [String]
    ) throws -> [XRPCConnection.Answer] {
        let connections = try (0..<count).map { _ in try scene.connection() }
        for (number, connection) in connections.enumerated() {
            // One in eight is the name of somebody.
            let name = number % 8 == 0 ? "bystander" : "nobody\(number)"
            let body: JSON = ["identifier": .string("\(name).localhost"), "password": "a wrong password"]
            try connection.send(
                XRPCConnection.request(
                    "POST", "/xrpc/com.atproto.server.createSession", nil,
                    headers(number) + ["Content-Type: application/json"], body.serialized()))
        }
        return try connections.map { try $0.receive() }
    }
}
