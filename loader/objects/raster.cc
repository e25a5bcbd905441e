#include "loader/objects/raster.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace headrace::loader {
namespace {

// While a ring is drawn, a mask holds what earlier rings cover, and where the parity of this one
// changes.
constexpr uint8_t kCovered = 1;
constexpr uint8_t kToggles = 2;

struct Bounds {
  double left = std::numeric_limits<double>::infinity();
  double top = std::numeric_limits<double>::infinity();
  double right = -std::numeric_limits<double>::infinity();
  double bottom = -std::numeric_limits<double>::infinity();
};

// False if a coordinate is not finite.
bool AddRing(std::span<const PointF> ring, Bounds* bounds) {
  Bounds all = *bounds;
  for (const PointF& p : ring) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) return false;
    all.left = std::min(all.left, p.x);
    all.right = std::max(all.right, p.x);
    all.top = std::min(all.top, p.y);
    all.bottom = std::max(all.bottom, p.y);
  }
  *bounds = all;
  return true;
}

// Whole pixels that cover [low, high), cut to [0, size].
void CoverSpan(double low, double high, uint32_t size, uint32_t* first, uint32_t* length) {
  const double begin = std::clamp(std::floor(low), 0.0, static_cast<double>(size));
  const double end = std::clamp(std::ceil(high), 0.0, static_cast<double>(size));
  *first = static_cast<uint32_t>(begin);
  *length = static_cast<uint32_t>(std::max(0.0, end - begin));
}

RectPx Cover(const Bounds& bounds, SizePx picture) {
  RectPx rect;
  if (!(bounds.left <= bounds.right)) return rect;
  CoverSpan(bounds.left, bounds.right, picture.width, &rect.x, &rect.width);
  CoverSpan(bounds.top, bounds.bottom, picture.height, &rect.y, &rect.height);
  return rect.width == 0 || rect.height == 0 ? RectPx{} : rect;
}

// How many of `count` pixel centres from `first` on lie below `place`: the number of the first one
// that does not.
uint32_t CentresBelow(double place, uint32_t first, uint32_t count) {
  const double number = std::ceil(place - 0.5 - first);
  if (!(number > 0)) return 0;
  return number < count ? static_cast<uint32_t>(number) : count;
}

// Marks in each row of the window where the edge crosses the line of pixel centres. What lies left
// of the window crosses at its first column, what lies right of it never.
void ToggleEdge(PointF a, PointF b, const RectPx& window, uint8_t* mask) {
  if (a.y > b.y) std::swap(a, b);  // an edge has the same crossings in both directions
  const uint32_t first = CentresBelow(a.y, window.y, window.height);
  const uint32_t end = CentresBelow(b.y, window.y, window.height);
  if (first >= end) return;
  const double slope = (b.x - a.x) / (b.y - a.y);
  for (uint32_t row = first; row < end; ++row) {
    const double y = window.y + row + 0.5;
    const double x = a.x + (y - a.y) * slope;
    const uint32_t column = CentresBelow(x, window.x, window.width);
    if (column < window.width) mask[size_t{row} * window.width + column] ^= kToggles;
  }
}

void DrawRing(std::span<const PointF> ring, const RectPx& window, uint8_t* mask) {
  Bounds bounds;
  if (!AddRing(ring, &bounds) || ring.size() < 3) return;
  for (size_t i = 0; i < ring.size(); ++i) {
    ToggleEdge(ring[i], ring[i + 1 < ring.size() ? i + 1 : 0], window, mask);
  }
  const uint32_t first = CentresBelow(bounds.top, window.y, window.height);
  const uint32_t end = CentresBelow(bounds.bottom, window.y, window.height);
  for (uint32_t y = first; y < end; ++y) {
    uint8_t* row = mask + size_t{y} * window.width;
    uint8_t inside = 0;
    for (uint32_t x = 0; x < window.width; ++x) {
      inside ^= row[x] >> 1;
      row[x] = (row[x] & kCovered) | inside;
    }
  }
}

// Calls use(column, first row, end row) for the parts of foreground runs, column by column.
template <class Use>
void ForEachColumnPart(SizePx picture, std::span<const uint32_t> runs, Use&& use) {
  const uint64_t pixels = uint64_t{picture.width} * picture.height;
  uint64_t begin = 0;
  for (size_t i = 0; i < runs.size() && begin < pixels; ++i) {
    const uint64_t end = std::min(begin + runs[i], pixels);
    if (i % 2 == 1 && end > begin) {
      auto column = static_cast<uint32_t>(begin / picture.height);
      auto row = static_cast<uint32_t>(begin % picture.height);
      for (uint64_t left = end - begin; left > 0; ++column, row = 0) {
        const auto part = static_cast<uint32_t>(std::min<uint64_t>(left, picture.height - row));
        use(column, row, row + part);
        left -= part;
      }
    }
    begin = end;
  }
}

