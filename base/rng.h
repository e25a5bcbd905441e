// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011).
//
// A stream is addressed, never advanced by anybody else: the same address gives the same numbers on
// any thread, in any order. docs/rng.md has the packing and test vectors; changing it changes every
// pixel that headrace makes, so it is a contract.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace headrace {

using PhiloxBlock = std::array<uint32_t, 4>;

// One block of the generator.
PhiloxBlock Philox4x32(const PhiloxBlock& counter, uint32_t key_low, uint32_t key_high);

// What a stream belongs to.
struct StreamAddress {
  uint64_t seed = 0;
  uint32_t epoch = 0;
  uint64_t unit = 0;        // sample id, or the global batch number for batch streams; below 2^40
  std::string_view name;    // op name; "mix/<name>" for batch streams; "order" for the sampler
  uint32_t occurrence = 0;  // of that name in the list, from 0
  uint32_t view = 0;        // AugMix view, 0 for the first
};

// The draws of one stream, in order. Cheap to make (no state but the address and a block).
class RandomStream {
 public:
  explicit RandomStream(const StreamAddress& address);

  // 32 uniform bits.
  uint32_t NextU32();
  // Uniform in [0, 1), a multiple of 2^-24: one NextU32.
  double NextUnit();
  // low + (high - low) * NextUnit(), in f64.
  double NextUniform(double low, double high);
  // Uniform integer in [0, bound), without modulo bias. bound >= 1; draws even when bound is 1.
  uint32_t NextBelow(uint32_t bound);
  // exp(U(log low, log high)); 0 < low <= high.
  double NextLogUniform(double low, double high);
  // Standard normal by Marsaglia's polar method: two units a try, the second value is not kept.
  double NextNormal();
  // log of a Gamma(shape, 1) value, shape > 0 (Marsaglia and Tsang 2000; below 1 by the boost of
  // the same paper, in logs, so that small shapes do not underflow).
  double NextLogGamma(double shape);
  // Beta(a, b) in [0, 1].
  double NextBeta(double a, double b);

 private:
  PhiloxBlock counter_;
  uint32_t key_low_;
  uint32_t key_high_;
  PhiloxBlock block_{};
  uint32_t used_ = 4;  // words of block_ handed out
};

}  // namespace headrace
