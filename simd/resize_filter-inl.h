// The resize filters on vectors of f64. Each operation and its order are those of
// resize_weights.cc, whose results these equal bit for bit. Included once per target.
#if defined(HEADRACE_SIMD_RESIZE_FILTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_RESIZE_FILTER_INL_H_
#undef HEADRACE_SIMD_RESIZE_FILTER_INL_H_
#else
#define HEADRACE_SIMD_RESIZE_FILTER_INL_H_
#endif

#include <cstddef>
#include <numbers>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Outputs of which the weights are made at once: one for each 32-bit lane.
#if HWY_TARGET == HWY_SCALAR
constexpr size_t kChunk = 1;
constexpr size_t kF64 = 1;
#else
constexpr size_t kChunk = HWY_MAX_BYTES / 4;
constexpr size_t kF64 = kChunk / 2;
#endif
using DF64 = hn::FixedTag<double, kF64>;
using VF64 = hn::Vec<DF64>;

HWY_INLINE VF64 Real(double x) { return hn::Set(DF64(), x); }

// a + x * b
HWY_INLINE VF64 Horner(double a, VF64 x, VF64 b) { return hn::Add(Real(a), hn::Mul(x, b)); }

HWY_INLINE VF64 SinQuarterOf(VF64 x, VF64 low) {
  const VF64 z = hn::Mul(x, x);
  VF64 tail = Real(1.58969099521155010221e-10);
  tail = Horner(-2.50507602534068634195e-08, z, tail);
  tail = Horner(2.75573137070700676789e-06, z, tail);
  tail = Horner(-1.98412698298579493134e-04, z, tail);
  tail = Horner(8.33333333332248946124e-03, z, tail);
  const VF64 cube = hn::Mul(z, x);
  const VF64 half_low = hn::Sub(hn::Mul(Real(0.5), low), hn::Mul(cube, tail));
  const VF64 rest =
      hn::Sub(hn::Sub(hn::Mul(z, half_low), low), hn::Mul(cube, Real(-1.66666666666666324348e-01)));
  return hn::Sub(x, rest);
}

HWY_INLINE VF64 CosQuarterOf(VF64 x, VF64 low) {
  const VF64 z = hn::Mul(x, x);
  VF64 tail = Real(-1.13596475577881948265e-11);
  tail = Horner(2.08757232129817482790e-09, z, tail);
  tail = Horner(-2.75573143513906633035e-07, z, tail);
  tail = Horner(2.48015872894767294178e-05, z, tail);
  tail = Horner(-1.38888888888741095749e-03, z, tail);
  tail = Horner(4.16666666666666019037e-02, z, tail);
  tail = hn::Mul(z, tail);
  const VF64 one = Real(1.0);
  const VF64 half = hn::Mul(Real(0.5), z);
  const VF64 rounded = hn::Sub(one, half);
  const VF64 lost = hn::Sub(hn::Sub(one, rounded), half);
  return hn::Add(rounded, hn::Add(lost, hn::Sub(hn::Mul(z, tail), hn::Mul(x, low))));
}

// Sine and cosine of x: RealSin and RealCos.
struct SineAndCosine {
  VF64 sine;
  VF64 cosine;
};
HWY_INLINE SineAndCosine SineAndCosineOf(VF64 x) {
  const VF64 zero = hn::Zero(DF64());
  const VF64 turns = hn::Mul(x, Real(2.0 / std::numbers::pi));
  const VF64 quadrant = hn::Trunc(
      hn::IfThenElse(hn::Lt(turns, zero), hn::Sub(turns, Real(0.5)), hn::Add(turns, Real(0.5))));
  const VF64 rest = hn::Sub(x, hn::Mul(quadrant, Real(1.57079632673412561417e+00)));
  const VF64 correction = hn::Mul(quadrant, Real(6.07710050650619224932e-11));
  const VF64 high = hn::Sub(rest, correction);
  const VF64 low = hn::Sub(hn::Sub(rest, high), correction);
  const VF64 sine = SinQuarterOf(high, low);
  const VF64 cosine = CosQuarterOf(high, low);
  // 0 to 3, also for negative quadrants.
  const VF64 q = hn::Sub(quadrant, hn::Mul(Real(4.0), hn::Floor(hn::Mul(quadrant, Real(0.25)))));
  const auto is_odd = hn::Or(hn::Eq(q, Real(1.0)), hn::Eq(q, Real(3.0)));
  const auto is_upper = hn::Ge(q, Real(2.0));
  const auto is_middle = hn::Or(hn::Eq(q, Real(1.0)), hn::Eq(q, Real(2.0)));
  const VF64 s = hn::IfThenElse(is_odd, cosine, sine);
  const VF64 c = hn::IfThenElse(is_odd, sine, cosine);
  return {hn::IfThenElse(is_upper, hn::Neg(s), s), hn::IfThenElse(is_middle, hn::Neg(c), c)};
}

HWY_INLINE VF64 SincOf(VF64 x) {
  const VF64 zero = hn::Zero(DF64());
  const auto is_zero = hn::Eq(x, zero);
  const VF64 turned = hn::Mul(x, Real(std::numbers::pi));
  const VF64 quotient = hn::Div(SineAndCosineOf(turned).sine, turned);
  return hn::IfThenElse(is_zero, Real(1.0), quotient);
}

struct BoxFilter {
  static HWY_INLINE VF64 At(VF64 x) {
    return hn::IfThenElseZero(hn::And(hn::Gt(x, Real(-0.5)), hn::Le(x, Real(0.5))), Real(1.0));
  }
};

struct BilinearFilter {
  static HWY_INLINE VF64 At(VF64 x) {
    return hn::Max(hn::Sub(Real(1.0), hn::Abs(x)), hn::Zero(DF64()));
  }
};

struct HammingFilter {
  static HWY_INLINE VF64 At(VF64 x) {
    x = hn::Abs(x);
    const VF64 turned = hn::Mul(x, Real(std::numbers::pi));
    const SineAndCosine of = SineAndCosineOf(turned);
    const VF64 window = hn::Add(Real(double{0.54f}), hn::Mul(Real(double{0.46f}), of.cosine));
    const VF64 value = hn::Mul(hn::Div(of.sine, turned), window);
    const VF64 inside = hn::IfThenElseZero(hn::Lt(x, Real(1.0)), value);
    return hn::IfThenElse(hn::Eq(x, hn::Zero(DF64())), Real(1.0), inside);
  }
};

struct BicubicFilter {
  static HWY_INLINE VF64 At(VF64 x) {
    constexpr double kA = -0.5;
    x = hn::Abs(x);
    VF64 inner = hn::Sub(hn::Mul(Real(kA + 2.0), x), Real(kA + 3.0));
    inner = hn::Add(hn::Mul(hn::Mul(inner, x), x), Real(1.0));
    VF64 outer = hn::Add(hn::Mul(hn::Sub(x, Real(5.0)), x), Real(8.0));
    outer = hn::Mul(hn::Sub(hn::Mul(outer, x), Real(4.0)), Real(kA));
    outer = hn::IfThenElseZero(hn::Lt(x, Real(2.0)), outer);
    return hn::IfThenElse(hn::Lt(x, Real(1.0)), inner, outer);
  }
};

struct LanczosFilter {
  static HWY_INLINE VF64 At(VF64 x) {
    const VF64 value = hn::Mul(SincOf(x), SincOf(hn::Div(x, Real(3.0))));
    return hn::IfThenElseZero(hn::And(hn::Ge(x, Real(-3.0)), hn::Lt(x, Real(3.0))), value);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_RESIZE_FILTER_INL_H_
