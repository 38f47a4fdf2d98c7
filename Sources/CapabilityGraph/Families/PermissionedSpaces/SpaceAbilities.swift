extension AbilityRegistry {
    /// The abilities on permissioned spaces and on accounts (atproto-spaces.md 5, 6).
    public static let spaceEntries: [Entry] = [
        Entry(
            "atproto.space/read", implies: ["atproto.space/readSelf", "atproto.space/readOnward"],
            underPolicy: "atproto.space/list.read"),
        Entry("atproto.space/readSelf", implies: ["atproto.space/belong"], underPolicy: "atproto.space/list.read"),
        Entry("atproto.space/create"),
        Entry("atproto.space/update"),
        Entry("atproto.space/delete"),
        Entry(
            "atproto.space/write",
            implies: [
                "atproto.space/create", "atproto.space/update", "atproto.space/delete", "atproto.space/belong",
            ], underPolicy: "atproto.space/list.write"),
        Entry("atproto.space/connect"),
        Entry("atproto.space/manage.create"),
        Entry("atproto.space/manage.update", implies: ["atproto.space/invite"]),
        Entry("atproto.space/manage.delete"),
        Entry(
            "atproto.space/manage",
            implies: [
                "atproto.space/manage.create", "atproto.space/manage.update", "atproto.space/manage.delete",
                "atproto.space/describe", "atproto.space/belong",
            ]),
        // To admit whoever shows a secret, as an invite does for who made it.
        Entry("atproto.space/invite"),
        // To be told settings, members and writers of a space.
        Entry("atproto.space/describe", implies: ["atproto.space/know", "atproto.space/listMembers"]),
        // To stand in a space at all: what any right in it brings along, and what tells its members from strangers.
        Entry("atproto.space/belong", implies: ["atproto.space/know"]),
        // To be told that a space is there, when something in it is refused.
        Entry("atproto.space/know"),
        // To be shown who is a member.
        Entry("atproto.space/listMembers"),
        // To read records without saying who reads; whoever says so may no less (21.4).
        Entry("atproto.space/readOpenly", implies: ["atproto.space/read"]),
        // What a credential of an outer space rests on in a member space: that its user reads there. It opens nothing.
        Entry("atproto.space/readOnward"),
        // To give the members of a space what its list says: to read, and to write. They open nothing by themselves.
        Entry("atproto.space/list.read"),
        Entry("atproto.space/list.write"),
        // To put a record somewhere: what the space itself takes, whoever writes it.
        Entry("atproto.space/take"),
        Entry("atproto.account/use", implies: ["atproto.account/delegate"]),
        // To let an application ask for credentials in the account's name (4.1).
        Entry("atproto.account/delegate"),
    ]
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
    public static let spaceInvite = Ability(literal: "atproto.space/invite")
    public static let spaceDescribe = Ability(literal: "atproto.space/describe")
    public static let spaceBelong = Ability(literal: "atproto.space/belong")
    public static let spaceKnow = Ability(literal: "atproto.space/know")
    public static let spaceListMembers = Ability(literal: "atproto.space/listMembers")
    public static let spaceReadOpenly = Ability(literal: "atproto.space/readOpenly")
    public static let spaceReadOnward = Ability(literal: "atproto.space/readOnward")
    public static let spaceListRead = Ability(literal: "atproto.space/list.read")
    public static let spaceListWrite = Ability(literal: "atproto.space/list.write")
    public static let spaceTake = Ability(literal: "atproto.space/take")
    public static let accountDelegate = Ability(literal: "atproto.account/delegate")
    public static let accountUse = Ability(literal: "atproto.account/use")
}