void DrawRuns(SizePx picture, std::span<const uint32_t> runs, const RectPx& window, uint8_t* mask) {
  ForEachColumnPart(picture, runs, [&](uint32_t column, uint32_t first, uint32_t end) {
    if (column < window.x || column - window.x >= window.width) return;
    first = std::max(first, window.y);
    end = std::min(end, window.y + window.height);
    uint8_t* pixel = mask + (column - window.x);
    for (uint32_t row = first; row < end; ++row) {
      pixel[size_t{row - window.y} * window.width] = kCovered;
    }
  });
}

}  // namespace

RectPx BoundsOf(const ObjectList& list, const Object& object) {
  if (object.shape == ObjectShape::kMask) return ExtentOfRuns(list.size, list.RunsOf(object)).box;
  Bounds bounds;
  for (const ObjectRing& ring : list.RingsOf(object)) AddRing(list.PointsOf(ring), &bounds);
  return Cover(bounds, list.size);
}

void Rasterise(const ObjectList& list, const Object& object, const RectPx& window,
               std::span<uint8_t> mask) {
  std::memset(mask.data(), 0, size_t{window.width} * window.height);
  if (object.shape == ObjectShape::kMask) {
    return DrawRuns(list.size, list.RunsOf(object), window, mask.data());
  }
  for (const ObjectRing& ring : list.RingsOf(object)) {
    DrawRing(list.PointsOf(ring), window, mask.data());
  }
}

MaskExtent ExtentOf(const RectPx& window, std::span<const uint8_t> mask) {
  MaskExtent extent;
  uint32_t left = window.width;
  uint32_t right = 0;
  uint32_t top = window.height;
  uint32_t bottom = 0;
  for (uint32_t y = 0; y < window.height; ++y) {
    const uint8_t* row = mask.data() + size_t{y} * window.width;
    uint32_t covered = 0;
    for (uint32_t x = 0; x < window.width; ++x) covered += row[x];
    if (covered == 0) continue;
    extent.area_px += covered;
    top = std::min(top, y);
    bottom = y + 1;
    const auto* first = static_cast<const uint8_t*>(std::memchr(row, kCovered, window.width));
    left = std::min(left, static_cast<uint32_t>(first - row));
    uint32_t end = window.width;
    while (row[end - 1] == 0) --end;
    right = std::max(right, end);
  }
  if (extent.area_px > 0) {
    extent.box = {window.x + left, window.y + top, right - left, bottom - top};
  }
  return extent;
}

MaskExtent ExtentOfRuns(SizePx picture, std::span<const uint32_t> runs) {
  MaskExtent extent;
  uint32_t left = picture.width;
  uint32_t right = 0;
  uint32_t top = picture.height;
  uint32_t bottom = 0;
  ForEachColumnPart(picture, runs, [&](uint32_t column, uint32_t first, uint32_t end) {
    extent.area_px += end - first;
    left = std::min(left, column);
    right = column + 1;
    top = std::min(top, first);
    bottom = std::max(bottom, end);
  });
  if (extent.area_px > 0) extent.box = {left, top, right - left, bottom - top};
  return extent;
}

void RunAppender::Add(const RectPx& window, std::span<const uint8_t> mask) {
  for (uint32_t x = 0; x < window.width; ++x) {
    const uint64_t column = uint64_t{window.x + x} * picture_.height;
    // Above and below the window there is background.
    if (state_ == 1 && window.y > 0) EndRun(column);
    const uint8_t* pixel = mask.data() + x;
    const uint64_t top = column + window.y;
    for (uint32_t y = 0; y < window.height; ++y, pixel += window.width) {
      if (*pixel != state_) EndRun(top + y);
    }
    if (state_ == 1 && window.y + window.height < picture_.height) EndRun(top + window.height);
  }
  end_ = uint64_t{window.x + window.width} * picture_.height;
}

uint32_t RunAppender::Finish() {
  const uint64_t pixels = uint64_t{picture_.width} * picture_.height;
  if (state_ == 1 && end_ < pixels) EndRun(end_);
  if (begin_ < pixels) runs_.push_back(static_cast<uint32_t>(pixels - begin_));
  return static_cast<uint32_t>(runs_.size() - before_);
}

uint32_t AppendRuns(SizePx picture, const RectPx& window, std::span<const uint8_t> mask,
                    std::vector<uint32_t>* runs) {
  RunAppender appender(picture, runs);
  appender.Add(window, mask);
  return appender.Finish();
}

}  // namespace headrace::loader
