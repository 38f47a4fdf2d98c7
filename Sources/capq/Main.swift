import Glibc

@main
enum Main {
    static func main() {
        // A reader that leaves early ends the run through the failed write, with an exit code in place of a signal.
        signal(SIGPIPE, SIG_IGN)
        let outcome = Run.outcome(Array(CommandLine.arguments.dropFirst()), .ofProcess())
        exit(Run.speak(outcome).rawValue)
    }
}
