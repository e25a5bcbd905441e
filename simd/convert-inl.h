// From bytes to the floats of a ConvertTable, a vector at a time, for the kernels that end in that
// step. Once per target.
#if defined(HEADRACE_SIMD_CONVERT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_CONVERT_INL_H_
#undef HEADRACE_SIMD_CONVERT_INL_H_
#else
#define HEADRACE_SIMD_CONVERT_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/convert.h"
#include "simd/half-inl.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// ------------------------------------------------------------------ pixel value to float

// By the split, which MakeConvertTable found equal to the table.
struct BySplit {
  VF scale_high, scale_low, offset_high, offset_low;

  // channels[i] is the channel of lane i.
  BySplit(const ConvertTable& table, const uint32_t* channels) {
    alignas(64) float high[kLanes], low[kLanes], offset[kLanes], rest[kLanes];
    for (size_t i = 0; i < kLanes; ++i) {
      const ConvertTable::Split& split = table.split[channels[i]];
      high[i] = split.scale_high;
      low[i] = split.scale_low;
      offset[i] = split.offset_high;
      rest[i] = split.offset_low;
    }
    const DF d;
    scale_high = hn::Load(d, high);
    scale_low = hn::Load(d, low);
    offset_high = hn::Load(d, offset);
    offset_low = hn::Load(d, rest);
  }
  HWY_INLINE VF operator()(V32 value) const {
    const VF v = hn::ConvertTo(DF(), value);
    return hn::Add(hn::Add(hn::Mul(v, scale_high), offset_high),
                   hn::Add(hn::Mul(v, scale_low), offset_low));
  }
};

// By looking the value up: always right, about half as fast.
struct ByTable {
  const float* first;
  V32 row;

  ByTable(const ConvertTable& table, const uint32_t* channels) : first(table.f32[0]) {
    alignas(64) int32_t rows[kLanes];
    for (size_t i = 0; i < kLanes; ++i) rows[i] = static_cast<int32_t>(channels[i] * 256);
    row = hn::Load(D32(), rows);
  }
  HWY_INLINE VF operator()(V32 value) const {
    return hn::GatherIndex(DF(), first, hn::Add(value, row));
  }
};

// ------------------------------------------------------------------ float to output

struct ToF32 {
  using Element = float;
  static HWY_INLINE void Store(VF v, float* out) { hn::StoreU(v, DF(), out); }
  static float At(const ConvertTable& table, size_t c, uint8_t v) { return table.f32[c][v]; }
};
struct ToF16 {
  using Element = uint16_t;
  static HWY_INLINE void Store(VF v, uint16_t* out) { hn::StoreU(HalfOfFloats(v), DHalf(), out); }
  static uint16_t At(const ConvertTable& table, size_t c, uint8_t v) { return table.half[c][v]; }
};
struct ToBF16 {
  using Element = uint16_t;
  // Tables hold no NaN.
  static HWY_INLINE void Store(VF v, uint16_t* out) {
    hn::StoreU(Narrow(RoundedToBfloat16(v)), DHalf(), out);
  }
  static uint16_t At(const ConvertTable& table, size_t c, uint8_t v) { return table.half[c][v]; }
};

// ------------------------------------------------------------------ runs of elements

// Elements whose channels follow each other: first, first + 1, ... (kChannels of them), first, ...
template <size_t kChannels, class Value, class Output>
class RunConverter {
 public:
  using Element = typename Output::Element;

  RunConverter(const ConvertTable& table, uint32_t first)
      : RunConverter(table, first, Channels(first)) {}

  HWY_INLINE void operator()(const uint8_t* HWY_RESTRICT in, size_t count,
                             Element* HWY_RESTRICT out) const {
    // Copies, which stay in registers.
    const Value value0 = values_[0], value1 = values_[1], value2 = values_[2];
    size_t i = 0;
    for (; i + 3 * kLanes <= count; i += 3 * kLanes) {
      Store(value0, in + i, out + i);
      Store(value1, in + i + kLanes, out + i + kLanes);
      Store(value2, in + i + 2 * kLanes, out + i + 2 * kLanes);
    }
    if (i + kLanes <= count) {
      Store(value0, in + i, out + i);
      i += kLanes;
    }
    if (i + kLanes <= count) {
      Store(value1, in + i, out + i);
      i += kLanes;
    }
    for (; i < count; ++i) out[i] = Output::At(table_, first_ + i % kChannels, in[i]);
  }

 private:
  // Vector number m of a run has the channels of vector m % 3.
  struct Channels {
    explicit Channels(uint32_t first) {
      for (uint32_t i = 0; i < 3 * kLanes; ++i) of_lane[i] = first + i % kChannels;
    }
    uint32_t of_lane[3 * kLanes];
  };
  static HWY_INLINE void Store(const Value& value, const uint8_t* in, Element* out) {
    const hn::FixedTag<uint8_t, kLanes> d8;
    Output::Store(value(hn::PromoteTo(D32(), hn::LoadU(d8, in))), out);
  }
  RunConverter(const ConvertTable& table, uint32_t first, const Channels& channels)
      : table_(table),
        first_(first),
        values_{{table, channels.of_lane},
                {table, channels.of_lane + kLanes},
                {table, channels.of_lane + 2 * kLanes}} {}

  const ConvertTable& table_;
  uint32_t first_;
  Value values_[3];
};

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_CONVERT_INL_H_
