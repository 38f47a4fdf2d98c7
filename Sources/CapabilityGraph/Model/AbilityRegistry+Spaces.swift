extension AbilityRegistry {
    /// The abilities on permissioned spaces and on accounts (atproto-spaces.md 5, 6).
    public static let spaceEntries: [Entry] = [
        Entry("atproto.space/read", implies: ["atproto.space/readSelf"]),
        Entry("atproto.space/readSelf"),
        Entry("atproto.space/create"),
        Entry("atproto.space/update"),
        Entry("atproto.space/delete"),
        Entry(
            "atproto.space/write",
            implies: ["atproto.space/create", "atproto.space/update", "atproto.space/delete"]),
        Entry("atproto.space/connect"),
        Entry("atproto.space/manage.create"),
        Entry("atproto.space/manage.update"),
        Entry("atproto.space/manage.delete"),
        Entry(
            "atproto.space/manage",
            implies: ["atproto.space/manage.create", "atproto.space/manage.update", "atproto.space/manage.delete"]),
        Entry("atproto.account/use"),
    ]

    /// Every ability the service knows.
    public static func standard() throws(GraphError) -> AbilityRegistry {
        try AbilityRegistry(tinyCloudEntries + spaceEntries)
    }
}

extension Ability {
    public static let spaceRead = Ability(literal: "atproto.space/read")
    public static let spaceReadSelf = Ability(literal: "atproto.space/readSelf")
    public static let spaceCreate = Ability(literal: "atproto.space/create")
    public static let spaceUpdate = Ability(literal: "atproto.space/update")
    public static let spaceDelete = Ability(literal: "atproto.space/delete")
    public static let spaceWrite = Ability(literal: "atproto.space/write")
    public static let spaceConnect = Ability(literal: "atproto.space/connect")
    public static let spaceManage = Ability(literal: "atproto.space/manage")
    public static let spaceManageCreate = Ability(literal: "atproto.space/manage.create")
    public static let spaceManageUpdate = Ability(literal: "atproto.space/manage.update")
    public static let spaceManageDelete = Ability(literal: "atproto.space/manage.delete")
    public static let accountUse = Ability(literal: "atproto.account/use")
}
