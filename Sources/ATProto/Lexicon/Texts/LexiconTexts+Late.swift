// Written by scripts/embed-lexicons from fixtures/vectors/atproto; not to be changed by hand.

extension LexiconTexts {
    /// What came or changed after the others; two replace documents of the same NSID.
    package static let late: [(file: String, text: String)] = [
        (
            "lexicons-late/listRepos.space-rev.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.space.listRepos",
              "defs": {
                "main": {
                  "type": "query",
                  "parameters": {
                    "type": "params",
                    "required": [
                      "space"
                    ],
                    "properties": {
                      "space": {
                        "type": "string",
                        "format": "space-ref"
                      },
                      "limit": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 1000,
                        "default": 100
                      },
                      "cursor": {
                        "type": "string"
                      },
                      "since": {
                        "type": "string",
                        "format": "tid",
                        "description": "Only return repos written at a space revision after this one. Lets a syncer that detected a gap in space revisions catch up without re-listing every repo."
                      }
                    }
                  },
                  "output": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": [
                        "repos"
                      ],
                      "properties": {
                        "cursor": {
                          "type": "string"
                        },
                        "spaceRev": {
                          "type": "string",
                          "format": "tid",
                          "description": "The space's current revision. A syncer that has applied every repo returned here is caught up to this revision."
                        },
                        "repos": {
                          "type": "array",
                          "items": {
                            "type": "ref",
                            "ref": "#repo"
                          }
                        }
                      }
                    }
                  },
                  "errors": [
                    {
                      "name": "SpaceNotFound"
                    }
                  ]
                },
                "repo": {
                  "type": "object",
                  "required": [
                    "did",
                    "rev",
                    "hash"
                  ],
                  "properties": {
                    "did": {
                      "type": "string",
                      "format": "did"
                    },
                    "rev": {
                      "type": "string",
                      "format": "tid"
                    },
                    "hash": {
                      "type": "bytes"
                    }
                  }
                }
              }
            }

            """#
        ),
        (
            "lexicons-late/notifyCredentialRevoked.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.space.notifyCredentialRevoked",
              "defs": {
                "main": {
                  "type": "procedure",
                  "description": "Notify a repo host that the space authority has revoked one or more credentials. Authenticated with service auth from the space authority, addressed to the repo DID.",
                  "input": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": [
                        "space",
                        "credentials"
                      ],
                      "properties": {
                        "space": {
                          "type": "string",
                          "format": "space-ref",
                          "description": "Reference to the space."
                        },
                        "credentials": {
                          "type": "array",
                          "minLength": 1,
                          "maxLength": 100,
                          "description": "The jti of the revoked credentials.",
                          "items": {
                            "type": "string",
                            "minLength": 1
                          }
                        }
                      }
                    }
                  }
                }
              }
            }

            """#
        ),
        (
            "lexicons-late/notifyWrite.space-rev.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.space.notifyWrite",
              "defs": {
                "main": {
                  "type": "procedure",
                  "description": "Notify that a repo in a space has advanced to a new revision. Sent by a repo host to the space host, and forwarded to registered syncers. Best-effort. Authenticated with service auth.",
                  "input": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": [
                        "space",
                        "repo",
                        "rev",
                        "hash"
                      ],
                      "properties": {
                        "space": {
                          "type": "string",
                          "format": "space-ref"
                        },
                        "repo": {
                          "type": "string",
                          "format": "did"
                        },
                        "rev": {
                          "type": "string",
                          "format": "tid"
                        },
                        "hash": {
                          "type": "bytes"
                        },
                        "spaceRev": {
                          "type": "string",
                          "format": "tid",
                          "description": "The space's revision after this write, assigned by the space host. Set on notifications forwarded by the space host to syncers; absent on repo-host-to-space-host notifications."
                        },
                        "prevSpaceRev": {
                          "type": "string",
                          "format": "tid",
                          "description": "The space's revision before this write. A syncer whose last seen space revision differs from this has missed a notification and should catch up with listRepos since that revision. Empty for the space's first write."
                        }
                      }
                    }
                  }
                }
              }
            }

            """#
        ),
        (
            "lexicons-late/putMember.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.simplespace.putMember",
              "defs": {
                "main": {
                  "type": "procedure",
                  "description": "Add a member to a space's host-internal member list or replace their read and write access. Requires auth as the space owner.",
                  "input": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": [
                        "space",
                        "did",
                        "read",
                        "write"
                      ],
                      "properties": {
                        "space": {
                          "type": "string",
                          "format": "space-ref",
                          "description": "Reference to the space."
                        },
                        "did": {
                          "type": "string",
                          "format": "did",
                          "description": "The DID of the member."
                        },
                        "read": {
                          "type": "boolean",
                          "description": "Whether the member may read under a member-list read policy."
                        },
                        "write": {
                          "type": "boolean",
                          "description": "Whether the member's writes are tracked under a member-list write policy."
                        }
                      }
                    }
                  },
                  "errors": [
                    {
                      "name": "SpaceNotFound"
                    },
                    {
                      "name": "NotSpaceOwner"
                    }
                  ]
                }
              }
            }

            """#
        ),
    ]
}
