// The BLAKE3 compression of eight messages side by side, lane i of every vector belonging to message i. Included once
// for each instruction set; LANES(name) gives the names of that copy.

typedef uint32_t lanes __attribute__((vector_size(32)));

#define INLINE static inline __attribute__((always_inline))
#define BROADCAST(x) ((lanes){(x), (x), (x), (x), (x), (x), (x), (x)})
#define TURN(x, n) (((x) >> (n)) | ((x) << (32 - (n))))

#define MIX(a, b, c, d, x, y)  \
    do {                       \
        a += b + (x);          \
        d = TURN(d ^ a, 16);   \
        c += d;                \
        b = TURN(b ^ c, 12);   \
        a += b + (y);          \
        d = TURN(d ^ a, 8);    \
        c += d;                \
        b = TURN(b ^ c, 7);    \
    } while (0)

// One round over the state v with the message words m in the given order.
#define ROUND(i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13, i14, i15) \
    do {                                                                           \
        MIX(v[0], v[4], v[8], v[12], m[i0], m[i1]);                                \
        MIX(v[1], v[5], v[9], v[13], m[i2], m[i3]);                                \
        MIX(v[2], v[6], v[10], v[14], m[i4], m[i5]);                               \
        MIX(v[3], v[7], v[11], v[15], m[i6], m[i7]);                               \
        MIX(v[0], v[5], v[10], v[15], m[i8], m[i9]);                               \
        MIX(v[1], v[6], v[11], v[12], m[i10], m[i11]);                             \
        MIX(v[2], v[7], v[8], v[13], m[i12], m[i13]);                              \
        MIX(v[3], v[4], v[9], v[14], m[i14], m[i15]);                              \
    } while (0)

INLINE void LANES(rounds)(lanes v[16], const lanes m[16]) {
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8);
    ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1);
    ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6);
    ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4);
    ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7);
    ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13);
}

// Sets the last quarters of the state: constants, counters, length and flags.
INLINE void LANES(prepare)(lanes v[16], uint64_t counter, bool steps, uint32_t length, uint32_t flags) {
    uint32_t low[8], high[8];
    for (int lane = 0; lane < 8; lane++) {
        uint64_t own = counter + (steps ? (uint64_t)lane : 0);
        low[lane] = (uint32_t)own;
        high[lane] = (uint32_t)(own >> 32);
    }
    v[8] = BROADCAST(0x6a09e667u);
    v[9] = BROADCAST(0xbb67ae85u);
    v[10] = BROADCAST(0x3c6ef372u);
    v[11] = BROADCAST(0xa54ff53au);
    memcpy(&v[12], low, sizeof low);
    memcpy(&v[13], high, sizeof high);
    v[14] = BROADCAST(length);
    v[15] = BROADCAST(flags);
}

// Exchanges rows and columns of an 8 x 8 square of words.
INLINE void LANES(transpose)(lanes r[8]) {
    lanes a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        a[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4) {
        b[i] = __builtin_shufflevector(a[i], a[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        b[i + 1] = __builtin_shufflevector(a[i], a[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        b[i + 2] = __builtin_shufflevector(a[i + 1], a[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
        b[i + 3] = __builtin_shufflevector(a[i + 1], a[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = __builtin_shufflevector(b[i], b[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        r[i + 4] = __builtin_shufflevector(b[i], b[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

static void LANES(chain)(
    const uint8_t *const *inputs, size_t lane_count, size_t block_count, size_t tail_count, const uint32_t key[8],
    uint64_t counter, bool counter_steps, uint32_t flags, uint32_t first_flags, uint32_t last_flags, uint32_t *out) {
    const uint8_t *at[8];
    // Lanes not in use repeat the first: their result is dropped.
    for (size_t lane = 0; lane < 8; lane++) at[lane] = inputs[lane < lane_count ? lane : 0];
    lanes chaining[8];
    for (int word = 0; word < 8; word++) chaining[word] = BROADCAST(key[word]);
    uint32_t tail[8];
    memcpy(tail, key, sizeof tail);
    for (size_t block = 0; block < block_count; block++) {
        if (block == tail_count) {
            for (int word = 0; word < 8; word++) tail[word] = chaining[word][lane_count - 1];
            at[lane_count - 1] = inputs[0] + block * 64;
        }
        lanes m[16];
        for (int lane = 0; lane < 8; lane++) {
            memcpy(&m[lane], at[lane], 32);
            memcpy(&m[lane + 8], at[lane] + 32, 32);
            at[lane] += 64;
        }
        LANES(transpose)(m);
        LANES(transpose)(m + 8);
        lanes v[16];
        for (int word = 0; word < 8; word++) v[word] = chaining[word];
        uint32_t joined = flags | (block == 0 ? first_flags : 0) | (block + 1 == block_count ? last_flags : 0);
        LANES(prepare)(v, counter, counter_steps, 64, joined);
        LANES(rounds)(v, m);
        for (int word = 0; word < 8; word++) chaining[word] = v[word] ^ v[word + 8];
    }
    LANES(transpose)(chaining);
    memcpy(out, chaining, lane_count * 32);
    if (tail_count < block_count) memcpy(out + (lane_count - 1) * 8, tail, 32);
}

static void LANES(expand)(
    const uint32_t key[8], const uint8_t block[64], uint64_t counter, uint32_t length, uint32_t flags,
    uint8_t out[512]) {
    uint32_t words[16];
    memcpy(words, block, 64);
    lanes m[16], v[16];
    for (int word = 0; word < 16; word++) m[word] = BROADCAST(words[word]);
    for (int word = 0; word < 8; word++) v[word] = BROADCAST(key[word]);
    LANES(prepare)(v, counter, true, length, flags);
    LANES(rounds)(v, m);
    for (int word = 0; word < 8; word++) {
        v[word] ^= v[word + 8];
        v[word + 8] ^= BROADCAST(key[word]);
    }
    LANES(transpose)(v);
    LANES(transpose)(v + 8);
    for (int lane = 0; lane < 8; lane++) {
        memcpy(out + lane * 64, &v[lane], 32);
        memcpy(out + lane * 64 + 32, &v[lane + 8], 32);
    }
}

#undef INLINE
#undef BROADCAST
#undef TURN
#undef MIX
#undef ROUND
