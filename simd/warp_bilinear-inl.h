// Bilinear: the four pixels around each place of a chunk are fetched one by one, then blended in
// vectors. Once per target.
//
// The result has to be the truncation of an f64 value v. It is computed in f32, as w with
// |v - w| < guard: unless w lies within the guard of an integer, both have the same integer part.
// If the taps are alike in a channel, w = v whatever the arithmetic; else the pixel is recomputed
// in f64. Blending is continuous in the place, so a place may be slightly off too, even to the
// other side of a tap (Floors::kNear); only whether it is inside has to be decided exactly.
#if defined(HEADRACE_SIMD_WARP_BILINEAR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_WARP_BILINEAR_INL_H_
#undef HEADRACE_SIMD_WARP_BILINEAR_INL_H_
#else
#define HEADRACE_SIMD_WARP_BILINEAR_INL_H_
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "hwy/highway.h"
#include "simd/rows-inl.h"
#include "simd/warp_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using DFloat = hn::FixedTag<float, kLanes>;
using VFloat = hn::Vec<DFloat>;
using DWord = hn::FixedTag<uint32_t, kLanes>;
using VWord = hn::Vec<DWord>;
using DLong = hn::FixedTag<uint64_t, kLanes / 2>;
static_assert(kChunkPx % kLanes == 0);

// A chunk of target pixels. Lanes behind the last pixel hold old values.
struct BilinearRoom {
  HWY_ALIGN int32_t offsets[kChunkPx] = {};  // of the upper left taps, in bytes
  HWY_ALIGN float part_x[kChunkPx] = {};     // in [0, 1]
  HWY_ALIGN float part_y[kChunkPx] = {};
  // 3 channels: two pixels, 6 bytes, each. 1 channel: in `top` only, 4 pixels in 32 bits each.
  HWY_ALIGN uint64_t top[kChunkPx] = {};
  HWY_ALIGN uint64_t bottom[kChunkPx] = {};
};

// The source as pairs of rows and columns see it.
struct TapSource {
  explicit TapSource(const ConstImageView& view)
      : first(view.data),
        down(view.height > 1 ? view.stride_bytes : 0),
        bytes(static_cast<int64_t>(BytesSpanned(view))) {}
  // Whether offsets fit in 32 bits, and two columns and a load are there.
  static bool Takes(const ConstImageView& view) {
    return view.width >= 2 && BytesSpanned(view) >= 8 && BytesSpanned(view) < (uint64_t{1} << 31);
  }
  // Without rows below: the lower taps repeat the upper ones.
  static TapSource OneRow(TapSource source) {
    source.down = 0;
    return source;
  }
  const uint8_t* first;
  size_t down;
  int64_t bytes;
};

// Whether the taps before places are those of f64, or those of places that are slightly off.
enum class Floors : bool { kExact, kNear };

// How results become integers: `bias` is added first; `guard` in 2^-kFractionBits.
struct Rounding {
  int32_t guard;
  float bias = 0.0f;
  Floors floors = Floors::kExact;
};
constexpr int kFractionBits = 15;
// Error bound of BlendChunk: the parts are off by up to 2^-23 each, times a slope of 255; at most 5
// roundings of numbers below 256 by 2^-17 each; half a unit for the last one. That is below 4.
constexpr int32_t kBilinearGuard = 5;

// ------------------------------------------------------------------ fetching

// Two pixels that begin at byte `at` of the source. Bytes behind the source are not read: what
// stands for them counts for nothing.
template <class Pixels>
HWY_INLINE Pixels LoadAtEnd(const TapSource& source, int64_t at) {
  const int64_t last = source.bytes - static_cast<int64_t>(sizeof(Pixels));
  const int64_t over = at > last ? at - last : 0;
  Pixels pixels;
  std::memcpy(&pixels, source.first + at - over, sizeof(Pixels));
  return static_cast<Pixels>(pixels >> (8 * over));
}

