import CapabilityGraph
import Spaces
import Storage

extension [any StoreFamily] {
    /// The families of the product, each with what it keeps; new ones at each call, for one store.
    static func standard() -> [any StoreFamily] { [GraphOnly(TinyCloud()), SpaceCatalog()] }
}
