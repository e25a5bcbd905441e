#include "simd/hue.h"

#include <cmath>

#include "base/check.h"
#include "simd/reference_hue.h"
#include "simd/vbmi.h"
#include "simd/vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/hue.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/channels-inl.h"
#include "simd/hue_bytes-inl.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void ShiftHueOnTarget(const ConstImageView& source, uint8_t steps, const ImageView& target) {
  reference::ShiftHue(source, steps, target);
}
void ShiftHueFloatOnTarget(const ConstImageView& source, float turns, const ImageView& target) {
  reference::ShiftHueFloat(source, turns, target);
}

#else

constexpr size_t kThree = 3 * kVectorBytes;

template <class Pixels, class ReciprocalsOf>
void ShiftHueBy(const ConstImageView& source, uint8_t steps, const ImageView& target) {
  const Pixels pixels;
  const ReciprocalsOf reciprocals_of;
  const HueOfPixels hue_of;
  const V8 shift = hn::Set(D8(), steps);
  MapPicture<kThree>(source, target, [&](const uint8_t* from, uint8_t* to) HWY_ATTR {
    V8 rgb[3];
    pixels.Load(from, rgb);
    HueParts parts = hue_of(rgb, reciprocals_of);
    parts.hue = hn::Add(parts.hue, shift);
    PixelsOfHue(parts, rgb);
    pixels.Store(rgb, to);
  });
}

void ShiftHueOnTarget(const ConstImageView& source, uint8_t steps, const ImageView& target) {
#if HEADRACE_HAVE_VBMI
  if (UseVnni() && UseVbmi()) {
    return ShiftHueBy<PixelsByVbmi, ReciprocalsByVbmi>(source, steps, target);
  }
#endif
  ShiftHueBy<PixelsByBlocks, ReciprocalsByDivision>(source, steps, target);
}

// ------------------------------------------------------------------ in floats

// A lane is a pixel.
class TurnLanes {
 public:
  explicit TurnLanes(float turns) : turns_(hn::Set(DF(), turns)) {}

  HWY_INLINE void operator()(V32 r, V32 g, V32 b, V32* rgb) const {
    const D32 d;
    const DF df;
    const V32 smallest = hn::Min(hn::Min(r, g), b);
    const V32 largest = hn::Max(hn::Max(r, g), b);
    const V32 middle = hn::Max(hn::Min(r, g), hn::Min(hn::Max(r, g), b));
    const auto is_r = hn::Eq(r, largest);
    const auto is_g = hn::Eq(g, largest);
    const auto choose = [d](auto mask, int yes, int no) HWY_ATTR {
      return hn::IfThenElse(mask, hn::Set(d, yes), hn::Set(d, no));
    };
    const V32 sextant = hn::IfThenElse(
        is_r, choose(hn::Lt(g, b), 5, 0),
        hn::IfThenElse(is_g, choose(hn::Lt(r, b), 2, 1), choose(hn::Lt(g, r), 4, 3)));
    const auto falls = hn::Eq(hn::And(sextant, hn::Set(d, 1)), hn::Set(d, 1));
    const V32 along = hn::IfThenElse(falls, hn::Sub(largest, middle), hn::Sub(middle, smallest));
    const VF range = hn::ConvertTo(df, hn::Sub(largest, smallest));
    const VF most = hn::ConvertTo(df, largest);
    const auto is_gray = hn::Eq(smallest, largest);
    const VF zero = hn::Zero(df);
    const VF one = hn::Set(df, 1);

    VF hue = hn::Add(hn::ConvertTo(df, sextant), hn::Div(hn::ConvertTo(df, along), range));
    hue = hn::Mul(hue, hn::Set(df, 1.0f / 6.0f));
    hue = hn::IfThenElse(hn::RebindMask(df, is_gray), zero, hue);
    const VF s = hn::IfThenElse(hn::RebindMask(df, is_gray), zero, hn::Div(range, most));
    hue = hn::Add(hue, turns_);
    const VF sixfold = hn::Mul(hn::Sub(hue, hn::Floor(hue)), hn::Set(df, 6));
    const VF whole = hn::Floor(sixfold);
    const VF rest = hn::Sub(sixfold, whole);
    // 6 is 0 again.
    const V32 at = hn::ConvertTo(d, whole);
    const auto odd = hn::Eq(hn::And(at, hn::Set(d, 1)), hn::Set(d, 1));
    const VF weight = hn::IfThenElse(hn::RebindMask(df, odd), rest, hn::Sub(one, rest));
    const VF v = hn::Mul(most, hn::Set(df, 255.999f / 255.0f));
    const V32 top = hn::ConvertTo(d, v);
    const V32 bottom = hn::ConvertTo(d, hn::Mul(v, hn::Sub(one, s)));
    const V32 between = hn::ConvertTo(d, hn::Mul(v, hn::Sub(one, hn::Mul(s, weight))));
    // Twice round the circle from 0, so that the three channels are the same function of it.
    const auto value = [&](int later) HWY_ATTR {
      V32 place = hn::Add(at, hn::Set(d, later));
      place = hn::Sub(place, hn::IfThenElseZero(hn::Gt(place, hn::Set(d, 5)), hn::Set(d, 6)));
      const auto is_top = hn::Or(hn::Lt(place, hn::Set(d, 1)), hn::Gt(place, hn::Set(d, 4)));
      const auto is_bottom = hn::Or(hn::Eq(place, hn::Set(d, 2)), hn::Eq(place, hn::Set(d, 3)));
      return hn::IfThenElse(is_top, top, hn::IfThenElse(is_bottom, bottom, between));
    };
    rgb[0] = value(0);
    rgb[1] = value(4);
    rgb[2] = value(2);
  }

