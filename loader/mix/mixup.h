// Mixup on runs of elements: each sample of a cycle becomes a weighted sum of itself and its
// partner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "simd/convert.h"

namespace headrace::loader {

// Mixes `count` elements of each sample of `cycle`, in place: element e of sample i lies at
// first + i * sample_bytes. `saved` holds `count` elements: the first sample's, which the last one
// needs after they were mixed.
void MixupCycle(simd::Dtype dtype, std::byte* first, size_t sample_bytes, size_t count, float lam,
                std::span<const uint32_t> cycle, std::byte* saved);

}  // namespace headrace::loader
