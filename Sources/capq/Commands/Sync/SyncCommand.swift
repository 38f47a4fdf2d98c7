enum SyncCommand {
    static let command = Command("sync", summary: "x", action: { (_, _) throws(Failure) in throw .usage("x") })
}
