#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "simd/reference_warp.h"
#include "simd/warp.h"
#include "simd/warp_exact.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/warp_perspective.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/warp_taps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void PerspectiveOnTarget(const ConstImageView& source, const PerspectiveCoefficients& c,
                         Interpolation interpolation, const FillColour& fill,
                         const ImageView& target) {
  reference::WarpPerspective(source, c, interpolation, fill, target);
}

#else

// The places of a chunk and which of them are inside, by PlaceOf's own arithmetic.
class ChunkPlaces {
 public:
  ChunkPlaces(const PerspectiveRow& row, SizePx size, uint32_t x, uint32_t count) {
    const DReal d;
    const VReal width = hn::Set(d, static_cast<double>(size.width));
    const VReal height = hn::Set(d, static_cast<double>(size.height));
    ForHalves(x, count, [&](uint32_t i, VReal at) HWY_ATTR {
      VReal at_x, at_y;
      row.Get(at, &at_x, &at_y);
      hn::Store(at_x, d, x_ + i);
      hn::Store(at_y, d, y_ + i);
      const VReal zero = hn::Zero(d);
      const auto inside = hn::And(hn::And(hn::Ge(at_x, zero), hn::Lt(at_x, width)),
                                  hn::And(hn::Ge(at_y, zero), hn::Lt(at_y, height)));
      const auto number = hn::And(hn::Eq(at_x, at_x), hn::Eq(at_y, at_y));
      inside_ |= Bits(inside) << i;
      numbers_ |= Bits(number) << i;
    });
    wanted_ = ~uint64_t{0} >> (64 - count);
  }
  // Whether a place is no number.
  bool is_undefined() const { return (numbers_ & wanted_) != wanted_; }
  bool all_inside() const { return (inside_ & wanted_) == wanted_; }
  uint64_t inside() const { return inside_ & wanted_; }
  double x(size_t i) const { return x_[i]; }
  double y(size_t i) const { return y_[i]; }
  // Of lanes i and up.
  HWY_INLINE void Get(uint32_t i, VReal* x, VReal* y) const {
    *x = hn::Load(DReal(), x_ + i);
    *y = hn::Load(DReal(), y_ + i);
  }

 private:
  static HWY_INLINE uint64_t Bits(hn::Mask<DReal> mask) {
    uint8_t bits[8] = {};
    hn::StoreMaskBits(DReal(), mask, bits);
    return bits[0];
  }
  HWY_ALIGN double x_[kChunkPx];
  HWY_ALIGN double y_[kChunkPx];
  uint64_t inside_ = 0;
  uint64_t numbers_ = 0;
  uint64_t wanted_;
};
static_assert(kChunkPx == 64, "a bit each");

// Draws chunks one after the other with one interpolation.
template <size_t kChannels>
class Painter {
 public:
  Painter(const ConstImageView& source, Interpolation interpolation)
      : source_(source),
        interpolation_(interpolation),
        pixels_(source),
        across_(source.width),
        down_(source.height) {}

  // Pixels that are outside get anything.
  HWY_INLINE void Run(const ChunkPlaces& places, uint32_t count, uint8_t* to) {
    const auto get = [&](uint32_t i, VReal, VReal* x, VReal* y) HWY_ATTR { places.Get(i, x, y); };
    if (interpolation_ == Interpolation::kNearest) return Nearest(places, count, to);
    if (interpolation_ == Interpolation::kBicubic) {
      SquareTaps(across_, down_, 0, count, &squares_, get);
      FetchSquares<kChannels>(source_, count, &squares_);
      BlendSquares<kChannels>(squares_, count, kBicubicGuard, to, [&](size_t i, uint8_t* pixel) {
        ExactBicubic(source_, Known(places, i), pixel);
      });
      return;
    }
    const int32_t last =
        RealTaps<kChannels>(across_, down_, source_.stride_bytes, 0, count, &pairs_, get);
    FetchTaps<kChannels>(pixels_, count, last, &pairs_);
    BlendChunk<kChannels>(pairs_, count, {kBilinearGuard}, to, [&](size_t i, uint8_t* pixel) {
      ExactBilinear(source_, Known(places, i), pixel);
    });
  }

