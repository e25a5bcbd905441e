// What bench_ops times: each op at fixed parameters, and a few lists of ops.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/image_view.h"

namespace headrace::bench {

// What follows the ops, inside the clock.
enum class Finish : uint8_t {
  kDense,    // a dense u8 picture with its columns in order; copied only where the ops left a view
  kF32Nchw,  // normalised f32, the loader's last step
};

struct OpCase {
  std::string name;              // an op, or "op/variant"
  std::vector<std::string> ops;  // the insides of TOML inline tables
  uint32_t draws = 1;            // sample ids that take turns: 1 where parameters are fixed
  Finish finish = Finish::kDense;
};

// For pictures of `size`. A name means the same at every size, and bench/peers/ knows them.
std::vector<OpCase> OpCases(SizePx size);

}  // namespace headrace::bench
