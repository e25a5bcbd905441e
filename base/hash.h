// The 64-bit hash of what headrace keeps on disk: XXH3. Not for secrets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace headrace {

uint64_t Hash64(std::span<const std::byte> bytes, uint64_t seed = 0);

}  // namespace headrace
