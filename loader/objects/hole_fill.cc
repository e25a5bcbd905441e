#include "loader/objects/hole_fill.h"

#include <algorithm>
#include <cmath>

namespace headrace::loader {
namespace {

constexpr uint32_t kLevelsMax = 33;  // halving 2^32 - 1 to 1
constexpr uint32_t kFillMarginPxMin = 16;
constexpr uint8_t kNothingKnown = 114;

SizePx Halved(SizePx size) { return {(size.width + 1) / 2, (size.height + 1) / 2}; }
size_t PixelsOf(SizePx size) { return size_t{size.width} * size.height; }

WeightedPlanes TakePlanes(SizePx size, std::span<float>* memory) {
  WeightedPlanes planes{.size = size};
  for (std::span<float>* plane :
       {&planes.colours[0], &planes.colours[1], &planes.colours[2], &planes.weights}) {
    *plane = memory->first(PixelsOf(size));
    *memory = memory->subspan(PixelsOf(size));
  }
  return planes;
}

// Sums of 2x2, zero beyond the edge; rows above, then below.
void SumPlane(SizePx size, const float* in, float* out) {
  const size_t w = size.width;
  const size_t pairs = w / 2;
  const size_t out_w = (w + 1) / 2;
  for (uint32_t y = 0; y < size.height; y += 2, in += 2 * w, out += out_w) {
    if (y + 1 < size.height) {
      for (size_t x = 0; x < pairs; ++x) {
        out[x] = (in[2 * x] + in[2 * x + 1]) + (in[w + 2 * x] + in[w + 2 * x + 1]);
      }
      if (w % 2 != 0) out[pairs] = in[w - 1] + in[2 * w - 1];
    } else {
      for (size_t x = 0; x < pairs; ++x) out[x] = in[2 * x] + in[2 * x + 1];
      if (w % 2 != 0) out[pairs] = in[w - 1];
    }
  }
}

// What is known well is known once.
void LimitWeights(const WeightedPlanes& planes) {
  float* weights = planes.weights.data();
  const size_t count = planes.weights.size();
  for (const std::span<float>& colours : planes.colours) {
    float* c = colours.data();
    for (size_t i = 0; i < count; ++i) c[i] /= std::max(weights[i], 1.0f);
  }
  for (size_t i = 0; i < count; ++i) weights[i] = std::min(weights[i], 1.0f);
}

bool HasHoles(const WeightedPlanes& planes) {
  return std::any_of(planes.weights.begin(), planes.weights.end(), [](float w) { return w == 0; });
}

// Two neighbours and the weight of the second, of place i of a level in the next one: at i / 2 -
// 1 / 4, clamped.
struct Between {
  uint32_t first;
  uint32_t second;
  float weight;
};
Between PlaceAbove(uint32_t i, uint32_t count) {
  if (i % 2 == 0) {
    if (i == 0) return {0, 0, 0};
    return {i / 2 - 1, i / 2, 0.75f};
  }
  return {i / 2, std::min(i / 2 + 1, count - 1), 0.25f};
}

// Value of `plane`, a level above, between four of its pixels.
float Interpolated(const float* plane, size_t width, const Between& x, const Between& y) {
  const float* top = plane + y.first * width;
  const float* bottom = plane + y.second * width;
  const float above = top[x.first] * (1 - x.weight) + top[x.second] * x.weight;
  const float below = bottom[x.first] * (1 - x.weight) + bottom[x.second] * x.weight;
  return above * (1 - y.weight) + below * y.weight;
}

// The colours of `level` without holes, from those of `above`.
void Push(const WeightedPlanes& above, const WeightedPlanes& level) {
  const size_t w = level.size.width;
  for (uint32_t y = 0; y < level.size.height; ++y) {
    const Between place_y = PlaceAbove(y, above.size.height);
    const float* weights = level.weights.data() + y * w;
    for (uint32_t x = 0; x < w; ++x) {
      if (weights[x] >= 1) continue;
      const Between place_x = PlaceAbove(x, above.size.width);
      const float rest = 1 - weights[x];
      for (int c = 0; c < 3; ++c) {
        level.colours[c][y * w + x] +=
            rest * Interpolated(above.colours[c].data(), above.size.width, place_x, place_y);
      }
    }
  }
}

// At the top: what is known, as it is.
bool Finish(const WeightedPlanes& top) {
  for (size_t i = 0; i < top.weights.size(); ++i) {
    const float weight = top.weights[i];
    if (weight == 0) return false;
    for (const std::span<float>& colours : top.colours) colours[i] /= weight;
  }
  return true;
}

class Region {
 public:
  Region(const ImageView& picture, const HoleMarks& hole, const RectPx& rect)
      : pixels_(picture.Crop(rect)),
        hole_(hole),
        first_(hole.marks + size_t{rect.y} * picture.width + rect.x),
        stride_(picture.width) {}

