// What instaboost draws for a group of objects, and the move that it comes to.
//
// Plain values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/image_view.h"
#include "base/rng.h"
#include "loader/config.h"
#include "loader/objects/heat_map.h"
#include "loader/objects/similarity.h"

namespace headrace::loader {

enum class GroupAction : uint8_t { kNormal, kFlipX, kFlipY, kSkip };

// The parameters that moves are drawn from.
struct MoveRanges {
  std::array<double, 4> actions = {1, 0, 0, 0};  // weights, in the order of GroupAction
  Range scale{0.8, 1.2};
  double shift_div_x = 15;  // a shift is at most the box's width divided by this
  double shift_div_y = 15;
  Range rotate{-1, 1};  // degrees
  bool whole_numbers = false;
  uint32_t edge_margin_px = 10;
};

struct GroupDraws {
  GroupAction action = GroupAction::kNormal;
  double scale = 1;
  PointF shift;
  double degrees = 0;
  HeatDraws place;
};

// Nine words of the stream, whatever comes of them.
GroupDraws DrawGroup(const MoveRanges& ranges, const RectPx& box, RandomStream* stream);

// `place`: where the centre of the box goes instead of the drawn shift. Without it an object near a
// side of the picture, which may be cut there, keeps to that side: it is not turned, mirrored, made
// smaller or moved away.
Similarity MoveOf(const MoveRanges& ranges, const GroupDraws& draws, const RectPx& box,
                  SizePx picture, const std::optional<PointF>& place);

}  // namespace headrace::loader