// `last`: the largest offset, or less if all pixels are far from the end.
template <size_t kChannels>
HWY_INLINE void FetchTaps(const TapSource& source, size_t count, int32_t last, BilinearRoom* room) {
  using Pixels = std::conditional_t<kChannels == 1, uint16_t, uint64_t>;
  const uint8_t* HWY_RESTRICT upper = source.first;
  const uint8_t* HWY_RESTRICT lower = upper + source.down;
  const int32_t* HWY_RESTRICT offsets = room->offsets;
  const auto down = static_cast<int64_t>(source.down);
  const bool near_end = last + down + static_cast<int64_t>(sizeof(Pixels)) > source.bytes;
  if constexpr (kChannels == 1) {
    auto* HWY_RESTRICT quads = reinterpret_cast<uint8_t*>(room->top);
    for (size_t i = 0; i < count; ++i) {
      uint16_t pairs[2];
      if (near_end) {
        pairs[0] = LoadAtEnd<Pixels>(source, offsets[i]);
        pairs[1] = LoadAtEnd<Pixels>(source, offsets[i] + down);
      } else {
        std::memcpy(&pairs[0], upper + offsets[i], 2);
        std::memcpy(&pairs[1], lower + offsets[i], 2);
      }
      std::memcpy(quads + 4 * i, pairs, 4);
    }
    return;
  }
  if (near_end) {
    for (size_t i = 0; i < count; ++i) {
      room->top[i] = LoadAtEnd<uint64_t>(source, offsets[i]);
      room->bottom[i] = LoadAtEnd<uint64_t>(source, offsets[i] + down);
    }
    return;
  }
  const hn::FixedTag<uint64_t, 1> d1;
  const hn::FixedTag<uint64_t, 2> d2;
  const auto pair = [=](const uint8_t* a, const uint8_t* b) HWY_ATTR {
    return hn::Combine(d2, hn::LoadU(d1, reinterpret_cast<const uint64_t*>(b)),
                       hn::LoadU(d1, reinterpret_cast<const uint64_t*>(a)));
  };
  size_t i = 0;
  for (; i + 2 <= count; i += 2) {
    // One load for both, as loads are what this is short of.
    uint64_t both;
    std::memcpy(&both, offsets + i, 8);
    const auto a = static_cast<uint32_t>(both);
    const auto b = both >> 32;
    hn::Store(pair(upper + a, upper + b), d2, room->top + i);
    hn::Store(pair(lower + a, lower + b), d2, room->bottom + i);
  }
  if (i < count) {
    std::memcpy(room->top + i, upper + offsets[i], 8);
    std::memcpy(room->bottom + i, lower + offsets[i], 8);
  }
}

// ------------------------------------------------------------------ blending

// 32-bit lanes with the four taps of a pixel; channel c in byte c.
struct TapWords {
  VWord upper_left, upper_right, lower_left, lower_right;

  // Bits that are not the same in all four.
  HWY_INLINE VWord Differences() const {
    return hn::Or(hn::Or(hn::Xor(upper_left, upper_right), hn::Xor(upper_left, lower_left)),
                  hn::Xor(upper_left, lower_right));
  }
};

template <size_t kChannels>
HWY_INLINE TapWords LoadTaps(const BilinearRoom& room, size_t i) {
  const DWord d;
  if constexpr (kChannels == 1) {
    const VWord quads = hn::Load(d, reinterpret_cast<const uint32_t*>(room.top) + i);
    return {quads, hn::ShiftRight<8>(quads), hn::ShiftRight<16>(quads), hn::ShiftRight<24>(quads)};
  }
  const DLong dl;
  const auto left = [d](auto a, auto b) HWY_ATTR {
    return hn::ConcatEven(d, hn::BitCast(d, b), hn::BitCast(d, a));
  };
  const auto right = [left](auto a, auto b)
                         HWY_ATTR { return left(hn::ShiftRight<24>(a), hn::ShiftRight<24>(b)); };
  const auto top0 = hn::Load(dl, room.top + i);
  const auto top1 = hn::Load(dl, room.top + i + kLanes / 2);
  const auto bottom0 = hn::Load(dl, room.bottom + i);
  const auto bottom1 = hn::Load(dl, room.bottom + i + kLanes / 2);
  return {left(top0, top1), right(top0, top1), left(bottom0, bottom1), right(bottom0, bottom1)};
}