 private:
  HWY_INLINE void Nearest(const ChunkPlaces& places, uint32_t count, uint8_t* to) {
    const DHalfInt d;
    auto last = hn::Zero(d);
    HWY_ALIGN int32_t offsets[kChunkPx];
    ForHalves(0, count, [&](uint32_t i, VReal) HWY_ATTR {
      VReal x, y;
      places.Get(i, &x, &y);
      // Those that are outside get an offset too, though another pixel's.
      const auto column = Index(x, source_.width);
      const auto line = Index(y, source_.height);
      const auto bytes = hn::Mul(column, hn::Set(d, static_cast<int32_t>(kChannels)));
      const auto rows = hn::Set(d, static_cast<int32_t>(source_.stride_bytes));
      const auto offset = hn::Add(hn::Mul(line, rows), bytes);
      last = hn::Max(last, offset);
      hn::Store(offset, d, offsets + i);
    });
    if (hn::GetLane(hn::MaxOfLanes(d, last)) + int64_t{4} <= pixels_.bytes) {
      CopyPixels<kChannels, Reach::kFour>(source_.data, offsets, count, to);
    } else {
      CopyPixels<kChannels, Reach::kExact>(source_.data, offsets, count, to);
    }
  }
  static HWY_INLINE hn::Vec<DHalfInt> Index(VReal v, uint32_t size_px) {
    const DReal d;
    const VReal last = hn::Set(d, static_cast<double>(size_px) - 1);
    // Truncated, which for a place that is inside is below the size.
    return hn::DemoteTo(DHalfInt(), hn::Min(hn::Max(v, hn::Zero(d)), last));
  }
  // The place itself, or any place that is inside.
  static Place Known(const ChunkPlaces& places, size_t i) {
    return (places.inside() >> i & 1) != 0 ? Place{places.x(i), places.y(i)} : Place{0.5, 0.5};
  }

  ConstImageView source_;
  Interpolation interpolation_;
  TapSource pixels_;
  AxisTaps across_;
  AxisTaps down_;
  BilinearRoom pairs_;
  BicubicRoom squares_;
};

template <size_t kChannels>
void PerspectiveOf(const ConstImageView& source, const PerspectiveCoefficients& c,
                   Interpolation interpolation, const FillColour& fill, const ImageView& target) {
  const FillPattern pattern(fill, kChannels);
  Painter<kChannels> painter(source, interpolation);
  uint8_t pixels[kChunkPx * kChannels];
  for (uint32_t y = 0; y < target.height; ++y) {
    const PerspectiveRow row(c, y);
    uint8_t* line = target.Row(y);
    for (uint32_t x = 0; x < target.width; x += kChunkPx) {
      const uint32_t count = std::min(target.width - x, kChunkPx);
      const ChunkPlaces places(row, source.size(), x, count);
      uint8_t* to = line + size_t{x} * kChannels;
      if (places.is_undefined()) {
        reference::PerspectivePixels(source, c, interpolation, fill, {x, y, count, 1},
                                     target.Crop({x, y, count, 1}));
      } else if (places.all_inside()) {
        painter.Run(places, count, to);
      } else if (places.inside() == 0) {
        pattern.Run(to, 0, count);
      } else {
        painter.Run(places, count, pixels);
        pattern.Run(to, 0, count);
        for (uint64_t left = places.inside(); left != 0; left &= left - 1) {
          const auto i = static_cast<size_t>(std::countr_zero(left));
          std::memcpy(to + i * kChannels, pixels + i * kChannels, kChannels);
        }
      }
    }
  }
}

void PerspectiveOnTarget(const ConstImageView& source, const PerspectiveCoefficients& c,
                         Interpolation interpolation, const FillColour& fill,
                         const ImageView& target) {
  const bool takes = interpolation == Interpolation::kBicubic || TapSource::Takes(source);
  if (!takes) {
    return reference::WarpPerspective(source, c, interpolation, fill, target);
  }
  if (source.channels == 1) {
    PerspectiveOf<1>(source, c, interpolation, fill, target);
  } else {
    PerspectiveOf<3>(source, c, interpolation, fill, target);
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(PerspectiveOnTarget);

}  // namespace

void WarpPerspective(const ConstImageView& source, const PerspectiveCoefficients& c,
                     Interpolation interpolation, const FillColour& fill, const ImageView& target) {
  HR_DCHECK(source.channels == target.channels);
  HR_DCHECK(source.width > 0 && source.height > 0 && target.width > 0 && target.height > 0);
  HWY_DYNAMIC_DISPATCH(PerspectiveOnTarget)(source, c, interpolation, fill, target);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
