import Glibc

@main
enum Main {
    static func main() {
        exit(runService(Array(CommandLine.arguments.dropFirst())))
    }
}
