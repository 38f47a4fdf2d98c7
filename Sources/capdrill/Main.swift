import Glibc

@main
enum Main {
    static func main() {
        exit(runDrill(Array(CommandLine.arguments.dropFirst())))
    }
}
