// Mixing the pixels of a batch in place, as a BatchMix says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "loader/mix/batch_mix.h"

namespace headrace::loader {

// Scratch of a band; 64-byte aligned.
inline constexpr size_t kMixScratchBytes = 16u << 10;

// Mixes band `band` of `band_count` of the `rows` images a view, in place; every view alike. Bands
// are disjoint, so they may run at the same time; together they make the batch. No-op when nothing
// is to be mixed. Allocates nothing.
void ApplyMixBand(const BatchShape& shape, const BatchMix& mix, void* images, uint32_t rows,
                  uint32_t band, uint32_t band_count, std::span<std::byte> scratch);

}  // namespace headrace::loader
