#ifndef BLAKE3_LANES_H
#define BLAKE3_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The number of messages that are compressed side by side.
#define BLAKE3_LANE_COUNT 8

/// Says whether this processor runs the lanes faster than one message after another.
bool blake3_lanes_available(void);

/// Chains up to eight inputs of `block_count` whole blocks each, all from the same key.
///
/// The flags `first_flags` and `last_flags` join `flags` at the first and last block; the counter of lane i is
/// `counter + i` when `counter_steps`, else `counter`. The last lane may be shorter: it stops after `tail_count` blocks
/// and nothing beyond them is read. `out` receives eight words for each lane in use.
void blake3_lanes_chain(
    const uint8_t *const *inputs, size_t lane_count, size_t block_count, size_t tail_count, const uint32_t key[8],
    uint64_t counter, bool counter_steps, uint32_t flags, uint32_t first_flags, uint32_t last_flags, uint32_t *out);

/// Writes eight consecutive output blocks (512 bytes) of one root block, from block number `counter` on.
void blake3_lanes_expand(
    const uint32_t key[8], const uint8_t block[64], uint64_t counter, uint32_t length, uint32_t flags,
    uint8_t out[512]);

#endif
