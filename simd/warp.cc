#include "simd/warp.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "simd/nearest_walk.h"
#include "simd/reference_warp.h"
#include "simd/warp_exact.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/warp.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/warp_nearest-inl.h"
#include "simd/warp_taps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void AffineOnTarget(const ConstImageView& source, const AffineMatrix& m,
                    Interpolation interpolation, const FillColour& fill, const ImageView& target) {
  reference::WarpAffine(source, m, interpolation, fill, target);
}

#else

void NearestAffine(const ConstImageView& source, const AffineMatrix& m, const FillColour& fill,
                   const ImageView& target) {
  if (m[1] == 0 && m[3] == 0) {
    return CopyGrid(source, CentreWalk(m[0], m[2], source.width),
                    CentreWalk(m[4], m[5], source.height), fill, target);
  }
  if (FixedAffine::Fits(m, target.size()) && BytesSpanned(source) < (uint64_t{1} << 31)) {
    const FixedAffine f(m);
    const FixedLine x = {f.x0, f.x_per_column, f.x_per_row};
    const FixedLine y = {f.y0, f.y_per_column, f.y_per_row};
    if (x.Fits(target.size()) && y.Fits(target.size())) {
      const FillPattern pattern(fill, source.channels);
      return source.channels == 1 ? NearestFixedOf<1>(source, x, y, pattern, target)
                                  : NearestFixedOf<3>(source, x, y, pattern, target);
    }
  }
  reference::WarpAffine(source, m, Interpolation::kNearest, fill, target);
}

bool IsWhole(double v) { return std::fabs(v) < 0x1p31 && v == std::floor(v); }

// Whether coordinates are multiples of 1 / steps, such as those of quarter turns and whole shifts:
// with few steps nothing is rounded, neither in f64 nor in f32.
bool IsCoarse(const AffineMatrix& m, double steps) {
  for (size_t i = 0; i < m.size(); ++i) {
    if (!IsWhole(m[i] * (i % 3 == 2 ? steps : steps / 2))) return false;
  }
  return true;
}

// Whether every column of the target comes from the middle of a source column.
bool KeepsColumns(const AffineMatrix& m) {
  return m[1] == 0 && IsWhole(m[0]) && IsWhole(m[0] * 0.5 + m[2] - 0.5);
}

bool IsWholeShift(const AffineMatrix& m) {
  return m[0] == 1 && m[1] == 0 && m[3] == 0 && m[4] == 1 && IsWhole(m[2]) && IsWhole(m[5]);
}

// chunk(places, x, count, to) for the parts of target rows that are inside, row by row.
template <class Chunk>
HWY_INLINE void ForChunks(const ConstImageView& source, const AffineMatrix& m,
                          const FillColour& fill, const ImageView& target, const Chunk& chunk) {
  const FillPattern pattern(fill, source.channels);
  const double per_m0 = 1 / m[0];
  const double per_m3 = 1 / m[3];
  for (uint32_t y = 0; y < target.height; ++y) {
    const AffineRow places(m, y);
    uint8_t* row = target.Row(y);
    const Columns inside = Common(ColumnsInside(target.width, m[0], per_m0, source.width,
                                                [&](uint32_t x) { return places.X(x); }),
                                  ColumnsInside(target.width, m[3], per_m3, source.height,
                                                [&](uint32_t x) { return places.Y(x); }));
    pattern.Run(row, 0, inside.begin);
    for (uint32_t x = inside.begin; x < inside.end; x += kChunkPx) {
      chunk(places, x, std::min(inside.end - x, kChunkPx), row + size_t{x} * source.channels);
    }
    pattern.Run(row, inside.end, target.width);
  }
}

