// Interleaved pixels of 3 channels a vector of each channel at a time, and going over all of a
// picture's bytes in vectors. Once per target.
//
// Byte p of vector n of three has channel (kVectorBytes * n + p) % 3. The vectors' sizes are no
// multiples of 3, so the three bytes at one place belong to different channels: blending alone
// brings each channel's bytes into one vector, in an order that does not matter where each byte is
// looked at by itself. A shuffle of that vector brings them into the order of the pixels.
#if defined(HEADRACE_SIMD_CHANNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_CHANNELS_INL_H_
#undef HEADRACE_SIMD_CHANNELS_INL_H_
#else
#define HEADRACE_SIMD_CHANNELS_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/image_view.h"
#include "hwy/highway.h"
#include "simd/interleave-inl.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Whether instructions of AVX-512 VBMI may be compiled in; see UseVbmi.
#undef HEADRACE_HAVE_VBMI
#if HWY_TARGET == HWY_AVX3 && HWY_ARCH_X86_64
#define HEADRACE_HAVE_VBMI 1
#else
#define HEADRACE_HAVE_VBMI 0
#endif

// ------------------------------------------------------------------ runs

HWY_INLINE bool RowsTouch(const ConstImageView& view) {
  return view.stride_bytes == view.row_bytes();
}

// A picture as rows of bytes; as one row where its rows touch.
struct Runs {
  uint32_t count;
  size_t bytes;  // of each
};
HWY_INLINE Runs RunsOf(const ConstImageView& view, bool one_run) {
  if (one_run) return {1, view.row_bytes() * view.height};
  return {view.height, view.row_bytes()};
}

// The steps below are called in one place only, inside of the loops, so that they are inlined there
// and what they know stays in registers.

// Calls step(from, to) for pieces of kStep bytes that cover all rows. A step reads all of its piece
// before it writes, so the target may be the source's own pixels. The last piece of a row overlaps
// the one before it; what it reads is put aside before that one is written.
template <size_t kStep, class Step>
HWY_INLINE void MapPicture(const ConstImageView& source, const ImageView& target,
                           const Step& step) {
  const Runs runs = RunsOf(source, RowsTouch(source) && RowsTouch(target));
  const size_t whole = runs.bytes / kStep * kStep;
  alignas(64) uint8_t last[kStep] = {};
  for (uint32_t y = 0; y < runs.count; ++y) {
    const uint8_t* from = source.Row(y);
    uint8_t* to = target.Row(y);
    const bool is_short = runs.bytes < kStep;
    if (is_short) {
      std::memcpy(last, from, runs.bytes);
    } else if (whole != runs.bytes) {
      std::memcpy(last, from + runs.bytes - kStep, kStep);
    }
    for (size_t i = 0; i < runs.bytes; i += kStep) {
      const bool is_last = i >= whole;
      uint8_t* last_to = is_short ? last : to + runs.bytes - kStep;
      step(is_last ? last : from + i, is_last ? last_to : to + i);
    }
    if (is_short) std::memcpy(to, last, runs.bytes);
  }
}

// Calls step(from) for pieces of kStep bytes, each byte once; what is missing of a last one is 0.
template <size_t kStep, class Step>
HWY_INLINE void ReadPicture(const ConstImageView& source, const Step& step) {
  const Runs runs = RunsOf(source, RowsTouch(source));
  const size_t whole = runs.bytes / kStep * kStep;
  alignas(64) uint8_t last[kStep] = {};
  for (uint32_t y = 0; y < runs.count; ++y) {
    const uint8_t* from = source.Row(y);
    std::memcpy(last, from + whole, runs.bytes - whole);
    for (size_t i = 0; i < runs.bytes; i += kStep) step(i < whole ? from + i : last);
  }
}

#if HWY_TARGET != HWY_SCALAR

// ------------------------------------------------------------------ channels

HWY_INLINE void LoadThree(const uint8_t* HWY_RESTRICT from, V8* v) {
  for (size_t n = 0; n < 3; ++n) v[n] = hn::LoadU(D8(), from + n * kVectorBytes);
}
HWY_INLINE void StoreThree(const V8* v, uint8_t* HWY_RESTRICT to) {
  for (size_t n = 0; n < 3; ++n) hn::StoreU(v[n], D8(), to + n * kVectorBytes);
}

