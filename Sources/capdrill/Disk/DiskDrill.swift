/// Fills a small disk.
final class DiskDrill {
    private let options: DrillOptions

    init(_ options: DrillOptions) { self.options = options }

    func run() throws -> Int32 { 0 }
}
