import Glibc

@main
enum Main {
    static func main() {
        exit(runBenchmarks(Array(CommandLine.arguments.dropFirst())))
    }
}
