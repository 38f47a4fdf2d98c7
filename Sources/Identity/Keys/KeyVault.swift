package import ATProto
import Multiformats
package import UCAN

/// Seals the signing keys of accounts, each bound to its DID and purpose, and holds what else is derived.
package struct KeyVault: Sendable {
    private let sealing: [UInt8]
    /// The key session tokens are authenticated with.
    package let sessionSecret: SessionToken.Secret
    /// The key the look-up tags of app passwords are made with.
    package let appPasswordSecret: [UInt8]

    package init(_ master: MasterKey) throws(IdentityError) {
        sealing = master.derive("capservice account keys")
        guard let secret = SessionToken.Secret(master.derive("capservice session tokens")) else {
            throw IdentityError(.cryptoFailure, "the derived secret is too short")
        }
        sessionSecret = secret
        appPasswordSecret = master.derive("capservice app passwords")
    }

    /// What a sealed key can be used for; part of what it is bound to.
    package enum Purpose: String, Sendable {
        case atproto
    }

    /// Opens the vault of a data folder.
    ///
    /// `proof` is what `proof()` gave when the vault was made: then a key file that is missing or from elsewhere is
    /// refused. Without it nothing was sealed before, and the file is made.
    package static func open(_ path: String, proof: [UInt8]?) throws(IdentityError) -> KeyVault {
        guard let proof else {
            if let master = try MasterKey.read(path) { return try KeyVault(master) }
            return try KeyVault(try MasterKey.create(path))
        }
        guard let master = try MasterKey.read(path) else {
            throw IdentityError(
                .keyFile, "the key file `\(path)` is missing, and accounts have keys sealed with it",
                hint: "restore it from a backup; without it their keys are lost")
        }
        let vault = try KeyVault(master)
        guard vault.recognises(proof) else {
            throw IdentityError(
                .keyFile, "the key file `\(path)` does not belong to this database",
                hint: "restore the one that was backed up with it")
        }
        return vault
    }

    /// Makes what `open` recognises this vault by.
    package func proof() throws(IdentityError) -> [UInt8] {
        try SealedBox.seal([], key: sealing, context: Self.proofContext)
    }

    /// True for what `proof` of this vault gave.
    package func recognises(_ proof: [UInt8]) -> Bool {
        (try? SealedBox.open(proof, key: sealing, context: Self.proofContext)) != nil
    }

    private static let proofContext = Array("capservice key vault".utf8)

    package func seal(_ key: PrivateKey, of did: String, _ purpose: Purpose) throws(IdentityError) -> [UInt8] {
        try SealedBox.seal(key.seed, key: sealing, context: Self.context(key.curve, did, purpose))
    }

    package func open(
        _ box: [UInt8], curve: Curve, of did: String, _ purpose: Purpose
    ) throws(IdentityError) -> PrivateKey {
        let seed = try SealedBox.open(box, key: sealing, context: Self.context(curve, did, purpose))
        do throws(UCANError) {
            return try PrivateKey(curve: curve, seed: seed)
        } catch {
            throw IdentityError(.cryptoFailure, "a sealed key is no key")
        }
    }

    // A DID holds no zero byte, so the parts cannot run into each other.
    private static func context(_ curve: Curve, _ did: String, _ purpose: Purpose) -> [UInt8] {
        Array("capservice key".utf8) + [0] + Array(curve.rawValue.utf8) + [0] + Array(purpose.rawValue.utf8) + [0]
            + Array(did.utf8)
    }
}
