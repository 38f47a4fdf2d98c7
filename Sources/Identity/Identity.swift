/// Accounts hosted here and the identities of everybody else.
enum Identity {}