  // Level 1: sums of the known pixels of 2x2.
  void Pull(const WeightedPlanes& level) const {
    const SizePx size = level.size;
    const uint32_t pairs = pixels_.width / 2;
    for (uint32_t y = 0; y < size.height; ++y) {
      const bool has_two_rows = 2 * y + 1 < pixels_.height;
      const uint8_t* marks = first_ + size_t{2 * y} * stride_;
      for (uint32_t x = 0; x < size.width; ++x) {
        const uint8_t* at = marks + 2 * x;
        const bool whole = has_two_rows && x < pairs && IsKnown(at[0]) && IsKnown(at[1]) &&
                           IsKnown(at[stride_]) && IsKnown(at[stride_ + 1]);
        const size_t place = size_t{y} * size.width + x;
        if (whole) {
          SumWhole(x, y, place, level);
        } else {
          SumKnown(x, y, place, level);
        }
      }
    }
  }

  template <class Colour>
  void Fill(Colour&& colour) const {
    for (uint32_t y = 0; y < pixels_.height; ++y) {
      const uint8_t* marks = first_ + size_t{y} * stride_;
      uint8_t* pixel = pixels_.Row(y);
      for (uint32_t x = 0; x < pixels_.width; ++x) {
        const bool fills = (marks[x] & hole_.mask) == hole_.value && (marks[x] & hole_.hidden) == 0;
        if (fills) colour(x, y, pixel + size_t{3} * x);
      }
    }
  }

 private:
  bool IsKnown(uint8_t mark) const { return (mark & hole_.mask) != hole_.value; }

  void SumWhole(uint32_t x, uint32_t y, size_t place, const WeightedPlanes& level) const {
    const uint8_t* above = pixels_.Row(2 * y) + size_t{6} * x;
    const uint8_t* below = above + pixels_.stride_bytes;
    level.weights[place] = 4;
    for (int c = 0; c < 3; ++c) {
      const int sum = above[c] + above[c + 3] + below[c] + below[c + 3];
      level.colours[c][place] = static_cast<float>(sum);
    }
  }
  void SumKnown(uint32_t x, uint32_t y, size_t place, const WeightedPlanes& level) const {
    const uint32_t rows = std::min(2u, pixels_.height - 2 * y);
    const uint32_t columns = std::min(2u, pixels_.width - 2 * x);
    uint32_t sums[3] = {0, 0, 0};
    uint32_t known = 0;
    for (uint32_t r = 0; r < rows; ++r) {
      const uint8_t* marks = first_ + size_t{2 * y + r} * stride_ + 2 * x;
      const uint8_t* pixel = pixels_.Row(2 * y + r) + size_t{6} * x;
      for (uint32_t k = 0; k < columns; ++k, pixel += 3) {
        if (!IsKnown(marks[k])) continue;
        ++known;
        for (int c = 0; c < 3; ++c) sums[c] += pixel[c];
      }
    }
    level.weights[place] = static_cast<float>(known);
    for (int c = 0; c < 3; ++c) level.colours[c][place] = static_cast<float>(sums[c]);
  }

