import Multiformats
public import UCAN

/// Keeps ECDSA signatures in the one of their two forms whose `s` is at most half of the group's order.
public enum LowS {
    /// Tests 64 bytes `r ‖ s`; false for other lengths and for Ed25519, which has no second form.
    public static func isLow(_ signature: [UInt8], curve: Curve) -> Bool {
        guard signature.count == 64, let s = Digest(signature[32...]), let half = half(of: curve) else { return false }
        return s <= half
    }

    /// Gives the low form of 64 bytes `r ‖ s`; nil for other lengths, an `s` beyond the order, or Ed25519.
    public static func normalized(_ signature: [UInt8], curve: Curve) -> [UInt8]? {
        guard signature.count == 64, let s = Digest(signature[32...]), let half = half(of: curve),
            let order = order(of: curve), s < order
        else { return nil }
        return s <= half ? signature : signature[..<32] + (order - s).bytes
    }

    private static func order(of curve: Curve) -> Digest? {
        switch curve {
        case .p256:
            Digest(
                w0: 0xffff_ffff_0000_0000, w1: 0xffff_ffff_ffff_ffff,
                w2: 0xbce6_faad_a717_9e84, w3: 0xf3b9_cac2_fc63_2551)
        case .secp256k1:
            Digest(
                w0: 0xffff_ffff_ffff_ffff, w1: 0xffff_ffff_ffff_fffe,
                w2: 0xbaae_dce6_af48_a03b, w3: 0xbfd2_5e8c_d036_4141)
        case .ed25519: nil
        }
    }

    private static func half(of curve: Curve) -> Digest? {
        switch curve {
        case .p256:
            Digest(
                w0: 0x7fff_ffff_8000_0000, w1: 0x7fff_ffff_ffff_ffff,
                w2: 0xde73_7d56_d38b_cf42, w3: 0x79dc_e561_7e31_92a8)
        case .secp256k1:
            Digest(
                w0: 0x7fff_ffff_ffff_ffff, w1: 0xffff_ffff_ffff_ffff,
                w2: 0x5d57_6e73_57a4_501d, w3: 0xdfe9_2f46_681b_20a0)
        case .ed25519: nil
        }
    }
}

/// Subtracts 256-bit big-endian numbers; the right one must not be larger.
private func - (left: Digest, right: Digest) -> Digest {
    var borrow = false
    func word(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (first, under) = left.subtractingReportingOverflow(right)
        let (result, second) = first.subtractingReportingOverflow(borrow ? 1 : 0)
        borrow = under || second
        return result
    }
    let w3 = word(left.w3, right.w3)
    let w2 = word(left.w2, right.w2)
    let w1 = word(left.w1, right.w1)
    return Digest(w0: word(left.w0, right.w0), w1: w1, w2: w2, w3: w3)
}
