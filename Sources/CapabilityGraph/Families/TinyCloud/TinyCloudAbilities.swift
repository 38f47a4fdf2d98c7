extension AbilityRegistry {
    /// The TinyCloud registry, version 1, plus `tinycloud.delegation/revoke`, which is used on the wire but not listed there.
    ///
    /// A test holds this table equal to `fixtures/vectors/tinycloud/registry/capabilities.json`.
    public static let tinyCloudEntries: [Entry] = [
        Entry("tinycloud.kv/get"),
        Entry("tinycloud.kv/list"),
        Entry("tinycloud.kv/metadata"),
        Entry("tinycloud.kv/put"),
        Entry("tinycloud.kv/del"),
        Entry("tinycloud.kv/delete", aliasOf: "tinycloud.kv/del"),
        Entry("tinycloud.sql/read"),
        Entry("tinycloud.sql/select", aliasOf: "tinycloud.sql/read"),
        Entry("tinycloud.sql/write"),
        Entry("tinycloud.sql/schema"),
        Entry(
            "tinycloud.sql/admin",
            implies: [
                "tinycloud.sql/schema"
            ]),
        Entry(
            "tinycloud.sql/*",
            implies: [
                "tinycloud.sql/read",
                "tinycloud.sql/write",
                "tinycloud.sql/schema",
                "tinycloud.sql/admin",
            ]),
        Entry("tinycloud.duckdb/read"),
        Entry("tinycloud.duckdb/write"),
        Entry("tinycloud.duckdb/admin"),
        Entry("tinycloud.duckdb/import"),
        Entry("tinycloud.duckdb/export"),
        Entry("tinycloud.duckdb/select", aliasOf: "tinycloud.duckdb/read"),
        Entry(
            "tinycloud.duckdb/*",
            implies: [
                "tinycloud.duckdb/read",
                "tinycloud.duckdb/write",
                "tinycloud.duckdb/admin",
                "tinycloud.duckdb/import",
                "tinycloud.duckdb/export",
            ]),
        Entry("tinycloud.capabilities/read"),
        Entry("tinycloud.delegation/status"),
        Entry("tinycloud.delegation/list"),
        Entry("tinycloud.hooks/subscribe"),
        Entry("tinycloud.hooks/register"),
        Entry("tinycloud.hooks/list"),
        Entry("tinycloud.hooks/unregister"),
        Entry("tinycloud.encryption/decrypt"),
        Entry("tinycloud.encryption/network.create"),
        Entry("tinycloud.encryption/network.revoke"),
        Entry("tinycloud.space/host"),
        Entry("tinycloud.space/create"),
        Entry("tinycloud.space/list"),
        Entry("tinycloud.space/info"),
        Entry("tinycloud.vfs/get"),
        Entry("tinycloud.vfs/list"),
        Entry("tinycloud.vfs/metadata"),
        Entry("tinycloud.vfs/put"),
        Entry("tinycloud.vfs/delete"),
        Entry("tinycloud.delegation/revoke"),
    ]
}
