/// Permissioned spaces: membership, repositories, credentials, notifications.
enum Spaces {}
