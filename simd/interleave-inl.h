// Three vectors of bytes to memory in turn: r0 g0 b0 r1 ... Once per target.
#if defined(HEADRACE_SIMD_INTERLEAVE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_INTERLEAVE_INL_H_
#undef HEADRACE_SIMD_INTERLEAVE_INL_H_
#else
#define HEADRACE_SIMD_INTERLEAVE_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE4

// Element i of vector number n belongs to place 3 i + n of the result. Places of one vector that
// are equal modulo 16 are equal elements, because 3 has an inverse: so one shuffle brings all its
// elements to their places modulo 16, and each result takes its own by blending. (Looking each
// result's bytes up in each vector, the obvious way, takes three times the shuffles, and shuffles
// have one port on many processors.)

// v[n] has the elements of places modulo 3 that `first` (0) and `second` (1) mark, each for one
// result, in rotation.
template <class D, class V = hn::Vec<D>, class M = hn::Mask<D>>
HWY_INLINE void BlendInRotation(D, M first, M second, V* v) {
  const V a = v[0], b = v[1], c = v[2];
  v[0] = hn::IfThenElse(first, a, hn::IfThenElse(second, b, c));
  v[1] = hn::IfThenElse(first, b, hn::IfThenElse(second, c, a));
  v[2] = hn::IfThenElse(first, c, hn::IfThenElse(second, a, b));
}

// In each block, bytes of three vectors to the three blocks they make.
HWY_INLINE void InterleaveBytesInBlocks(V8* v) {
  alignas(16) static constexpr uint8_t kFrom[3][16] = {
      {0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5},
      {5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10},
      {10, 5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15}};
  alignas(16) static constexpr uint8_t kPlace[16] = {0, 1, 2, 0, 1, 2, 0, 1,
                                                     2, 0, 1, 2, 0, 1, 2, 0};
  const D8 d;
  for (size_t n = 0; n < 3; ++n) v[n] = hn::TableLookupBytes(v[n], hn::LoadDup128(d, kFrom[n]));
  const V8 place = hn::LoadDup128(d, kPlace);
  BlendInRotation(d, hn::Eq(place, hn::Zero(d)), hn::Eq(place, hn::Set(d, 1)), v);
}

// The blocks of three vectors in turn, by the same rule.
#if HWY_MAX_BYTES == 64
HWY_INLINE void InterleaveBlocks(V8* v) {
  alignas(64) static constexpr int32_t kFrom[3][16] = {
      {0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7},
      {4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11},
      {8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15}};
  alignas(64) static constexpr int32_t kPlace[16] = {0, 0, 0, 0, 1, 1, 1, 1,
                                                     2, 2, 2, 2, 0, 0, 0, 0};
  const D32 d;
  V32 lanes[3];
  for (size_t n = 0; n < 3; ++n) {
    lanes[n] = hn::TableLookupLanes(hn::BitCast(d, v[n]), hn::SetTableIndices(d, kFrom[n]));
  }
  const V32 place = hn::Load(d, kPlace);
  BlendInRotation(d, hn::Eq(place, hn::Zero(d)), hn::Eq(place, hn::Set(d, 1)), lanes);
  for (size_t n = 0; n < 3; ++n) v[n] = hn::BitCast(D8(), lanes[n]);
}
#elif HWY_MAX_BYTES == 32
HWY_INLINE void InterleaveBlocks(V8* v) {
  const D8 d;
  const V8 a = v[0], b = v[1], c = v[2];
  v[0] = hn::ConcatLowerLower(d, b, a);
  v[1] = hn::ConcatUpperLower(d, a, c);
  v[2] = hn::ConcatUpperUpper(d, c, b);
}
#else
HWY_INLINE void InterleaveBlocks(V8*) {}
#endif

HWY_INLINE void StoreInTurn(V8 a, V8 b, V8 c, uint8_t* HWY_RESTRICT out) {
  V8 v[3] = {a, b, c};
  InterleaveBytesInBlocks(v);
  InterleaveBlocks(v);
  for (size_t n = 0; n < 3; ++n) hn::StoreU(v[n], D8(), out + n * kVectorBytes);
}

#else

HWY_INLINE void StoreInTurn(V8 a, V8 b, V8 c, uint8_t* HWY_RESTRICT out) {
  hn::StoreInterleaved3(a, b, c, D8(), out);
}

#endif

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_INTERLEAVE_INL_H_