template <size_t kChannels>
void BilinearAffine(const ConstImageView& source, const AffineMatrix& m, const FillColour& fill,
                    const ImageView& target) {
  const TapSource pixels(source);
  const bool is_fixed =
      std::fabs(m[0]) < FixedAxis::kStepMax && std::fabs(m[3]) < FixedAxis::kStepMax;
  const Rounding rounding = {.guard = IsCoarse(m, 128) ? 0 : kBilinearGuard,
                             .floors = is_fixed ? Floors::kNear : Floors::kExact};
  const bool keeps_columns = rounding.guard > 0 && KeepsColumns(m);
  const AxisTaps across(source.width);
  const AxisTaps down(source.height);
  FixedAxis fixed_across(is_fixed ? m[0] : 0.0, source.width);
  FixedAxis fixed_down(is_fixed ? m[3] : 0.0, source.height);
  const size_t stride = source.stride_bytes;
  BilinearRoom room;
  LineRoom lines;
  const auto chunk = [&](const AffineRow& places, uint32_t x, uint32_t count,
                         uint8_t* to) HWY_ATTR {
    const auto get = [&](uint32_t, VReal at, VReal* at_x, VReal* at_y)
                         HWY_ATTR { places.Get(at, at_x, at_y); };
    const bool keeps_rows = m[3] == 0 && rounding.guard > 0 && IsWhole(places.Y(x) - 0.5);
    if (keeps_columns || keeps_rows) {
      const Axis axis = keeps_rows ? Axis::kAcross : Axis::kDown;
      const int32_t last =
          LineTaps<kChannels>(across, down, axis, stride, x, count, &room, &lines, get);
      FetchTaps<kChannels>(keeps_rows ? TapSource::OneRow(pixels) : pixels, count, last, &room);
      return BlendLines<kChannels>(room, lines, axis, count, to);
    }
    int32_t last;
    if (is_fixed) {
      const uint32_t end = x + count - 1;
      const bool inner_x = fixed_across.Start(places.X(x), places.X(end));
      const bool inner_y = fixed_down.Start(places.Y(x), places.Y(end));
      last = inner_x && inner_y
                 ? FixedTaps<kChannels, true>(fixed_across, fixed_down, stride, count, &room)
                 : FixedTaps<kChannels, false>(fixed_across, fixed_down, stride, count, &room);
    } else {
      last = RealTaps<kChannels>(across, down, stride, x, count, &room, get);
    }
    FetchTaps<kChannels>(pixels, count, last, &room);
    BlendChunk<kChannels>(room, count, rounding, to, [&](size_t i, uint8_t* pixel) {
      const auto at = x + static_cast<uint32_t>(i);
      ExactBilinear(source, {places.X(at), places.Y(at)}, pixel);
    });
  };
  ForChunks(source, m, fill, target, chunk);
}

template <size_t kChannels>
void BicubicAffine(const ConstImageView& source, const AffineMatrix& m, const FillColour& fill,
                   const ImageView& target) {
  const AxisTaps across(source.width);
  const AxisTaps down(source.height);
  const int32_t guard = IsCoarse(m, 4) ? 0 : kBicubicGuard;
  BicubicRoom room;
  const auto chunk = [&](const AffineRow& places, uint32_t x, uint32_t count,
                         uint8_t* to) HWY_ATTR {
    SquareTaps(across, down, x, count, &room,
               [&](uint32_t, VReal at, VReal* at_x, VReal* at_y)
                   HWY_ATTR { places.Get(at, at_x, at_y); });
    FetchSquares<kChannels>(source, count, &room);
    BlendSquares<kChannels>(room, count, guard, to, [&](size_t i, uint8_t* pixel) {
      const auto at = x + static_cast<uint32_t>(i);
      ExactBicubic(source, {places.X(at), places.Y(at)}, pixel);
    });
  };
  ForChunks(source, m, fill, target, chunk);
}

void AffineOnTarget(const ConstImageView& source, const AffineMatrix& m,
                    Interpolation interpolation, const FillColour& fill, const ImageView& target) {
  if (interpolation == Interpolation::kNearest || IsWholeShift(m)) {
    return NearestAffine(source, m, fill, target);
  }
  // Sums of larger numbers might be no number.
  const bool is_tame = std::all_of(m.begin(), m.end(), [](double v) { return std::fabs(v) < 1e9; });
  const bool is_grey = source.channels == 1;
  if (is_tame && interpolation == Interpolation::kBicubic) {
    return is_grey ? BicubicAffine<1>(source, m, fill, target)
                   : BicubicAffine<3>(source, m, fill, target);
  }
  if (is_tame && TapSource::Takes(source)) {
    return is_grey ? BilinearAffine<1>(source, m, fill, target)
                   : BilinearAffine<3>(source, m, fill, target);
  }
  reference::WarpAffine(source, m, interpolation, fill, target);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(AffineOnTarget);

}  // namespace

void WarpAffine(const ConstImageView& source, const AffineMatrix& m, Interpolation interpolation,
                const FillColour& fill, const ImageView& target) {
  HR_DCHECK(source.channels == target.channels);
  HR_DCHECK(source.width > 0 && source.height > 0 && target.width > 0 && target.height > 0);
  HWY_DYNAMIC_DISPATCH(AffineOnTarget)(source, m, interpolation, fill, target);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
