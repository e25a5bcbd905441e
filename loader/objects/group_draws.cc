#include "loader/objects/group_draws.h"

#include <algorithm>
#include <cmath>

namespace headrace::loader {
namespace {

// From low to high, or one of the whole numbers there, of which there is at least one. One word.
double DrawIn(double low, double high, bool whole, RandomStream* stream) {
  if (!whole) return stream->NextUniform(low, high);
  const double first = std::ceil(low);
  const double count = std::max(1.0, std::floor(high) - first + 1);
  return first + std::floor(stream->NextUnit() * count);
}

GroupAction ActionOf(const std::array<double, 4>& weights, double unit) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  double left = unit * sum;
  size_t last = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] > 0)) continue;
    last = i;
    if (left < weights[i]) break;
    left -= weights[i];
  }
  return static_cast<GroupAction>(last);
}

// A shift along an axis that leaves neither side at which the object is.
double KeepAtSides(double shift, bool near_low, bool near_high) {
  if (near_low) shift = std::min(shift, 0.0);
  if (near_high) shift = std::max(shift, 0.0);
  return shift;
}

}  // namespace

GroupDraws DrawGroup(const MoveRanges& ranges, const RectPx& box, RandomStream* stream) {
  GroupDraws draws;
  const bool whole = ranges.whole_numbers;
  double reach_x = box.width / ranges.shift_div_x;
  double reach_y = box.height / ranges.shift_div_y;
  if (whole) {
    reach_x = std::floor(reach_x);
    reach_y = std::floor(reach_y);
  }
  draws.action = ActionOf(ranges.actions, stream->NextUnit());
  draws.scale = stream->NextUniform(ranges.scale.low, ranges.scale.high);
  draws.shift.x = DrawIn(-reach_x, reach_x, whole, stream);
  draws.shift.y = DrawIn(-reach_y, reach_y, whole, stream);
  draws.degrees = DrawIn(ranges.rotate.low, ranges.rotate.high, whole, stream);
  draws.place.threshold = stream->NextUnit();
  draws.place.index = stream->NextUnit();
  draws.place.cell_x = stream->NextUnit();
  draws.place.cell_y = stream->NextUnit();
  return draws;
}

Similarity MoveOf(const MoveRanges& ranges, const GroupDraws& draws, const RectPx& box,
                  SizePx picture, const std::optional<PointF>& place) {
  Similarity move{.centre = {box.x + box.width / 2.0, box.y + box.height / 2.0},
                  .shift = draws.shift,
                  .scale = draws.scale};
  const uint32_t margin = ranges.edge_margin_px;
  const bool left = box.x < margin;
  const bool top = box.y < margin;
  const bool right = picture.width - (box.x + box.width) < margin;
  const bool bottom = picture.height - (box.y + box.height) < margin;
  if (place.has_value()) {
    move.shift = {place->x - move.centre.x, place->y - move.centre.y};
  } else if (left || top || right || bottom) {
    move.scale = std::max(move.scale, 1.0);
    move.shift = {KeepAtSides(move.shift.x, left, right), KeepAtSides(move.shift.y, top, bottom)};
    return move;
  }
  move.flip_x = draws.action == GroupAction::kFlipX;
  move.flip_y = draws.action == GroupAction::kFlipY;
  move.Turn(draws.degrees);
  return move;
}

}  // namespace headrace::loader
