// Chooses the copy of the lanes that suits the processor. Words are little-endian throughout; other processors say
// that the lanes are not available and are served by the plain code.

#include "blake3_lanes.h"

#include <string.h>

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define LANES(name) avx2_##name
#include "lanes_body.h"
#undef LANES
#pragma clang attribute pop

// AVX-512 adds rotations and twice the registers; the vectors stay 256 bits wide, which costs no clock speed.
#pragma clang attribute push(__attribute__((target("avx2,avx512f,avx512vl"))), apply_to = function)
#define LANES(name) avx512_##name
#define lanes lanes_avx512
#include "lanes_body.h"
#undef lanes
#undef LANES
#pragma clang attribute pop

bool blake3_lanes_available(void) { return __builtin_cpu_supports("avx2"); }

// Defining BLAKE3_LANES_NO_AVX512 lets a newer processor test the AVX2 copy.
static bool has_avx512(void) {
#ifdef BLAKE3_LANES_NO_AVX512
    return false;
#else
    return __builtin_cpu_supports("avx512vl");
#endif
}

#define CHOOSE(call) (has_avx512() ? avx512_##call : avx2_##call)

#elif defined(__aarch64__) && defined(__LITTLE_ENDIAN__)

#define LANES(name) plain_##name
#include "lanes_body.h"

bool blake3_lanes_available(void) { return true; }

#define CHOOSE(call) plain_##call

#else

bool blake3_lanes_available(void) { return false; }

#define CHOOSE(call) (void)0

#endif

void blake3_lanes_chain(
    const uint8_t *const *inputs, size_t lane_count, size_t block_count, size_t tail_count, const uint32_t key[8],
    uint64_t counter, bool counter_steps, uint32_t flags, uint32_t first_flags, uint32_t last_flags, uint32_t *out) {
    CHOOSE(chain(
        inputs, lane_count, block_count, tail_count, key, counter, counter_steps, flags, first_flags, last_flags, out));
}

void blake3_lanes_expand(
    const uint32_t key[8], const uint8_t block[64], uint64_t counter, uint32_t length, uint32_t flags,
    uint8_t out[512]) {
    CHOOSE(expand(key, block, counter, length, flags, out));
}
