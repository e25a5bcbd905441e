#include "loader/objects/heat_map.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "loader/objects/instance_alpha.h"
#include "loader/objects/raster.h"

namespace headrace::loader {
namespace {

constexpr uint32_t kShortSideCellsMin = 60;
constexpr uint32_t kMarginPx = 4;    // around objects that is not trusted to be background
constexpr float kWeightMin = 0.01f;  // cells with less background are holes
constexpr uint32_t kRings = 3;
constexpr float kRingWeights[kRings + 1] = {0, 0.40f, 0.35f, 0.25f};
constexpr float kInsideMin = 0.75f;    // share of the rings that must lie in the picture
constexpr double kBoxInsideMin = 0.7;  // and of the group's box
constexpr double kHotShare = 0.6;      // how often the hotter threshold is taken
constexpr float kHot = 200.0f / 255.0f;
constexpr float kWarm = 150.0f / 255.0f;

// The value of nearest rank: `share` of all are at most it. Reorders.
float RankOf(std::span<float> values, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto place = values.begin() + static_cast<ptrdiff_t>(std::max<size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

// Length of [begin, begin + length) within [0, size).
double InsideOf(double begin, double length, double size) {
  return std::max(0.0, std::min(begin + length, size) - std::max(begin, 0.0));
}

}  // namespace

HeatMap::HeatMap(SizePx picture, ScratchCursor* scratch)
    : picture_(picture),
      cell_px_(std::max(1u, std::min(picture.width, picture.height) / kShortSideCellsMin)),
      cells_{picture.width / cell_px_, picture.height / cell_px_} {
  const uint64_t pixels = uint64_t{picture.width} * picture.height;
  for (std::span<uint8_t>* plane : {&objects_, &group_, &mask_}) {
    *plane = scratch->Take<uint8_t>(pixels);
  }
  background_.size = cells_;
  for (std::span<float>& colours : background_.colours) colours = scratch->Take<float>(count());
  background_.weights = scratch->Take<float>(count());
  pyramid_ = scratch->Take<float>(PyramidFloats(cells_));
  covered_ = scratch->Take<uint32_t>(count());
  for (std::span<uint8_t>* plane : {&own_, &grown_, &spare_, &others_, &ring_, &valid_}) {
    *plane = scratch->Take<uint8_t>(count());
  }
  for (std::span<float>* plane : {&heat_, &weight_, &sorted_}) {
    *plane = scratch->Take<float>(count());
  }
  band_ = scratch->Take<BandCell>(kBandCellsMax);
}

template <class Counts>
void HeatMap::CountCells(Counts&& counts, std::span<uint32_t> out) const {
  std::ranges::fill(out, 0u);
  for (uint32_t y = 0; y < cells_.height * cell_px_; ++y) {
    const size_t row = size_t{y} * picture_.width;
    uint32_t* cells = out.data() + size_t{y / cell_px_} * cells_.width;
    for (uint32_t x = 0; x < cells_.width; ++x) {
      const size_t first = row + size_t{x} * cell_px_;
      uint32_t sum = 0;
      for (uint32_t k = 0; k < cell_px_; ++k) sum += counts(first + k) ? 1 : 0;
      cells[x] += sum;
    }
  }
}

void HeatMap::Prepare(const ConstImageView& picture, const ObjectList& list) {
  std::ranges::fill(objects_, uint8_t{0});
  for (const Object& object : list.objects) {
    const RectPx bounds = BoundsOf(list, object);
    if (bounds.width == 0) continue;
    Rasterise(list, object, bounds, mask_);
    for (uint32_t y = 0; y < bounds.height; ++y) {
      uint8_t* row = objects_.data() + size_t{bounds.y + y} * picture_.width + bounds.x;
      const uint8_t* mask = mask_.data() + size_t{y} * bounds.width;
      for (uint32_t x = 0; x < bounds.width; ++x) row[x] += row[x] < 255 ? mask[x] : 0;
    }
  }
  for (size_t i = 0; i < mask_.size(); ++i) mask_[i] = objects_[i] > 0 ? 1 : 0;
  GrowMask(picture_, kMarginPx, mask_, group_);
  CountCells([&](size_t i) { return mask_[i] != 0; }, covered_);
  const auto cell_area = static_cast<float>(cell_px_ * cell_px_);
  for (uint32_t y = 0; y < cells_.height; ++y) {
    for (uint32_t x = 0; x < cells_.width; ++x) {
      uint32_t sums[3] = {0, 0, 0};
      for (uint32_t r = 0; r < cell_px_; ++r) {
        const uint8_t* pixel = picture.Row(y * cell_px_ + r) + size_t{3} * x * cell_px_;
        for (uint32_t k = 0; k < cell_px_; ++k, pixel += 3) {
          for (int c = 0; c < 3; ++c) sums[c] += pixel[c];
        }
      }
      const size_t i = size_t{y} * cells_.width + x;
      float weight = 1 - static_cast<float>(covered_[i]) / cell_area;
      if (weight < kWeightMin) weight = 0;
      background_.weights[i] = weight;
      for (int c = 0; c < 3; ++c) {
        background_.colours[c][i] = weight * (static_cast<float>(sums[c]) / cell_area);
      }
    }
  }
  // If no background is to be seen at all, one place is like another: all black.
  FillPlanes(background_, pyramid_);
}

// How many of the group's objects are at each pixel.
void HeatMap::DrawGroup(const ObjectList& list, std::span<const MovableObject> members) {
  std::ranges::fill(group_, uint8_t{0});
  for (const MovableObject& member : members) {
    const RectPx& box = member.box;
    Rasterise(list, list.objects[member.object], box, mask_);
    for (uint32_t y = 0; y < box.height; ++y) {
      uint8_t* row = group_.data() + size_t{box.y + y} * picture_.width + box.x;
      const uint8_t* mask = mask_.data() + size_t{y} * box.width;
      for (uint32_t x = 0; x < box.width; ++x) row[x] += row[x] < 255 ? mask[x] : 0;
    }
  }
}

// The cells that are the group's by half or more, or the one that is most, or, as the last columns
// and rows of the picture may belong to none, the one next to the middle of its box; and the
// others'.
void HeatMap::MarkCells(const RectPx& box) {
  const uint32_t area = cell_px_ * cell_px_;
  CountCells([&](size_t i) { return objects_[i] > group_[i]; }, covered_);
  for (size_t i = 0; i < count(); ++i) others_[i] = 2 * covered_[i] >= area ? 1 : 0;
  CountCells([&](size_t i) { return group_[i] > 0; }, covered_);
  bool any = false;
  for (size_t i = 0; i < count(); ++i) {
    own_[i] = 2 * covered_[i] >= area ? 1 : 0;
    any = any || own_[i] != 0;
  }
  if (!any) {
    const auto most = std::ranges::max_element(covered_);
    const uint32_t x = std::min((box.x + box.width / 2) / cell_px_, cells_.width - 1);
    const uint32_t y = std::min((box.y + box.height / 2) / cell_px_, cells_.height - 1);
    own_[*most > 0 ? static_cast<size_t>(most - covered_.begin()) : size_t{y} * cells_.width + x] =
        1;
  }
  const RectPx cells = ExtentOf({0, 0, cells_.width, cells_.height}, own_).box;
  middle_x_ = static_cast<int32_t>(std::nearbyint(cells.x + (cells.width - 1) / 2.0));
  middle_y_ = static_cast<int32_t>(std::nearbyint(cells.y + (cells.height - 1) / 2.0));
}

void HeatMap::CollectBand() {
  std::memcpy(grown_.data(), own_.data(), count());
  std::ranges::fill(ring_, uint8_t{0});
  uint32_t cells = 0;
  for (uint32_t ring = 1; ring <= kRings; ++ring) {
    std::memcpy(valid_.data(), grown_.data(), count());
    GrowMask(cells_, 1, grown_, spare_);
    for (size_t i = 0; i < count(); ++i) {
      if (grown_[i] == valid_[i] || others_[i] != 0) continue;
      ring_[i] = static_cast<uint8_t>(ring);
      ++cells;
    }
  }
  const uint32_t every = (cells + kBandCellsMax - 1) / kBandCellsMax;
  uint32_t number = 0;
  band_count_ = 0;
  for (uint32_t y = 0; y < cells_.height; ++y) {
    for (uint32_t x = 0; x < cells_.width; ++x) {
      const size_t i = size_t{y} * cells_.width + x;
      if (ring_[i] == 0 || number++ % every != 0) continue;
      BandCell& cell = band_[band_count_++];
      cell = {.x = static_cast<int32_t>(x) - middle_x_,
              .y = static_cast<int32_t>(y) - middle_y_,
              .weight = kRingWeights[ring_[i]],
              .colour = {background_.colours[0][i], background_.colours[1][i],
                         background_.colours[2][i]}};
    }
  }
}

// Sums, for each place, how the cells around it differ from those around the group.
void HeatMap::Compare() {
  std::ranges::fill(heat_, 0.0f);
  std::ranges::fill(weight_, 0.0f);
  const auto w = static_cast<int32_t>(cells_.width);
  const auto h = static_cast<int32_t>(cells_.height);
  for (const BandCell& cell : band_.first(band_count_)) {
    const int32_t first_x = std::max(0, -cell.x);
    const int32_t end_x = std::min(w, w - cell.x);
    const float weight = cell.weight;
    const float per_value = cell.weight / 255.0f;
    for (int32_t y = std::max(0, -cell.y); y < std::min(h, h - cell.y); ++y) {
      const ptrdiff_t row = ptrdiff_t{y} * w;
      const ptrdiff_t shifted = ptrdiff_t{y + cell.y} * w + cell.x;
      const float* red = background_.colours[0].data() + shifted;
      const float* green = background_.colours[1].data() + shifted;
      const float* blue = background_.colours[2].data() + shifted;
      float* heat = heat_.data() + row;
      float* inside = weight_.data() + row;
      for (int32_t x = first_x; x < end_x; ++x) {
        const float dr = red[x] - cell.colour[0];
        const float dg = green[x] - cell.colour[1];
        const float db = blue[x] - cell.colour[2];
        heat[x] += per_value * std::sqrt(dr * dr + dg * dg + db * db);
        inside[x] += weight;
      }
    }
  }
}

// A place counts when most of the rings and of the group's box lie in the picture.
void HeatMap::MarkValid(const RectPx& box) {
  float total = 0;
  for (const BandCell& cell : band_.first(band_count_)) total += cell.weight;
  const double box_area = static_cast<double>(box.width) * box.height;
  for (uint32_t y = 0; y < cells_.height; ++y) {
    const double inside_y =
        InsideOf((y + 0.5) * cell_px_ - box.height / 2.0, box.height, picture_.height);
    for (uint32_t x = 0; x < cells_.width; ++x) {
      const size_t i = size_t{y} * cells_.width + x;
      const double inside_x =
          InsideOf((x + 0.5) * cell_px_ - box.width / 2.0, box.width, picture_.width);
      const bool valid = weight_[i] > 0 && weight_[i] >= kInsideMin * total &&
                         inside_x * inside_y >= kBoxInsideMin * box_area;
      valid_[i] = valid ? 1 : 0;
      heat_[i] = valid ? heat_[i] / weight_[i] : 0;
    }
  }
}

void HeatMap::Normalise(HeatNorm norm) {
  float low = 0;
  float high = 0;
  if (norm == HeatNorm::kReference) {
    for (size_t i = 0; i < count(); ++i) {
      if (valid_[i] != 0) high = std::max(high, heat_[i]);
    }
  } else {
    size_t kept = 0;
    for (uint32_t y = 0; y < cells_.height; ++y) {
      for (uint32_t x = 0; x < cells_.width; ++x) {
        const size_t i = size_t{y} * cells_.width + x;
        const bool at_home = std::abs(static_cast<int32_t>(x) - middle_x_) <= 1 &&
                             std::abs(static_cast<int32_t>(y) - middle_y_) <= 1;
        if (valid_[i] != 0 && !at_home) sorted_[kept++] = heat_[i];
      }
    }
    if (kept > 0) {
      low = RankOf(sorted_.first(kept), 0.01);
      high = RankOf(sorted_.first(kept), 0.95);
    }
  }
  float hottest = 0;
  for (size_t i = 0; i < count(); ++i) {
    if (valid_[i] == 0) {
      heat_[i] = 0;
      continue;
    }
    const float share =
        high == low ? 1.0f : std::clamp((high - heat_[i]) / (high - low), 0.0f, 1.0f);
    heat_[i] = share * share * share;
    hottest = std::max(hottest, heat_[i]);
  }
  if (norm == HeatNorm::kReference && hottest > 0) {
    for (float& heat : heat_) heat /= hottest;
  }
}

std::span<const float> HeatMap::MapOf(const ObjectList& list,
                                      std::span<const MovableObject> members, const RectPx& box,
                                      HeatNorm norm) {
  DrawGroup(list, members);
  MarkCells(box);
  CollectBand();
  Compare();
  MarkValid(box);
  Normalise(norm);
  return heat_;
}

std::optional<PointF> HeatMap::Choose(const HeatDraws& draws) const {
  const auto hotter_than = [&](float limit) {
    return static_cast<size_t>(
        std::ranges::count_if(heat_, [limit](float heat) { return heat > limit; }));
  };
  float limit = draws.threshold < kHotShare ? kHot : kWarm;
  size_t candidates = hotter_than(limit);
  if (candidates == 0) {
    limit = kWarm;
    candidates = hotter_than(limit);
  }
  if (candidates == 0) return std::nullopt;
  auto left = static_cast<size_t>(draws.index * static_cast<double>(candidates));
  size_t i = 0;
  while (heat_[i] <= limit || left-- > 0) ++i;
  const double x = static_cast<double>(i % cells_.width) + draws.cell_x;
  const double y = static_cast<double>(i / cells_.width) + draws.cell_y;
  return PointF{x * cell_px_, y * cell_px_};
}

}  // namespace headrace::loader
