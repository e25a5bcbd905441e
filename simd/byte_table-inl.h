// Tables of 256 bytes, looked up for a vector of indices. Once per target.
#if defined(HEADRACE_SIMD_BYTE_TABLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_BYTE_TABLE_INL_H_
#undef HEADRACE_SIMD_BYTE_TABLE_INL_H_
#else
#define HEADRACE_SIMD_BYTE_TABLE_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/channels-inl.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

#if HWY_ARCH_ARM_A64

// Four lookups in 64 bytes each, which leave what is out of their range as it was.
class ByteTable {
 public:
  explicit ByteTable(const uint8_t* entries) {
    for (size_t i = 0; i < 4; ++i) parts_[i] = vld1q_u8_x4(entries + 64 * i);
  }
  template <size_t kCount>
  HWY_INLINE void LookUp(V8* v) const {
    for (size_t n = 0; n < kCount; ++n) {
      const uint8x16_t index = v[n].raw;
      uint8x16_t found = vqtbl4q_u8(parts_[0], index);
      found = vqtbx4q_u8(found, parts_[1], vsubq_u8(index, vdupq_n_u8(64)));
      found = vqtbx4q_u8(found, parts_[2], vsubq_u8(index, vdupq_n_u8(128)));
      found = vqtbx4q_u8(found, parts_[3], vsubq_u8(index, vdupq_n_u8(192)));
      v[n] = V8{found};
    }
  }

 private:
  uint8x16x4_t parts_[4];
};

#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3

// x86's shuffle looks at an index's lower four bits, and finds 0 if its highest is set. Stepping
// the index down by 16 with signed saturation, part k of a half is seen by the indices of parts k
// and above; so if part k holds the difference (xor) to part k - 1, all that is seen adds up to
// what is looked for. The halves are told apart by the index's highest bit.
class ByteTable {
 public:
  explicit ByteTable(const uint8_t* entries) {
    for (size_t i = 0; i < 256; ++i) {
      steps_[i] = i % 128 < 16 ? entries[i] : entries[i] ^ entries[i - 16];
    }
  }
  template <size_t kCount>
  HWY_INLINE void LookUp(V8* v) const {
    const D8 d;
    const hn::Repartition<int8_t, D8> di;
    const auto sixteen = hn::Set(di, 16);
    V8 upper[kCount];
    V8 found[kCount];
    for (size_t n = 0; n < kCount; ++n) {
      upper[n] = hn::Xor(v[n], hn::Set(d, 0x80));
      found[n] = hn::Zero(d);
    }
    for (size_t k = 0; k < 8; ++k) {
      const V8 lower_part = hn::LoadDup128(d, steps_ + 16 * k);
      const V8 upper_part = hn::LoadDup128(d, steps_ + 128 + 16 * k);
      for (size_t n = 0; n < kCount; ++n) {
        found[n] = hn::Xor(found[n], hn::Xor(hn::TableLookupBytesOr0(lower_part, v[n]),
                                             hn::TableLookupBytesOr0(upper_part, upper[n])));
        v[n] = hn::BitCast(d, hn::SaturatedSub(hn::BitCast(di, v[n]), sixteen));
        upper[n] = hn::BitCast(d, hn::SaturatedSub(hn::BitCast(di, upper[n]), sixteen));
      }
    }
    for (size_t n = 0; n < kCount; ++n) v[n] = found[n];
  }

 private:
  alignas(64) uint8_t steps_[256];
};

#else

// Byte by byte: elsewhere (Highway's emulation) a shuffle makes other things of large indices.
class ByteTable {
 public:
  explicit ByteTable(const uint8_t* entries) : entries_(entries) {}
  template <size_t kCount>
  HWY_INLINE void LookUp(V8* v) const {
    alignas(64) uint8_t bytes[kVectorBytes];
    for (size_t n = 0; n < kCount; ++n) {
      hn::Store(v[n], D8(), bytes);
      for (uint8_t& byte : bytes) byte = entries_[byte];
      v[n] = hn::Load(D8(), bytes);
    }
  }

 private:
  const uint8_t* entries_;
};

#endif

#if HEADRACE_HAVE_VBMI
// Two lookups in 128 bytes each.
class VbmiTable {
 public:
  HWY_INLINE explicit VbmiTable(const uint8_t* entries) {
    for (size_t i = 0; i < 4; ++i) parts_[i] = hn::LoadU(D8(), entries + 64 * i);
  }
  template <size_t kCount>
  HWY_INLINE void LookUp(V8* v) const {
    for (size_t n = 0; n < kCount; ++n) v[n] = (*this)(v[n]);
  }
  HWY_INLINE V8 operator()(V8 index) const {
    V8 lower = index;
    V8 upper = index;
    asm("vpermi2b %2, %1, %0" : "+v"(lower.raw) : "v"(parts_[0].raw), "v"(parts_[1].raw));
    asm("vpermi2b %2, %1, %0" : "+v"(upper.raw) : "v"(parts_[2].raw), "v"(parts_[3].raw));
    return hn::IfThenElse(hn::MaskFromVec(index), upper, lower);
  }

 private:
  V8 parts_[4];
};
#endif

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_BYTE_TABLE_INL_H_