// A number in [0, 256) as an integer in 2^-kFractionBits, in the lowest 23 bits: adding 256 moves
// it there. All numbers may be `scale` times that.
HWY_INLINE V32 FixedBits(VFloat v, float scale, float bias) {
  return hn::BitCast(D32(), hn::Add(v, hn::Set(DFloat(), (256.0f + bias) * scale)));
}

// The blend of one channel, as FixedBits.
template <int kChannel>
HWY_INLINE V32 BlendChannel(const TapWords& taps, VFloat part_x, VFloat part_y, float bias) {
  const DFloat d;
  const D32 di;
  const VWord mask = hn::Set(DWord(), 0xFFu << (8 * kChannel));
  const auto value = [=](VWord tap)
                         HWY_ATTR { return hn::ConvertTo(d, hn::BitCast(di, hn::And(tap, mask))); };
  const VFloat upper_left = value(taps.upper_left);
  const VFloat lower_left = value(taps.lower_left);
  const VFloat upper = hn::MulAdd(hn::Sub(value(taps.upper_right), upper_left), part_x, upper_left);
  const VFloat lower = hn::MulAdd(hn::Sub(value(taps.lower_right), lower_left), part_x, lower_left);
  const VFloat blend = hn::MulAdd(hn::Sub(lower, upper), part_y, upper);
  return FixedBits(blend, static_cast<float>(1 << (8 * kChannel)), bias);
}

// The integer parts of three channels to bytes 0, 1, 2 of each lane.
HWY_INLINE VWord JoinChannels(V32 v0, V32 v1, V32 v2) {
  const DWord d;
  const auto word = [d](V32 v) HWY_ATTR { return hn::BitCast(d, v); };
  const VWord byte0 = hn::And(hn::ShiftRight<kFractionBits>(word(v0)), hn::Set(d, 0xFFu));
  const VWord byte1 = hn::And(hn::ShiftRight<kFractionBits - 8>(word(v1)), hn::Set(d, 0xFF00u));
  const VWord byte2 = hn::And(hn::ShiftLeft<16 - kFractionBits>(word(v2)), hn::Set(d, 0xFF0000u));
  return hn::Or(hn::Or(byte0, byte1), byte2);
}

// Writes kLanes pixels of 3 bytes, and nothing more.
HWY_INLINE void StorePixels(VWord pixels, uint8_t* to) {
  const hn::FixedTag<uint8_t, 16> d128;
  alignas(16) static constexpr uint8_t kGather[16] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14};
  const auto gather = LoadBlocksAt([](size_t) HWY_ATTR { return kGather; });
  const V8 bytes = hn::TableLookupBytes(hn::BitCast(D8(), pixels), gather);
  const hn::FixedTag<uint8_t, 8> d64;
#if HWY_MAX_BYTES == 16
  alignas(16) uint8_t out[16];
  hn::Store(bytes, d128, out);
  std::memcpy(to, out, 12);
  (void)d64;
#else
  const DWord d;
  alignas(64) static constexpr uint32_t kJoin[16] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14};
  alignas(64) static constexpr uint32_t kJoin8[8] = {0, 1, 2, 4, 5, 6, 3, 7};
  const auto index = hn::SetTableIndices(d, kLanes == 8 ? kJoin8 : kJoin);
  const V8 joined = hn::BitCast(D8(), hn::TableLookupLanes(hn::BitCast(d, bytes), index));
#if HWY_MAX_BYTES == 32
  hn::StoreU(hn::LowerHalf(d128, joined), d128, to);
  hn::StoreU(hn::LowerHalf(d64, hn::UpperHalf(d128, joined)), d64, to + 16);
#else
  (void)d64;
  const hn::FixedTag<uint8_t, 32> d256;
  hn::StoreU(hn::LowerHalf(d256, joined), d256, to);
  hn::StoreU(hn::LowerHalf(d128, hn::UpperHalf(d256, joined)), d128, to + 32);
