import Testing

@testable import capq

@Suite struct StartUpTests {
    @Test func startUpTakesLessThanFiftyMilliseconds() {
        let clock = ContinuousClock()
        // The best of several runs: the machine has other work, the program has only this.
        let best = (0..<20).map { _ in
            clock.measure { #expect(Scratch.shell("'\(BuiltProducts.capq)' version >/dev/null") == 0) }
        }.min()
        #expect(best.map { $0 < .milliseconds(50) } ?? false, "\(String(describing: best))")
    }

    @Test func theProgramDoesNotLoadFoundation() {
        #expect(Scratch.shell("ldd '\(BuiltProducts.capq)' | grep -q Foundation") == 1)
    }
}
