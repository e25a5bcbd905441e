#include "loader/objects/object_mover.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/rects.h"
#include "loader/augment/op.h"
#include "loader/objects/raster.h"

namespace headrace::loader {
namespace {

constexpr size_t kRingPointsMin = 3;
// Edges of outlines that do not stay straight are moved in pieces of about that length.
constexpr double kPiecePx = 2;
constexpr uint32_t kPiecesMax = 256;

bool IsFinite(PointF p) { return std::isfinite(p.x) && std::isfinite(p.y); }

PointF Between(PointF a, PointF b, double t) {
  return {a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t};
}

// The corners of a rectangle, around it.
std::array<PointF, 4> CornersOf(double left, double top, double right, double bottom) {
  return {PointF{left, top}, PointF{right, top}, PointF{right, bottom}, PointF{left, bottom}};
}

// Calls use(point) for a, and for places on the way to b that follow a line that bends.
template <class Use>
void ForPieces(PointF a, PointF b, Use&& use) {
  const double length = std::max(std::fabs(b.x - a.x), std::fabs(b.y - a.y));
  const auto pieces = static_cast<uint32_t>(
      std::clamp(std::ceil(length / kPiecePx), 1.0, static_cast<double>(kPiecesMax)));
  for (uint32_t i = 0; i < pieces; ++i) use(Between(a, b, static_cast<double>(i) / pieces));
}

// The pixels between two corners and one more on each side, for rounding and for what bends between
// two pieces; those from 0 to `end`.
RectPx Around(PointF low, PointF high, SizePx end) {
  const auto begin_of = [](double value, uint32_t most) {
    return static_cast<uint32_t>(std::clamp(std::floor(value) - 1, 0.0, static_cast<double>(most)));
  };
  const auto end_of = [](double value, uint32_t most) {
    return static_cast<uint32_t>(std::clamp(std::ceil(value) + 1, 0.0, static_cast<double>(most)));
  };
  const uint32_t x = begin_of(low.x, end.width);
  const uint32_t y = begin_of(low.y, end.height);
  return {x, y, end_of(high.x, end.width) - x, end_of(high.y, end.height) - y};
}

// One column of a mask that is looked up in its runs.
class ColumnOfRuns {
 public:
  // Of the runs that end at `ends`, `first` to `last` lie in the column; `top`: where it begins.
  ColumnOfRuns(std::span<const uint64_t> ends, uint32_t first, uint32_t last, uint64_t top)
      : ends_(ends), first_(first), last_(last), top_(top) {}

  uint8_t operator()(uint32_t line) {
    const uint64_t place = top_ + line;
    // Next to each other they mostly lie in the same run.
    if (place < begin_ || place >= end_) {
      const auto begin = ends_.begin();
      const auto run = std::upper_bound(begin + first_, begin + last_, place);
      covered_ = static_cast<uint8_t>((run - begin) & 1);  // the first run is background
      begin_ = run == begin ? 0 : *(run - 1);
      end_ = run == ends_.end() ? begin_ : *run;
    }
    return covered_;
  }

