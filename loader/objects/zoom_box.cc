#include "loader/objects/zoom_box.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "loader/saliency/saliency.h"

namespace headrace::loader {
namespace {

constexpr double kQuantileLow = 0.1;
constexpr double kQuantileHigh = 0.9;
constexpr double kDensityMin = 1.6;
constexpr double kAreaShareMin = 0.04;
constexpr double kAreaShareMax = 0.8;
constexpr double kCropBoxMin = 0.8;  // of the box's sides
constexpr double kCropKeeps = 0.9;   // of what it can keep of the box
constexpr double kLensReach = 0.75;  // radius by the box's longer side

using Marginal = std::array<double, kSaliencySide>;

// Where the running sum comes to `share` of all, in cells; even within a cell.
double QuantileOf(const Marginal& sums, double share) {
  double total = 0;
  for (const double sum : sums) total += sum;
  double left = share * total;
  for (size_t i = 0; i < sums.size(); ++i) {
    if (left < sums[i]) return static_cast<double>(i) + left / sums[i];
    left -= sums[i];
  }
  return kSaliencySide;
}

// How much of cell `i` lies between low and high.
double PartOf(size_t i, double low, double high) {
  const auto begin = static_cast<double>(i);
  return std::max(0.0, std::min(begin + 1, high) - std::max(begin, low));
}

// Begin and length, in whole pixels, of a span of `length` in [0, size): from `low` to `high` it
// may begin, `unit` says where.
void PlaceSpan(double low, double high, double length, uint32_t size, double unit,
               uint32_t* begin_px, uint32_t* length_px) {
  const double last = size - length;
  const double first = std::max(low, 0.0);
  const double end = std::min(high, last);
  // Nowhere fits: as near to the middle of where it should be as it can.
  const double begin =
      first <= end ? first + (end - first) * unit : std::clamp((low + high) / 2, 0.0, last);
  const double rounded = std::clamp(std::nearbyint(length), 1.0, static_cast<double>(size));
  *length_px = static_cast<uint32_t>(rounded);
  *begin_px = static_cast<uint32_t>(std::clamp(std::nearbyint(begin), 0.0, size - rounded));
}

uint32_t RoundedSide(double side, uint32_t most) {
  return static_cast<uint32_t>(std::clamp(std::nearbyint(side), 1.0, static_cast<double>(most)));
}

}  // namespace

std::optional<ZoomBox> BoxOfSaliency(std::span<const float> map, SizePx picture) {
  Marginal columns{};
  Marginal rows{};
  for (size_t y = 0; y < kSaliencySide; ++y) {
    for (size_t x = 0; x < kSaliencySide; ++x) {
      const auto value = static_cast<double>(map[y * kSaliencySide + x]);
      columns[x] += value;
      rows[y] += value;
    }
  }
  const double left = QuantileOf(columns, kQuantileLow);
  const double right = QuantileOf(columns, kQuantileHigh);
  const double top = QuantileOf(rows, kQuantileLow);
  const double bottom = QuantileOf(rows, kQuantileHigh);
  double inside = 0;
  double total = 0;
  for (size_t y = 0; y < kSaliencySide; ++y) {
    const double part_y = PartOf(y, top, bottom);
    total += rows[y];
    for (size_t x = 0; x < kSaliencySide && part_y > 0; ++x) {
      inside += part_y * PartOf(x, left, right) * static_cast<double>(map[y * kSaliencySide + x]);
    }
  }
  const double area = (right - left) * (bottom - top) / kSaliencyCells;
  const bool accepted =
      area >= kAreaShareMin && area <= kAreaShareMax && inside >= kDensityMin * area * total;
  if (!accepted) return std::nullopt;
  const double scale_x = static_cast<double>(picture.width) / kSaliencySide;
  const double scale_y = static_cast<double>(picture.height) / kSaliencySide;
  return ZoomBox{left * scale_x, top * scale_y, (right - left) * scale_x, (bottom - top) * scale_y};
}

RectPx DrawZoomCrop(const ZoomBox& box, const Range& share, const Range& ratio, SizePx picture,
                    RandomStream* stream) {
  const double tau = stream->NextUniform(share.low, share.high);
  const double aspect = stream->NextLogUniform(ratio.low, ratio.high);
  const double unit_x = stream->NextUnit();
  const double unit_y = stream->NextUnit();
  const double area = box.width * box.height / tau;
  const double width =
      std::min<double>(std::max(std::sqrt(area * aspect), kCropBoxMin * box.width), picture.width);
  const double height = std::min<double>(
      std::max(std::sqrt(area / aspect), kCropBoxMin * box.height), picture.height);
  const double keeps_x = kCropKeeps * std::min(box.width, width);
  const double keeps_y = kCropKeeps * std::min(box.height, height);
  RectPx rect;
  PlaceSpan(box.x + keeps_x - width, box.x + box.width - keeps_x, width, picture.width, unit_x,
            &rect.x, &rect.width);
  PlaceSpan(box.y + keeps_y - height, box.y + box.height - keeps_y, height, picture.height, unit_y,
            &rect.y, &rect.height);
  return rect;
}

RectPx LargestCrop(PointF place, const Range& ratio, SizePx picture) {
  SizePx size = picture;
  const double aspect = static_cast<double>(picture.width) / picture.height;
  if (aspect < ratio.low) {
    size.height = RoundedSide(picture.width / ratio.low, picture.height);
  } else if (aspect > ratio.high) {
    size.width = RoundedSide(picture.height * ratio.high, picture.width);
  }
  const auto begin = [](double middle, uint32_t length, uint32_t all) {
    const double first = std::nearbyint(middle - length / 2.0);
    return static_cast<uint32_t>(std::clamp(first, 0.0, static_cast<double>(all - length)));
  };
  return {begin(place.x, size.width, picture.width), begin(place.y, size.height, picture.height),
          size.width, size.height};
}

Lens LensOn(const ZoomBox& box, double power) {
  return {box.centre(), kLensReach * std::max(box.width, box.height), power};
}

void LookThrough(const Lens& lens, const ConstImageView& source, const ImageView& target) {
  const PointMap map = PointMap::Lens(lens.centre, lens.radius, lens.power);
  const auto first_of = [&](double low) {
    return static_cast<uint32_t>(std::max(0.0, std::floor(low - lens.radius)));
  };
  const auto end_of = [&](double high, uint32_t size) {
    return static_cast<uint32_t>(
        std::clamp(std::ceil(high + lens.radius), 0.0, static_cast<double>(size)));
  };
  const uint32_t first_x = first_of(lens.centre.x);
  const uint32_t end_x = end_of(lens.centre.x, source.width);
  const auto last_x = static_cast<double>(source.width - 1);
  const auto last_y = static_cast<double>(source.height - 1);
  for (uint32_t y = first_of(lens.centre.y); y < end_of(lens.centre.y, source.height); ++y) {
    for (uint32_t x = first_x; x < end_x; ++x) {
      const PointF at{x + 0.5, y + 0.5};
      const PointF from = map.Back(at);
      if (from == at) continue;
      // In 1/256 of a pixel.
      const auto u =
          static_cast<uint32_t>(std::floor(std::clamp(from.x - 0.5, 0.0, last_x) * 256 + 0.5));
      const auto v =
          static_cast<uint32_t>(std::floor(std::clamp(from.y - 0.5, 0.0, last_y) * 256 + 0.5));
      const uint32_t fu = u & 255;
      const uint32_t fv = v & 255;
      const size_t left = size_t{3} * (u >> 8);
      const size_t right = fu == 0 ? left : left + 3;
      const uint8_t* above = source.Row(v >> 8);
      const uint8_t* below = fv == 0 ? above : source.Row((v >> 8) + 1);
      uint8_t* pixel = target.Row(y) + size_t{3} * x;
      for (size_t c = 0; c < 3; ++c) {
        const uint32_t top = above[left + c] * (256 - fu) + above[right + c] * fu;
        const uint32_t bottom = below[left + c] * (256 - fu) + below[right + c] * fu;
        pixel[c] = static_cast<uint8_t>((top * (256 - fv) + bottom * fv + (1u << 15)) >> 16);
      }
    }
  }
}

}  // namespace headrace::loader
