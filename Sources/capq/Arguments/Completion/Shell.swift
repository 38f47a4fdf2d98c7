/// Names the shells a completion script can be written for.
enum Shell: String, CaseIterable, Sendable {
    case bash
    case zsh
    case fish

    /// Writes the completion script of `root` for this shell.
    func completion(of root: Command) -> String {
        switch self {
        case .bash: BashCompletion.script(root)
        case .zsh: ZshCompletion.script(root)
        case .fish: FishCompletion.script(root)
        }
    }
}