#endif
#endif
}

// kLanes pixels of 1 byte.
HWY_INLINE void StoreGrey(V32 v, uint8_t* to) {
  const hn::FixedTag<uint8_t, kLanes> d8;
  const V32 bytes = hn::And(hn::ShiftRight<kFractionBits>(v), hn::Set(D32(), 0xFF));
  hn::StoreU(hn::DemoteTo(d8, bytes), d8, to);
}

HWY_INLINE V32 GuardDistance(V32 v, const Rounding& rounding) {
  const D32 d;
  return hn::And(hn::Add(v, hn::Set(d, rounding.guard)), hn::Set(d, (1 << kFractionBits) - 1));
}

HWY_INLINE uint32_t BitsOf(hn::Mask<D32> mask) {
  uint8_t bits[8] = {};
  hn::StoreMaskBits(D32(), mask, bits);
  return bits[0] | uint32_t{bits[1]} << 8;
}

// Lanes that are within the guard in a channel where taps differ.
template <size_t kChannels>
HWY_INLINE uint32_t OpenLanes(const V32* values, VWord differences, const Rounding& rounding) {
  const D32 d;
  uint32_t open = 0;
  for (size_t c = 0; c < kChannels; ++c) {
    const V32 mask = hn::Set(d, 0xFF << (8 * c));
    const auto differ =
        hn::TestBit(hn::IfThenElse(hn::Eq(hn::And(hn::BitCast(d, differences), mask), hn::Zero(d)),
                                   hn::Zero(d), hn::Set(d, 1)),
                    hn::Set(d, 1));
    const auto near = hn::Lt(GuardDistance(values[c], rounding), hn::Set(d, 2 * rounding.guard));
    open |= BitsOf(hn::And(near, differ));
  }
  return open;
}

// Writes the pixels of lanes i and up of `count`; exact(i, pixel) those that are open.
// `differences` gives the bits in which taps differ.
template <size_t kChannels, class Differences, class Exact>
HWY_INLINE void FinishPixels(const V32* values, const Rounding& rounding, size_t i, size_t count,
                             const Differences& differences, const Exact& exact, uint8_t* to) {
  const D32 d;
  V32 distance = GuardDistance(values[0], rounding);
  if constexpr (kChannels == 3) {
    distance = hn::Min(
        distance, hn::Min(GuardDistance(values[1], rounding), GuardDistance(values[2], rounding)));
  }
  const size_t left = count - i;
  uint8_t tail[kLanes * kChannels];
  uint8_t* pixels = left < kLanes ? tail : to;
  if constexpr (kChannels == 3) {
    StorePixels(JoinChannels(values[0], values[1], values[2]), pixels);
  } else {
    StoreGrey(values[0], pixels);
  }
  const auto near = hn::Lt(distance, hn::Set(d, 2 * rounding.guard));
  if (HWY_UNLIKELY(!hn::AllFalse(d, near))) {
    uint32_t open = OpenLanes<kChannels>(values, differences(), rounding);
    for (; open != 0; open &= open - 1) {
      const auto lane = static_cast<size_t>(std::countr_zero(open));
      if (lane < left) exact(i + lane, pixels + lane * kChannels);
    }
  }
  if (left < kLanes) std::memcpy(to, tail, left * kChannels);
}

// All bits of the lanes where a part says that other taps may be the right ones.
HWY_INLINE VWord AtTaps(VFloat part) {
  const DFloat d;
  constexpr float kSure = 1.0f / (1 << 20);
  const auto sure = hn::And(hn::Gt(part, hn::Set(d, kSure)), hn::Lt(part, hn::Set(d, 1 - kSure)));
  return hn::BitCast(DWord(), hn::VecFromMask(D32(), hn::Not(hn::RebindMask(D32(), sure))));
}

