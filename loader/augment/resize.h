// resize: to [h, w], or to a short side with the aspect kept.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "loader/augment/op.h"

namespace headrace::loader {

// The size whose short side is `short_side` and whose aspect is that of `in`; `long_side_max`
// (0: none) bounds the long side. The long side is truncated, as torchvision does. Nothing when a
// side would be 0 or more than kSidePxMax.
std::optional<SizePx> ShortSideSize(SizePx in, uint32_t short_side, uint32_t long_side_max);

std::unique_ptr<Op> MakeResize(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
