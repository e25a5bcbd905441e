#include "loader/saliency/recipe_map.h"

#include "loader/augment/op.h"
#include "loader/saliency/saliency.h"

namespace headrace::loader {
namespace {

bool IsInside(PointF point, SizePx size) {
  return point.x >= 0 && point.y >= 0 && point.x <= size.width && point.y <= size.height;
}

}  // namespace

void MapOfRecipe(const SaliencyMapFile& maps, uint64_t sample, const Recipe& recipe,
                 std::span<float> map) {
  // All cells go back through one draw after the other: `map` cannot hold places, so blocks of
  // them are kept here.
  constexpr size_t kBlock = kSaliencySide;
  const std::span<const OpDraw> draws = recipe.draws();
  // The draws that are steps of the list; what belongs to one (the chains of AugMix) moves nothing.
  const auto step_before = [&](size_t end) {
    size_t last = 0;
    for (size_t k = 0; k < end; k += 1 + draws[k].belongings) last = k;
    return last;
  };
  SizePx shown = recipe.source;
  if (!draws.empty()) shown = draws[step_before(draws.size())].out;
  for (size_t y = 0; y < kSaliencySide; ++y) {
    PointF points[kBlock];
    bool inside[kBlock];
    for (size_t x = 0; x < kBlock; ++x) {
      points[x] = {(static_cast<double>(x) + 0.5) * shown.width / kSaliencySide,
                   (static_cast<double>(y) + 0.5) * shown.height / kSaliencySide};
      inside[x] = true;
    }
    for (size_t end = draws.size(); end > 0;) {
      const size_t k = step_before(end);
      end = k;
      const PointMap moved = draws[k].op->PointsOf(draws[k]);
      if (moved.is_identity()) continue;
      for (size_t x = 0; x < kBlock; ++x) {
        points[x] = moved.Back(points[x]);
        inside[x] = inside[x] && IsInside(points[x], draws[k].in);
      }
    }
    for (size_t x = 0; x < kBlock; ++x) {
      const PointF place = {points[x].x / recipe.source.width, points[x].y / recipe.source.height};
      map[y * kSaliencySide + x] = inside[x] ? maps.At(sample, place) : 0.0f;
    }
  }
}

}  // namespace headrace::loader
