#include "loader/mix/mixup.h"

#include <cstring>

#include "simd/blend.h"

namespace headrace::loader {

void MixupCycle(simd::Dtype dtype, std::byte* first, size_t sample_bytes, size_t count, float lam,
                std::span<const uint32_t> cycle, std::byte* saved) {
  const auto at = [&](uint32_t sample) { return first + sample * sample_bytes; };
  std::memcpy(saved, at(cycle.front()), count * simd::DtypeBytes(dtype));
  for (size_t k = 0; k + 1 < cycle.size(); ++k) {
    simd::BlendInPlace(dtype, at(cycle[k]), at(cycle[k + 1]), lam, count);
  }
  simd::BlendInPlace(dtype, at(cycle.back()), saved, lam, count);
}

}  // namespace headrace::loader
