// Written by scripts/embed-lexicons from fixtures/vectors/atproto; not to be changed by hand.

extension LexiconTexts {
    /// `com.atproto.simplespace.*`.
    package static let simpleSpace: [(file: String, text: String)] = [
        (
            "lexicons/simplespace/addMember.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.simplespace.addMember",
              "defs": {
                "main": {
                  "type": "procedure",
                  "description": "Add a member to a space's member list. The member list is host-internal state consulted at credential-mint time when the space's policy is 'member-list'. It is not a synced protocol structure and is not enumerated to the network. Requires auth as the space owner.",
                  "input": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": ["space", "did"],
                      "properties": {
                        "space": {
                          "type": "string",
                          "format": "space-ref",
                          "description": "Reference to the space."
                        },
                        "did": {
                          "type": "string",
                          "format": "did",
                          "description": "The DID of the member to add."
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
        (
            "lexicons/simplespace/checkUserAccess.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.simplespace.checkUserAccess",
              "defs": {
                "main": {
                  "type": "query",
                  "description": "Ask a space's managing app whether to authorize a requesting user for a space credential. Served by the managingApp (not the PDS), called by the space authority at mint time when policy is 'managing-app'. Authenticated with service auth from the authority.",
                  "parameters": {
                    "type": "params",
                    "required": ["space", "user"],
                    "properties": {
                      "space": {
                        "type": "string",
                        "format": "space-ref",
                        "description": "Reference to the space."
                      },
                      "user": {
                        "type": "string",
                        "format": "did",
                        "description": "The DID of the requesting user."
                      },
                      "clientId": {
                        "type": "string",
                        "description": "The attested client_id, if a client attestation was presented."
                      }
                    }
                  },
                  "output": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": ["authorized"],
                      "properties": {
                        "authorized": {
                          "type": "boolean",
                          "description": "Whether the managing app authorizes the request."
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
            "lexicons/simplespace/createSpace.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.simplespace.createSpace",
              "defs": {
                "main": {
                  "type": "procedure",
                  "description": "Create a new space managed by the simplespace implementation. The space is anchored on the authenticated user's DID, who becomes the space owner. Requires auth, implemented by PDS.",
                  "input": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": ["type", "policy", "appAccess"],
                      "properties": {
                        "type": {
                          "type": "string",
                          "format": "nsid",
                          "description": "The NSID of the space type, describing the modality of the space (e.g. app.bsky.group, app.bsky.personal)."
                        },
                        "skey": {
                          "type": "string",
                          "format": "record-key",
                          "description": "The space key. Used to differentiate multiple spaces of the same type under the same owner. Same syntax requirements as a record key. If not provided, one will be auto-generated (TID)."
                        },
                        "policy": {
                          "type": "union",
                          "description": "How the authority decides whether to authorize a requesting user.",
                          "refs": [
                            "com.atproto.simplespace.defs#publicPolicy",
                            "com.atproto.simplespace.defs#memberListPolicy",
                            "com.atproto.simplespace.defs#managingAppPolicy"
                          ]
                        },
                        "appAccess": {
                          "type": "union",
                          "description": "How the authority decides whether to authorize a requesting app.",
                          "refs": [
                            "com.atproto.simplespace.defs#open",
                            "com.atproto.simplespace.defs#allowList"
                          ]
                        }
                      }
                    }
                  },
                  "output": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": ["uri"],
                      "properties": {
                        "uri": {
                          "type": "string",
                          "format": "space-ref",
                          "description": "URI of the created space."
                        }
                      }
                    }
                  },
                  "errors": [
                    {
                      "name": "SpaceAlreadyExists",
                      "description": "A space with this owner, type, and skey already exists. A space that was previously deleted may be created again."
                    },
                    {
                      "name": "UnsupportedPolicy",
                      "description": "The requested policy is not one the host implements."
                    },
                    {
                      "name": "UnsupportedAppAccess",
                      "description": "The requested appAccess variant is not one the host implements. A host will not store an app access policy it cannot enforce."
                    }
                  ]
                }
              }
            }

            """#
        ),
        (
            "lexicons/simplespace/defs.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.simplespace.defs",
              "defs": {
                "publicPolicy": {
                  "type": "object",
                  "description": "User access policy: any user may access the space.",
                  "properties": {}
                },
                "memberListPolicy": {
                  "type": "object",
                  "description": "User access policy: only users on the space's member list may access it.",
                  "properties": {}
                },
                "managingAppPolicy": {
                  "type": "object",
                  "description": "User access policy: the managing app is asked, via checkUserAccess, whether to authorize each user.",
                  "required": ["managingApp"],
                  "properties": {
                    "managingApp": {
                      "type": "string",
                      "description": "Service identifier of the managing app: a DID with an optional service fragment (e.g. 'did:web:example.com#forum')."
                    }
                  }
                },
                "open": {
                  "type": "object",
                  "description": "App access policy: any app may access the space. No client attestation required.",
                  "properties": {}
                },
                "allowList": {
                  "type": "object",
                  "description": "App access policy: only the named clients may access the space, evaluated against the attested client_id.",
                  "required": ["allowed"],
                  "properties": {
                    "allowed": {
                      "type": "array",
                      "description": "The OAuth client IDs permitted to access the space.",
                      "items": {
                        "type": "string",
                        "description": "An OAuth client ID."
                      }
                    }
                  }
                }
              }
            }

            """#
        ),
        (
            "lexicons/simplespace/deleteSpace.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.simplespace.deleteSpace",
              "defs": {
                "main": {
                  "type": "procedure",
                  "description": "Delete a space. The authenticated user must be the space owner. The authority's own repo in the space is deleted along with it, since the space host and the repo host are the same service here; other members' repos are flagged as belonging to a deleted space rather than erased. After deletion, all reads and writes against the space fail with SpaceNotFound, and getSpaceCredential answers SpaceDeleted so a syncer that missed the notification still learns to drop its copy. Idempotent. Requires auth, implemented by PDS.",
                  "input": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": ["space"],
                      "properties": {
                        "space": {
                          "type": "string",
                          "format": "space-ref",
                          "description": "Reference to the space to delete."
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
        (
            "lexicons/simplespace/getSpace.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.simplespace.getSpace",
              "defs": {
                "main": {
                  "type": "query",
                  "description": "Describe a space managed by the simplespace implementation, including its configuration. Served by the space host. Requires either OAuth (for a caller with an account on this host) or a space credential (for a member hosted elsewhere); either way the caller must be authorized for the space.",
                  "parameters": {
                    "type": "params",
                    "required": ["space"],
                    "properties": {
                      "space": {
                        "type": "string",
                        "format": "space-ref",
                        "description": "Reference to the space."
                      }
                    }
                  },
                  "output": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": ["uri", "policy", "appAccess"],
                      "properties": {
                        "uri": {
                          "type": "string",
                          "format": "space-ref",
                          "description": "URI of the space."
                        },
                        "policy": {
                          "type": "union",
                          "description": "How the authority decides whether to authorize a requesting user.",
                          "refs": [
                            "com.atproto.simplespace.defs#publicPolicy",
                            "com.atproto.simplespace.defs#memberListPolicy",
                            "com.atproto.simplespace.defs#managingAppPolicy"
                          ]
                        },
                        "appAccess": {
                          "type": "union",
                          "description": "How the authority decides whether to authorize a requesting app.",
                          "refs": [
                            "com.atproto.simplespace.defs#open",
                            "com.atproto.simplespace.defs#allowList"
                          ]
                        }
                      }
                    }
                  },
                  "errors": [{ "name": "SpaceNotFound" }]
                }
              }
            }

            """#
        ),
        (
            "lexicons/simplespace/listMembers.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.simplespace.listMembers",
              "defs": {
                "main": {
                  "type": "query",
                  "description": "List the members in a space's host-internal member list. Must be called on the space authority's PDS. Requires OAuth with a covering read grant; a space credential is not sufficient, so members hosted elsewhere cannot enumerate the list. This reflects the simplespace member list, not a protocol-level reader set.",
                  "parameters": {
                    "type": "params",
                    "required": ["space"],
                    "properties": {
                      "space": {
                        "type": "string",
                        "format": "space-ref",
                        "description": "Reference to the space."
                      },
                      "limit": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 1000,
                        "default": 100,
                        "description": "Maximum number of members to return."
                      },
                      "cursor": {
                        "type": "string"
                      }
                    }
                  },
                  "output": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": ["members"],
                      "properties": {
                        "cursor": {
                          "type": "string"
                        },
                        "members": {
                          "type": "array",
                          "items": {
                            "type": "ref",
                            "ref": "#member"
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
                "member": {
                  "type": "object",
                  "required": ["did"],
                  "properties": {
                    "did": {
                      "type": "string",
                      "format": "did"
                    }
                  }
                }
              }
            }

            """#
        ),
        (
            "lexicons/simplespace/removeMember.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.simplespace.removeMember",
              "defs": {
                "main": {
                  "type": "procedure",
                  "description": "Remove a member from a space's member list. The member list is host-internal state consulted at credential-mint time when the space's policy is 'member-list'. Requires auth as the space owner.",
                  "input": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": ["space", "did"],
                      "properties": {
                        "space": {
                          "type": "string",
                          "format": "space-ref",
                          "description": "Reference to the space."
                        },
                        "did": {
                          "type": "string",
                          "format": "did",
                          "description": "The DID of the member to remove."
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
        (
            "lexicons/simplespace/updateSpace.json",
            #"""
            {
              "lexicon": 1,
              "id": "com.atproto.simplespace.updateSpace",
              "defs": {
                "main": {
                  "type": "procedure",
                  "description": "Update the configuration of a space. The authenticated user must be the space owner. Omitted fields are left unchanged. Requires auth, implemented by PDS.",
                  "input": {
                    "encoding": "application/json",
                    "schema": {
                      "type": "object",
                      "required": ["space"],
                      "properties": {
                        "space": {
                          "type": "string",
                          "format": "space-ref",
                          "description": "Reference to the space to update."
                        },
                        "policy": {
                          "type": "union",
                          "description": "How the authority decides whether to authorize a requesting user. When supplied, replaces the current policy wholesale.",
                          "refs": [
                            "com.atproto.simplespace.defs#publicPolicy",
                            "com.atproto.simplespace.defs#memberListPolicy",
                            "com.atproto.simplespace.defs#managingAppPolicy"
                          ]
                        },
                        "appAccess": {
                          "type": "union",
                          "description": "How the authority decides whether to authorize a requesting app. When supplied, replaces the current policy wholesale.",
                          "refs": [
                            "com.atproto.simplespace.defs#open",
                            "com.atproto.simplespace.defs#allowList"
                          ]
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
                    },
                    {
                      "name": "UnsupportedPolicy",
                      "description": "The requested policy is not one the host implements."
                    },
                    {
                      "name": "UnsupportedAppAccess",
                      "description": "The requested appAccess variant is not one the host implements. A host will not store an app access policy it cannot enforce."
                    }
                  ]
                }
              }
            }

            """#
        ),
    ]
}
