#include "loader/mix/cutmix.h"

#include <algorithm>
#include <cmath>

namespace headrace::loader {
namespace {

struct Interval {
  uint32_t begin = 0;
  uint32_t end = 0;
};

// `cut` pixels around `centre`, half of them (rounded down) on each side, inside [0, length).
Interval Around(uint32_t centre, uint32_t cut, uint32_t length) {
  const uint32_t half = cut / 2;
  return {centre - std::min(centre, half), std::min(length, centre + half)};
}

uint32_t Truncated(double value) { return static_cast<uint32_t>(value); }

// Uniform over [low, high); low itself when there is nothing between.
uint32_t DrawBetween(RandomStream* stream, uint32_t low, uint32_t high) {
  return low + stream->NextBelow(high > low ? high - low : 1);
}

}  // namespace

RectPx DrawCutMixBox(RandomStream* stream, SizePx size, double lam) {
  const double share = std::sqrt(1.0 - lam);
  const uint32_t cut_height = Truncated(size.height * share);
  const uint32_t cut_width = Truncated(size.width * share);
  const Interval y = Around(stream->NextBelow(size.height), cut_height, size.height);
  const Interval x = Around(stream->NextBelow(size.width), cut_width, size.width);
  return {x.begin, y.begin, x.end - x.begin, y.end - y.begin};
}

RectPx DrawCutMixBoxInRange(RandomStream* stream, SizePx size, const Range& minmax) {
  RectPx box;
  box.height = DrawBetween(stream, Truncated(size.height * minmax.low),
                           Truncated(size.height * minmax.high));
  box.width =
      DrawBetween(stream, Truncated(size.width * minmax.low), Truncated(size.width * minmax.high));
  box.y = DrawBetween(stream, 0, size.height - box.height);
  box.x = DrawBetween(stream, 0, size.width - box.width);
  return box;
}

}  // namespace headrace::loader
