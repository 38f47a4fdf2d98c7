public import CapabilityGraph
public import UCAN

// Short ways to read texts by the families of the product.

extension Resource {
    public init(_ text: String) throws(GraphError) { self = try Families.standard().resource(text) }
}

extension Space {
    public init(_ text: String) throws(GraphError) { self = try Families.standard().space(text) }
}

extension DID {
    public init(principal text: String) throws(GraphError) { self = try Families.standard().principal(text) }
}

extension EdgeStatement {
    public init(_ token: Token) throws {
        try self.init(token, Families.standard())
    }
}
