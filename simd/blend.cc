#include "simd/blend.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/blend.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/half-inl.h"
#include "simd/reference.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void BlendOnTarget(Dtype dtype, void* inout, const void* other, float lam, size_t count) {
  reference::BlendInPlace(dtype, inout, other, lam, count);
}

#else

// Two products and a sum; the build keeps the compiler from fusing them.
HWY_INLINE VF Mixed(VF a, VF b, VF lam, VF rest) {
  return hn::Add(hn::Mul(a, lam), hn::Mul(b, rest));
}

struct BlendF32 {
  using Element = float;
  static constexpr size_t kStep = kLanes;
  static HWY_INLINE void Run(float* inout, const float* other, VF lam, VF rest) {
    const DF d;
    hn::StoreU(Mixed(hn::LoadU(d, inout), hn::LoadU(d, other), lam, rest), d, inout);
  }
};

struct BlendF16 {
  using Element = uint16_t;
  static constexpr size_t kStep = kLanes;
  static HWY_INLINE void Run(uint16_t* inout, const uint16_t* other, VF lam, VF rest) {
    const DHalf d;
    const VF mixed =
        Mixed(FloatOfHalves(hn::LoadU(d, inout)), FloatOfHalves(hn::LoadU(d, other)), lam, rest);
    hn::StoreU(HalfOfFloats(mixed), d, inout);
  }
};

struct BlendBF16 {
  using Element = uint16_t;
  static constexpr size_t kStep = kLanes;
  static HWY_INLINE void Run(uint16_t* inout, const uint16_t* other, VF lam, VF rest) {
    const DHalf d;
    const VF mixed = Mixed(FloatOfBfloat16s(hn::LoadU(d, inout)),
                           FloatOfBfloat16s(hn::LoadU(d, other)), lam, rest);
    hn::StoreU(Bfloat16OfFloats(mixed), d, inout);
  }
};

struct BlendU8 {
  using Element = uint8_t;
  static constexpr size_t kStep = kVectorBytes;

  // Four pixels share a lane; byte i of every lane at a time.
  template <int kByte>
  static HWY_INLINE hn::Vec<DU32> Part(hn::Vec<DU32> a, hn::Vec<DU32> b, VF lam, VF rest) {
    const DF df;
    const DU32 d;
    const D32 di;
    const auto mask = hn::Set(d, 0xFFu);
    const auto ai = hn::BitCast(di, hn::And(hn::ShiftRight<8 * kByte>(a), mask));
    const auto bi = hn::BitCast(di, hn::And(hn::ShiftRight<8 * kByte>(b), mask));
    const VF mixed = Mixed(hn::ConvertTo(df, ai), hn::ConvertTo(df, bi), lam, rest);
    // Adding 2^23 rounds to an integer, half to even, and leaves it in the lowest bits.
    const auto rounded = hn::BitCast(d, hn::Add(mixed, hn::Set(df, 0x1p23f)));
    return hn::ShiftLeft<8 * kByte>(hn::And(rounded, mask));
  }
  static HWY_INLINE void Run(uint8_t* inout, const uint8_t* other, VF lam, VF rest) {
    const D8 d8;
    const DU32 d;
    const auto a = hn::BitCast(d, hn::LoadU(d8, inout));
    const auto b = hn::BitCast(d, hn::LoadU(d8, other));
    const auto low = hn::Or(Part<0>(a, b, lam, rest), Part<1>(a, b, lam, rest));
    const auto high = hn::Or(Part<2>(a, b, lam, rest), Part<3>(a, b, lam, rest));
    hn::StoreU(hn::BitCast(d8, hn::Or(low, high)), d8, inout);
  }
};

template <class Kernel>
void BlendAll(void* inout, const void* other, float lam, size_t count) {
  using Element = typename Kernel::Element;
  const DF df;
  const VF lams = hn::Set(df, lam);
  const VF rests = hn::Set(df, 1.0f - lam);
  auto* to = static_cast<Element*>(inout);
  const auto* from = static_cast<const Element*>(other);
  size_t i = 0;
  for (; i + Kernel::kStep <= count; i += Kernel::kStep) {
    Kernel::Run(to + i, from + i, lams, rests);
  }
  if (i == count) return;
  Element to_tail[Kernel::kStep] = {};
  Element from_tail[Kernel::kStep] = {};
  std::copy(to + i, to + count, to_tail);
  std::copy(from + i, from + count, from_tail);
  Kernel::Run(to_tail, from_tail, lams, rests);
  std::copy_n(to_tail, count - i, to + i);
}

void BlendOnTarget(Dtype dtype, void* inout, const void* other, float lam, size_t count) {
  switch (dtype) {
    case Dtype::kU8: BlendAll<BlendU8>(inout, other, lam, count); break;
    case Dtype::kF16: BlendAll<BlendF16>(inout, other, lam, count); break;
    case Dtype::kBF16: BlendAll<BlendBF16>(inout, other, lam, count); break;
    case Dtype::kF32: BlendAll<BlendF32>(inout, other, lam, count); break;
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {

HWY_EXPORT(BlendOnTarget);

void BlendInPlace(Dtype dtype, void* inout, const void* other, float lam, size_t count) {
  HWY_DYNAMIC_DISPATCH(BlendOnTarget)(dtype, inout, other, lam, count);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