 private:
  std::span<const uint64_t> ends_;
  const uint32_t first_;
  const uint32_t last_;
  const uint64_t top_;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
  uint8_t covered_ = 0;
};

}  // namespace

bool LeavesPicture(const PointMap& map, const ObjectList& from, const Object& mask, SizePx out) {
  const uint32_t height = from.size.height;
  const auto is_outside = [&](uint64_t place) {
    const PointF p = map.Forward(
        {static_cast<double>(place / height) + 0.5, static_cast<double>(place % height) + 0.5});
    return !(p.x >= 0 && p.y >= 0 && p.x <= out.width && p.y <= out.height);
  };
  uint64_t begin = 0;
  const auto runs = from.RunsOf(mask);
  for (size_t i = 0; i < runs.size(); begin += runs[i], ++i) {
    if (i % 2 == 0 || runs[i] == 0) continue;
    // The picture is convex: a straight piece of a column whose ends are inside is inside.
    if (is_outside(begin) || is_outside(begin + runs[i] - 1)) return true;
  }
  return false;
}

void ObjectMover::Move(const PointMap& map, SizePx out, ObjectList* list) {
  if (map.is_identity() && out == list->size) return;
  next_.Clear(out);
  for (Object object : list->objects) {
    if ((object.flags & kObjectDropped) != 0) {
      object.count = 0;
    } else if (object.shape == ObjectShape::kMask) {
      MoveMask(map, *list, &object);
    } else {
      MoveOutline(map, *list, &object);
    }
    next_.objects.push_back(object);
  }
  std::swap(*list, next_);
}

void FollowedObjects::Follow(const OpDraw& draw) {
  mover.Move(draw.op->PointsOf(draw), draw.out, &list);
}

void ObjectMover::ClipToPicture(ObjectList* list) {
  next_.Clear(list->size);
  for (Object object : list->objects) {
    if (object.shape == ObjectShape::kMask) {
      const auto runs = list->RunsOf(object);
      object.first = static_cast<uint32_t>(next_.runs.size());
      next_.runs.insert(next_.runs.end(), runs.begin(), runs.end());
    } else {
      MoveOutline({}, *list, &object);
    }
    next_.objects.push_back(object);
  }
  std::swap(*list, next_);
}

void ObjectMover::MoveOutline(const PointMap& map, const ObjectList& from, Object* object) {
  const auto first = static_cast<uint32_t>(next_.rings.size());
  for (const ObjectRing& ring : from.RingsOf(*object)) {
    const auto points = from.PointsOf(ring);
    ring_.assign(points.begin(), points.end());
    if (!MapRing(map)) {
      // Some of it is behind the horizon: what can be seen of the result comes from this part.
      object->flags |= kObjectClipped;
      ring_.assign(points.begin(), points.end());
      ClipBefore(map);
      if (!MapRing(map)) continue;
    }
    if (ClipRing()) object->flags |= kObjectClipped;
    if (ring_.size() < kRingPointsMin) continue;
    next_.rings.push_back(
        {static_cast<uint32_t>(next_.points.size()), static_cast<uint32_t>(ring_.size())});
    next_.points.insert(next_.points.end(), ring_.begin(), ring_.end());
  }
  object->first = first;
  object->count = static_cast<uint32_t>(next_.rings.size()) - first;
  if (object->count == 0) object->flags |= kObjectDropped;
}

bool ObjectMover::MapRing(const PointMap& map) {
  if (map.keeps_lines()) {
    for (PointF& p : ring_) {
      p = map.Forward(p);
      if (!IsFinite(p)) return false;
    }
    return true;
  }
  cut_.clear();
  bool good = true;
  for (size_t i = 0; i < ring_.size(); ++i) {
    ForPieces(ring_[i], ring_[(i + 1) % ring_.size()], [&](PointF p) {
      cut_.push_back(map.Forward(p));
      good = good && IsFinite(cut_.back());
    });
  }
  std::swap(ring_, cut_);
  return good;
}

void ObjectMover::ClipHalfPlane(double a, double b, double c) {
  const auto distance = [&](PointF p) { return a * p.x + b * p.y + c; };
  cut_.clear();
  for (size_t i = 0; i < ring_.size(); ++i) {
    const PointF p = ring_[i];
    const PointF q = ring_[(i + 1) % ring_.size()];
    const double at_p = distance(p);
    const double at_q = distance(q);
    if (at_p >= 0) cut_.push_back(p);
    if ((at_p < 0) != (at_q < 0)) cut_.push_back(Between(p, q, at_p / (at_p - at_q)));
  }
  std::swap(ring_, cut_);
}

bool ObjectMover::ClipRing() {
  const double width = next_.size.width;
  const double height = next_.size.height;
  bool inside = true;
  bool far = false;
  for (const PointF& p : ring_) {
    const double beyond = std::max({-p.x, -p.y, p.x - width, p.y - height});
    inside = inside && beyond <= 0;
    far = far || beyond > kTracePx;
  }
  if (inside) return false;
  ClipHalfPlane(1, 0, 0);
  ClipHalfPlane(-1, 0, width);
  ClipHalfPlane(0, 1, 0);
  ClipHalfPlane(0, -1, height);
  for (PointF& p : ring_) p = {std::clamp(p.x, 0.0, width), std::clamp(p.y, 0.0, height)};
  return far;
}

void ObjectMover::ClipBefore(const PointMap& map) {
  auto corners = CornersOf(0, 0, next_.size.width, next_.size.height);
  for (PointF& corner : corners) {
    corner = map.Back(corner);
    if (!IsFinite(corner)) return ring_.clear();  // the picture shows the horizon itself
  }
  double twice = 0;
  for (size_t i = 0; i < 4; ++i) {
    const PointF p = corners[i];
    const PointF q = corners[(i + 1) % 4];
    twice += p.x * q.y - q.x * p.y;
  }
  const double side = twice < 0 ? -1 : 1;
  for (size_t i = 0; i < 4; ++i) {
    const PointF p = corners[i];
    const PointF q = corners[(i + 1) % 4];
    ClipHalfPlane(side * (p.y - q.y), side * (q.x - p.x), side * (p.x * q.y - q.x * p.y));
  }
}

RectPx ObjectMover::WindowAfter(const PointMap& map, const RectPx& window) const {
  const auto corners = CornersOf(window.x, window.y, window.x + double{1} * window.width,
                                 window.y + double{1} * window.height);
  PointF low = {HUGE_VAL, HUGE_VAL};
  PointF high = {-HUGE_VAL, -HUGE_VAL};
  bool anywhere = false;
  const auto add = [&](PointF p) {
    const PointF moved = map.Forward(p);
    anywhere = anywhere || !IsFinite(moved);
    low = {std::min(low.x, moved.x), std::min(low.y, moved.y)};
    high = {std::max(high.x, moved.x), std::max(high.y, moved.y)};
  };
  for (size_t i = 0; i < 4; ++i) {
    if (map.keeps_lines()) {
      add(corners[i]);
    } else {
      ForPieces(corners[i], corners[(i + 1) % 4], add);
    }
  }
  const SizePx size = next_.size;
  if (anywhere) return {0, 0, size.width, size.height};
  return Around(low, high, {size.width, size.height});
}

// before_ becomes the pixels of `window`, column after column, as runs have them.
void ObjectMover::DrawBefore(SizePx picture, std::span<const uint32_t> runs, const RectPx& window) {
  before_.assign(size_t{window.width} * window.height, 0);
  const uint64_t first = uint64_t{window.x} * picture.height;
  const uint64_t last = first + uint64_t{window.width} * picture.height;
  uint64_t begin = 0;
  for (size_t i = 0; i < runs.size() && begin < last; begin += runs[i], ++i) {
    if (i % 2 == 0) continue;
    const uint64_t end = std::min(begin + runs[i], last);
    for (uint64_t place = std::max(begin, first); place < end;) {
      const auto column = static_cast<uint32_t>(place / picture.height);
      const uint64_t column_begin = uint64_t{column} * picture.height;
      const uint64_t part_end = std::min(end, column_begin + picture.height);
      const uint64_t top = std::max(place, column_begin + window.y);
      const uint64_t bottom = std::min(part_end, column_begin + window.y + window.height);
      if (top < bottom) {
        const uint64_t row = top - column_begin - window.y;
        std::memset(before_.data() + size_t{column - window.x} * window.height + row, 1,
                    bottom - top);
      }
      place = part_end;
    }
  }
}

// Where the runs of an object end, and which of them each column of `window` begins with.
void ObjectMover::IndexColumns(SizePx picture, std::span<const uint32_t> runs,
                               const RectPx& window) {
  run_ends_.clear();
  uint64_t end = 0;
  for (const uint32_t run : runs) run_ends_.push_back(end += run);
  column_runs_.clear();
  uint32_t run = 0;
  for (uint32_t x = 0; x <= window.width; ++x) {
    const uint64_t top = uint64_t{window.x + x} * picture.height;
    while (run < run_ends_.size() && run_ends_[run] <= top) ++run;
    column_runs_.push_back(run);
  }
}

// after_ becomes the pixels of `after`, row after row; returns how many are covered. `column_of`
// gives what knows, line by line, whether a pixel of a column of `window` is covered.
template <class ColumnOf>
uint64_t ObjectMover::LookUp(const PointMap& map, const RectPx& window, const RectPx& after,
                             ColumnOf&& column_of) {
  // Where the pixel centre came from, counted from the window's edge; outside: at least `count`.
  const auto place = [](double value, uint32_t edge, uint32_t count) {
    const double from_edge = std::floor(value) - edge;
    return from_edge >= 0 && from_edge < count ? static_cast<uint32_t>(from_edge) : count;
  };
  after_.assign(size_t{after.width} * after.height, 0);
  uint64_t covered = 0;
  if (!map.keeps_axes()) {
    for (uint32_t y = 0; y < after.height; ++y) {
      uint8_t* row = after_.data() + size_t{y} * after.width;
      for (uint32_t x = 0; x < after.width; ++x) {
        const PointF p = map.Back({after.x + x + 0.5, after.y + y + 0.5});
        const uint32_t column = place(p.x, window.x, window.width);
        const uint32_t line = place(p.y, window.y, window.height);
        if (column == window.width || line == window.height) continue;
        row[x] = column_of(column)(line);
        covered += row[x];
      }
    }
    return covered;
  }
  lines_.resize(after.height);
  for (uint32_t y = 0; y < after.height; ++y) {
    lines_[y] = place(map.Back({after.x + 0.5, after.y + y + 0.5}).y, window.y, window.height);
  }
  for (uint32_t x = 0; x < after.width; ++x) {
    const double from = map.Back({after.x + x + 0.5, after.y + 0.5}).x;
    const uint32_t column = place(from, window.x, window.width);
    if (column == window.width) continue;
    auto pixels = column_of(column);
    for (uint32_t y = 0; y < after.height; ++y) {
      const uint8_t value = lines_[y] < window.height ? pixels(lines_[y]) : uint8_t{0};
      after_[size_t{y} * after.width + x] = value;
      covered += value;
    }
  }
  return covered;
}

// Appends to next_.runs what the mask becomes; returns how many runs, 0: none of it is covered.
template <class ColumnOf>
uint32_t ObjectMover::AppendMoved(const PointMap& map, const RectPx& window, const RectPx& after,
                                  ColumnOf&& column_of) {
  const size_t first = next_.runs.size();
  RunAppender appender(next_.size, &next_.runs);
  const auto columns =
      static_cast<uint32_t>(std::max<size_t>(kPlaneBytesMax / std::max(after.height, 1u), 1));
  uint64_t covered = 0;
  for (uint32_t x = 0; x < after.width; x += columns) {
    const RectPx band = {after.x + x, after.y, std::min(columns, after.width - x), after.height};
    covered += LookUp(map, window, band, column_of);
    appender.Add(band, after_);
  }
  if (covered > 0) return appender.Finish();
  next_.runs.resize(first);
  return 0;
}

// The part of `window` that can be seen in next_.
RectPx ObjectMover::Needed(const PointMap& map, const RectPx& window) const {
  if (!map.keeps_lines()) return window;
  PointF low = {HUGE_VAL, HUGE_VAL};
  PointF high = {-HUGE_VAL, -HUGE_VAL};
  for (const PointF& corner : CornersOf(0, 0, next_.size.width, next_.size.height)) {
    const PointF p = map.Back(corner);
    if (!IsFinite(p)) return window;
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  return Common(window, Around(low, high, {window.x + window.width, window.y + window.height}));
}

void ObjectMover::MoveMask(const PointMap& map, const ObjectList& from, Object* object) {
  const RectPx bounds = BoundsOf(from, *object);
  const auto drop = [&] {
    object->count = 0;
    object->flags |= kObjectDropped;
  };
  if (bounds.width == 0) return drop();
  const RectPx window = Needed(map, bounds);
  if (window.width == 0 || window.height == 0) return drop();
  const RectPx after = WindowAfter(map, window);
  if (after.width == 0 || after.height == 0) return drop();
  const auto first = static_cast<uint32_t>(next_.runs.size());
  uint32_t count = 0;
  if (size_t{window.width} * window.height <= kPlaneBytesMax) {
    DrawBefore(from.size, from.RunsOf(*object), window);
    count = AppendMoved(map, window, after,
                        [plane = before_.data(), height = window.height](uint32_t column) {
                          const uint8_t* pixels = plane + size_t{column} * height;
                          return [pixels](uint32_t line) { return pixels[line]; };
                        });
  } else {
    IndexColumns(from.size, from.RunsOf(*object), window);
    count = AppendMoved(map, window, after, [&](uint32_t column) {
      const uint64_t top = uint64_t{window.x + column} * from.size.height + window.y;
      return ColumnOfRuns(run_ends_, column_runs_[column], column_runs_[column + 1], top);
    });
  }
  if (count == 0) return drop();
  if (LeavesPicture(map, from, *object, next_.size)) object->flags |= kObjectClipped;
  object->first = first;
  object->count = count;
}

}  // namespace headrace::loader