// Three vectors of bytes that lie in turn, to a vector of each channel and back. Units of kUnit
// bytes (whole vectors, or the blocks in them) are taken apart from each other.
template <size_t kUnit>
class Rotation {
 public:
  HWY_INLINE Rotation() {
    alignas(64) uint8_t place[kVectorBytes];
    for (size_t i = 0; i < kVectorBytes; ++i) place[i] = static_cast<uint8_t>(i % kUnit % 3);
    const D8 d;
    const V8 places = hn::Load(d, place);
    place0_ = hn::Eq(places, hn::Zero(d));
    place1_ = hn::Eq(places, hn::Set(d, 1));
    place2_ = hn::Eq(places, hn::Set(d, 2));
  }
  HWY_INLINE void ToChannels(V8* v) const {
    const V8 a = v[0], b = v[1], c = v[2];
    const auto second = kUnit % 3 == 1 ? place2_ : place1_;
    v[0] = hn::IfThenElse(place0_, a, hn::IfThenElse(second, b, c));
    v[1] = hn::IfThenElse(place0_, b, hn::IfThenElse(second, c, a));
    v[2] = hn::IfThenElse(place0_, c, hn::IfThenElse(second, a, b));
    if (kUnit % 3 == 2) std::swap(v[1], v[2]);
  }
  HWY_INLINE void ToTurns(V8* v) const {
    const V8 a = v[0], b = v[1], c = v[2];
    v[0] = hn::IfThenElse(place0_, a, hn::IfThenElse(place1_, b, c));
    v[1] = hn::IfThenElse(place0_, b, hn::IfThenElse(place1_, c, a));
    v[2] = hn::IfThenElse(place0_, c, hn::IfThenElse(place1_, a, b));
    if (kUnit % 3 == 2) std::swap(v[1], v[2]);
  }

 private:
  hn::Mask<D8> place0_, place1_, place2_;
};

#if HEADRACE_HAVE_VBMI
HWY_INLINE V8 LookUp64(V8 table, V8 index) {
  V8 found;
  asm("vpermb %1, %2, %0" : "=v"(found.raw) : "v"(table.raw), "v"(index.raw));
  return found;
}
#endif

// kVectorBytes pixels to a vector of each channel, in the pixels' order, and back.
class PixelsByBlocks {
 public:
  HWY_INLINE PixelsByBlocks() {
    alignas(16) uint8_t index[16];
    for (size_t c = 0; c < 3; ++c) {
      for (size_t i = 0; i < 16; ++i) index[i] = static_cast<uint8_t>((3 * i + c) % 16);
      order_[c] = hn::LoadDup128(D8(), index);
    }
  }
  HWY_INLINE void Load(const uint8_t* HWY_RESTRICT from, V8* v) const {
    for (size_t n = 0; n < 3; ++n) v[n] = LoadBlocksApart<48>(from + 16 * n);
    rotation_.ToChannels(v);
    for (size_t c = 0; c < 3; ++c) v[c] = hn::TableLookupBytes(v[c], order_[c]);
  }
  HWY_INLINE void Store(const V8* v, uint8_t* HWY_RESTRICT to) const {
    StoreInTurn(v[0], v[1], v[2], to);
  }

 private:
  Rotation<16> rotation_;
  V8 order_[3];
};

#if HEADRACE_HAVE_VBMI
class PixelsByVbmi {
 public:
  HWY_INLINE PixelsByVbmi() {
    alignas(64) uint8_t load[64];
    alignas(64) uint8_t store[64];
    for (size_t c = 0; c < 3; ++c) {
      for (size_t i = 0; i < 64; ++i) {
        load[i] = static_cast<uint8_t>((3 * i + c) % 64);
        store[load[i]] = static_cast<uint8_t>(i);
      }
      load_[c] = hn::Load(D8(), load);
      store_[c] = hn::Load(D8(), store);
    }
  }
  HWY_INLINE void Load(const uint8_t* HWY_RESTRICT from, V8* v) const {
    LoadThree(from, v);
    rotation_.ToChannels(v);
    for (size_t c = 0; c < 3; ++c) v[c] = LookUp64(v[c], load_[c]);
  }
  HWY_INLINE void Store(const V8* channels, uint8_t* HWY_RESTRICT to) const {
    V8 v[3];
    for (size_t c = 0; c < 3; ++c) v[c] = LookUp64(channels[c], store_[c]);
    rotation_.ToTurns(v);
    StoreThree(v, to);
  }

 private:
  Rotation<64> rotation_;
  V8 load_[3], store_[3];
};
#endif

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_CHANNELS_INL_H_