  ImageView pixels_;
  HoleMarks hole_;
  const uint8_t* first_;
  size_t stride_;
};

}  // namespace

uint64_t PyramidFloats(SizePx size) {
  uint64_t pixels = 0;
  while (size.width > 1 || size.height > 1) {
    size = Halved(size);
    pixels += PixelsOf(size);
  }
  return pixels * 4;
}

bool FillPlanes(const WeightedPlanes& planes, std::span<float> pyramid) {
  WeightedPlanes levels[kLevelsMax];
  levels[0] = planes;
  uint32_t top = 0;
  while (PixelsOf(levels[top].size) > 1 && HasHoles(levels[top])) {
    const WeightedPlanes& from = levels[top];
    WeightedPlanes& level = levels[++top];
    level = TakePlanes(Halved(from.size), &pyramid);
    for (int c = 0; c < 3; ++c) {
      SumPlane(from.size, from.colours[c].data(), level.colours[c].data());
    }
    SumPlane(from.size, from.weights.data(), level.weights.data());
    LimitWeights(level);
  }
  if (!Finish(levels[top])) return false;
  for (; top > 0; --top) Push(levels[top], levels[top - 1]);
  return true;
}

RectPx FillRegionOf(const RectPx& box, SizePx picture) {
  const uint32_t margin = std::max(kFillMarginPxMin, std::max(box.width, box.height) / 2);
  const uint32_t left = box.x - std::min(box.x, margin);
  const uint32_t top = box.y - std::min(box.y, margin);
  const uint32_t right = std::min(picture.width, box.x + box.width + margin);
  const uint32_t bottom = std::min(picture.height, box.y + box.height + margin);
  return {left, top, right - left, bottom - top};
}

uint64_t FillHoleFloats(SizePx size) {
  // Level 1, which is one pixel at least, and what is above.
  const SizePx first = Halved(size);
  return PixelsOf(first) * 4 + PyramidFloats(first);
}

RectPx BoxOfHole(const HoleMarks& hole, const RectPx& region, uint32_t width) {
  uint32_t left = region.width;
  uint32_t right = 0;
  uint32_t top = region.height;
  uint32_t bottom = 0;
  for (uint32_t y = 0; y < region.height; ++y) {
    const uint8_t* row = hole.marks + size_t{region.y + y} * width + region.x;
    const auto is_hole = [&](uint32_t x) { return (row[x] & hole.mask) == hole.value; };
    uint32_t first = 0;
    while (first < region.width && !is_hole(first)) ++first;
    if (first == region.width) continue;
    uint32_t end = region.width;
    while (!is_hole(end - 1)) --end;
    left = std::min(left, first);
    right = std::max(right, end);
    top = std::min(top, y);
    bottom = y + 1;
  }
  if (right == 0) return {};
  return {region.x + left, region.y + top, right - left, bottom - top};
}

void FillHole(const ImageView& picture, const HoleMarks& hole, const RectPx& box,
              std::span<float> scratch) {
  if (box.width == 0 || box.height == 0) return;
  const RectPx rect = FillRegionOf(box, picture.size());
  const Region region(picture, hole, rect);
  const WeightedPlanes level = TakePlanes(Halved(rect.size()), &scratch);
  region.Pull(level);
  LimitWeights(level);
  if (!FillPlanes(level, scratch)) {
    region.Fill([](uint32_t, uint32_t, uint8_t* pixel) { std::fill_n(pixel, 3, kNothingKnown); });
    return;
  }
  region.Fill([&](uint32_t x, uint32_t y, uint8_t* pixel) {
    const Between place_x = PlaceAbove(x, level.size.width);
    const Between place_y = PlaceAbove(y, level.size.height);
    for (int c = 0; c < 3; ++c) {
      const float value = Interpolated(level.colours[c].data(), level.size.width, place_x, place_y);
      pixel[c] = static_cast<uint8_t>(std::nearbyint(std::min(255.0f, std::max(0.0f, value))));
    }
  });
}

}  // namespace headrace::loader