// Blends `count` pixels of the room. exact(i, pixel) writes pixel i in f64.
template <size_t kChannels, class Exact>
HWY_INLINE void BlendChunk(const BilinearRoom& room, size_t count, const Rounding& rounding,
                           uint8_t* to, const Exact& exact) {
  const DFloat df;
  for (size_t i = 0; i < count; i += kLanes) {
    const TapWords taps = LoadTaps<kChannels>(room, i);
    const VFloat part_x = hn::Load(df, room.part_x + i);
    const VFloat part_y = hn::Load(df, room.part_y + i);
    V32 values[kChannels];
    values[0] = BlendChannel<0>(taps, part_x, part_y, rounding.bias);
    if constexpr (kChannels == 3) {
      values[1] = BlendChannel<1>(taps, part_x, part_y, rounding.bias);
      values[2] = BlendChannel<2>(taps, part_x, part_y, rounding.bias);
    }
    const auto differences = [&]() HWY_ATTR {
      const VWord bits = taps.Differences();
      if (rounding.floors == Floors::kExact) return bits;
      return hn::Or(bits, hn::Or(AtTaps(part_x), AtTaps(part_y)));
    };
    FinishPixels<kChannels>(values, rounding, i, count, differences, exact, to + i * kChannels);
  }
}

// ------------------------------------------------------------------ one axis only

// Where the places of a chunk lie exactly on rows or on columns of pixels, as a shear leaves them,
// two taps count. Their blend is computed in f64, as such parts are often round numbers, whose
// results would be near integers.
struct LineRoom {
  HWY_ALIGN double parts[kChunkPx] = {};
};
enum class Axis : bool { kAcross, kDown };

template <int kChannel>
HWY_INLINE V32 BlendLine(VWord first, VWord second, const double* parts) {
  const D32 d;
  const hn::FixedTag<int32_t, kLanes / 2> half;
  const hn::FixedTag<double, kLanes / 2> dd;
  const auto byte = [d](VWord tap) HWY_ATTR {
    return hn::And(hn::BitCast(d, hn::ShiftRight<8 * kChannel>(tap)), hn::Set(d, 0xFF));
  };
  const V32 from = byte(first);
  const V32 difference = hn::Sub(byte(second), from);
  const auto blend = [=](auto start, auto change, const double* part) HWY_ATTR {
    const auto product = hn::Mul(hn::PromoteTo(dd, change), hn::Load(dd, part));
    return hn::DemoteTo(half, hn::Add(hn::PromoteTo(dd, start), product));
  };
  return hn::Combine(
      d, blend(hn::UpperHalf(half, from), hn::UpperHalf(half, difference), parts + kLanes / 2),
      blend(hn::LowerHalf(half, from), hn::LowerHalf(half, difference), parts));
}

template <size_t kChannels>
HWY_INLINE void BlendLines(const BilinearRoom& room, const LineRoom& lines, Axis axis, size_t count,
                           uint8_t* to) {
  const DWord d;
  for (size_t i = 0; i < count; i += kLanes) {
    const TapWords taps = LoadTaps<kChannels>(room, i);
    const VWord second = axis == Axis::kAcross ? taps.upper_right : taps.lower_left;
    const auto word = [d](V32 v) HWY_ATTR { return hn::BitCast(d, v); };
    const V32 v0 = BlendLine<0>(taps.upper_left, second, lines.parts + i);
    const size_t left = count - i;
    uint8_t tail[kLanes * kChannels];
    uint8_t* pixels = left < kLanes ? tail : to + i * kChannels;
    if constexpr (kChannels == 3) {
      const V32 v1 = BlendLine<1>(taps.upper_left, second, lines.parts + i);
      const V32 v2 = BlendLine<2>(taps.upper_left, second, lines.parts + i);
      StorePixels(hn::Or(hn::Or(word(v0), hn::ShiftLeft<8>(word(v1))), hn::ShiftLeft<16>(word(v2))),
                  pixels);
    } else {
      const hn::FixedTag<uint8_t, kLanes> d8;
      hn::StoreU(hn::DemoteTo(d8, v0), d8, pixels);
    }
    if (left < kLanes) std::memcpy(to + i * kChannels, tail, left * kChannels);
  }
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_WARP_BILINEAR_INL_H_