 private:
  VF turns_;
};

template <class Pixels>
void ShiftHueFloatBy(const ConstImageView& source, float turns, const ImageView& target) {
  const Pixels pixels;
  const TurnLanes turn(turns);
  MapPicture<kThree>(source, target, [&](const uint8_t* from, uint8_t* to) HWY_ATTR {
    const DU32 d;
    const D32 di;
    const auto low = hn::Set(d, 0xFF);
    V8 rgb[3];
    pixels.Load(from, rgb);
    hn::Vec<DU32> found[3] = {hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    for (int byte = 0; byte < 4; ++byte) {
      V32 lanes[3];
      for (size_t c = 0; c < 3; ++c) {
        const auto shifted = hn::ShiftRightSame(hn::BitCast(d, rgb[c]), 8 * byte);
        lanes[c] = hn::BitCast(di, hn::And(shifted, low));
      }
      turn(lanes[0], lanes[1], lanes[2], lanes);
      for (size_t c = 0; c < 3; ++c) {
        found[c] = hn::Or(found[c], hn::ShiftLeftSame(hn::BitCast(d, lanes[c]), 8 * byte));
      }
    }
    for (size_t c = 0; c < 3; ++c) rgb[c] = hn::BitCast(D8(), found[c]);
    pixels.Store(rgb, to);
  });
}

void ShiftHueFloatOnTarget(const ConstImageView& source, float turns, const ImageView& target) {
#if HEADRACE_HAVE_VBMI
  if (UseVnni() && UseVbmi()) return ShiftHueFloatBy<PixelsByVbmi>(source, turns, target);
#endif
  ShiftHueFloatBy<PixelsByBlocks>(source, turns, target);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(ShiftHueOnTarget);
HWY_EXPORT(ShiftHueFloatOnTarget);

}  // namespace

void ShiftHue(const ConstImageView& source, uint8_t steps, const ImageView& target) {
  HR_DCHECK(AreAlike(source, target));
  HR_DCHECK(source.channels == 1 || source.channels == 3);
  if (source.channels == 1) return CopyPixels(source, target);
  HWY_DYNAMIC_DISPATCH(ShiftHueOnTarget)(source, steps, target);
}

uint8_t HueSteps(double turns) {
  HR_DCHECK(std::abs(turns) <= 1);
  return static_cast<uint8_t>(static_cast<int>(turns * 255));
}

void ShiftHueFloat(const ConstImageView& source, float turns, const ImageView& target) {
  HR_DCHECK(AreAlike(source, target));
  HR_DCHECK(source.channels == 1 || source.channels == 3);
  HR_DCHECK(std::abs(turns) <= 1);
  if (source.channels == 1) return CopyPixels(source, target);
  HWY_DYNAMIC_DISPATCH(ShiftHueFloatOnTarget)(source, turns, target);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
