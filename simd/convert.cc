#include "simd/convert.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "simd/reference.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/convert.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/convert-inl.h"
#include "simd/half-inl.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void ConvertOnTarget(const ConstImageView& source, FlipColumns flip, const ConvertTable& table,
                     void* out) {
  reference::Convert(source, flip, table, out);
}
void F32ToF16OnTarget(const float* in, uint16_t* out, size_t count) {
  reference::F32ToF16(in, out, count);
}
void F16ToF32OnTarget(const uint16_t* in, float* out, size_t count) {
  reference::F16ToF32(in, out, count);
}
void F32ToBF16OnTarget(const float* in, uint16_t* out, size_t count) {
  reference::F32ToBF16(in, out, count);
}
void BF16ToF32OnTarget(const uint16_t* in, float* out, size_t count) {
  reference::BF16ToF32(in, out, count);
}

#else

// ------------------------------------------------------------------ runs of pixels

// A run is `count` pixels that lie one after the other in memory, and that become pixels `at`
// onwards of the output. Nothing outside the run is read.
struct Run {
  const uint8_t* in;
  size_t at;
  size_t count;
};

// Calls `run` for the runs of the picture: one if its rows touch, else one a row; rows to be
// reversed are turned piece by piece in a small buffer.
template <size_t kChannels, class Function>
HWY_INLINE void ForEachRun(const ConstImageView& source, FlipColumns flip, const Function& run) {
  const size_t width = source.width;
  if (flip == FlipColumns::kNo && source.stride_bytes == source.row_bytes()) {
    run(Run{source.data, 0, width * source.height});
    return;
  }
  constexpr size_t kPiece = 256;
  uint8_t reversed[kPiece * kChannels];
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* row = source.Row(y);
    if (flip == FlipColumns::kNo) {
      run(Run{row, y * width, width});
      continue;
    }
    for (size_t x = 0; x < width; x += kPiece) {
      const size_t count = std::min(kPiece, width - x);
      ReverseRow<kChannels>(row + (width - x - count) * kChannels, reversed, count);
      run(Run{reversed, y * width + x, count});
    }
  }
}

// Bytes 3 i + c of 12 in each block, as 32-bit numbers.
inline V8 ChannelShuffle(size_t c) {
  alignas(16) uint8_t index[16];
  std::fill_n(index, 16, uint8_t{0x80});
  for (size_t i = 0; i < 4; ++i) index[4 * i] = static_cast<uint8_t>(3 * i + c);
  return hn::LoadDup128(D8(), index);
}

// Interleaved RGB to three planes.
template <class Value, class Output>
void ToPlanes(const ConstImageView& source, FlipColumns flip, const ConvertTable& table,
              typename Output::Element* HWY_RESTRICT out) {
  const size_t plane = size_t{source.width} * source.height;
  const uint32_t red[kLanes] = {};
  uint32_t green[kLanes], blue[kLanes];
  std::fill_n(green, kLanes, 1);
  std::fill_n(blue, kLanes, 2);
  const Value values[3] = {{table, red}, {table, green}, {table, blue}};
  const V8 shuffles[3] = {ChannelShuffle(0), ChannelShuffle(1), ChannelShuffle(2)};
  ForEachRun<3>(source, flip, [&](const Run& run) HWY_ATTR {
    size_t i = 0;
    // A block's load takes 4 bytes more than its 4 pixels: one pixel and a part of the next.
    for (; i + kLanes + 2 <= run.count; i += kLanes) {
      const V8 bytes = LoadBlocksApart<12>(run.in + 3 * i);
      for (size_t c = 0; c < 3; ++c) {
        const V32 value = hn::BitCast(D32(), hn::TableLookupBytesOr0(bytes, shuffles[c]));
        Output::Store(values[c](value), out + c * plane + run.at + i);
      }
    }
    for (; i < run.count; ++i) {
      for (size_t c = 0; c < 3; ++c) {
        out[c * plane + run.at + i] = Output::At(table, c, run.in[3 * i + c]);
      }
    }
  });
}

// The order stays: interleaved RGB, or one channel.
template <size_t kChannels, class Value, class Output>
void InOrder(const ConstImageView& source, FlipColumns flip, const ConvertTable& table,
             typename Output::Element* HWY_RESTRICT out) {
  const RunConverter<kChannels, Value, Output> convert(table, 0);
  ForEachRun<kChannels>(source, flip, [&](const Run& run) HWY_ATTR {
    convert(run.in, run.count * kChannels, out + run.at * kChannels);
  });
}

template <class Output>
void ConvertTo(const ConstImageView& source, FlipColumns flip, const ConvertTable& table,
               void* out) {
  auto* to = static_cast<typename Output::Element*>(out);
  if (source.channels == 1) {
    if (table.split_is_exact) {
      InOrder<1, BySplit, Output>(source, flip, table, to);
    } else {
      InOrder<1, ByTable, Output>(source, flip, table, to);
    }
  } else if (table.layout == Layout::kNhwc) {
    if (table.split_is_exact) {
      InOrder<3, BySplit, Output>(source, flip, table, to);
    } else {
      InOrder<3, ByTable, Output>(source, flip, table, to);
    }
  } else if (table.split_is_exact) {
    ToPlanes<BySplit, Output>(source, flip, table, to);
  } else {
    ToPlanes<ByTable, Output>(source, flip, table, to);
  }
}

// ------------------------------------------------------------------ bytes stay bytes

template <size_t kChannels>
void CopyPixels(const ConstImageView& source, FlipColumns flip, uint8_t* out) {
  const size_t row_bytes = source.row_bytes();
  for (uint32_t y = 0; y < source.height; ++y) {
    if (flip == FlipColumns::kYes) {
      ReverseRow<kChannels>(source.Row(y), out + y * row_bytes, source.width);
    } else {
      std::memcpy(out + y * row_bytes, source.Row(y), row_bytes);
    }
  }
}

void SplitPlanes(const ConstImageView& source, FlipColumns flip, uint8_t* HWY_RESTRICT out) {
  const D8 d;
  uint8_t* planes[3];
  for (size_t c = 0; c < 3; ++c) planes[c] = out + c * source.width * source.height;
  ForEachRun<3>(source, flip, [&](const Run& run) HWY_ATTR {
    size_t i = 0;
    for (; i + kVectorBytes <= run.count; i += kVectorBytes) {
      V8 v[3];
      hn::LoadInterleaved3(d, run.in + 3 * i, v[0], v[1], v[2]);
      for (size_t c = 0; c < 3; ++c) hn::StoreU(v[c], d, planes[c] + run.at + i);
    }
    for (; i < run.count; ++i) {
      for (size_t c = 0; c < 3; ++c) planes[c][run.at + i] = run.in[3 * i + c];
    }
  });
}

void ConvertOnTarget(const ConstImageView& source, FlipColumns flip, const ConvertTable& table,
                     void* out) {
  switch (table.dtype) {
    case Dtype::kU8: {
      auto* to = static_cast<uint8_t*>(out);
      if (source.channels == 1) {
        CopyPixels<1>(source, flip, to);
      } else if (table.layout == Layout::kNhwc) {
        CopyPixels<3>(source, flip, to);
      } else {
        SplitPlanes(source, flip, to);
      }
      break;
    }
    case Dtype::kF16: ConvertTo<ToF16>(source, flip, table, out); break;
    case Dtype::kBF16: ConvertTo<ToBF16>(source, flip, table, out); break;
    case Dtype::kF32: ConvertTo<ToF32>(source, flip, table, out); break;
  }
}

// ------------------------------------------------------------------ halves

void F32ToF16OnTarget(const float* in, uint16_t* out, size_t count) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) ToF16::Store(hn::LoadU(DF(), in + i), out + i);
  reference::F32ToF16(in + i, out + i, count - i);
}
void F16ToF32OnTarget(const uint16_t* in, float* out, size_t count) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    hn::StoreU(FloatOfHalves(hn::LoadU(DHalf(), in + i)), DF(), out + i);
  }
  reference::F16ToF32(in + i, out + i, count - i);
}
void F32ToBF16OnTarget(const float* in, uint16_t* out, size_t count) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    hn::StoreU(Bfloat16OfFloats(hn::LoadU(DF(), in + i)), DHalf(), out + i);
  }
  reference::F32ToBF16(in + i, out + i, count - i);
}
void BF16ToF32OnTarget(const uint16_t* in, float* out, size_t count) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    hn::StoreU(FloatOfBfloat16s(hn::LoadU(DHalf(), in + i)), DF(), out + i);
  }
  reference::BF16ToF32(in + i, out + i, count - i);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {

HWY_EXPORT(ConvertOnTarget);
HWY_EXPORT(F32ToF16OnTarget);
HWY_EXPORT(F16ToF32OnTarget);
HWY_EXPORT(F32ToBF16OnTarget);
HWY_EXPORT(BF16ToF32OnTarget);

void Convert(const ConstImageView& source, FlipColumns flip, const ConvertTable& table, void* out) {
  HR_DCHECK(source.channels == table.channels);
  HWY_DYNAMIC_DISPATCH(ConvertOnTarget)(source, flip, table, out);
}

void F32ToF16(const float* in, uint16_t* out, size_t count) {
  HWY_DYNAMIC_DISPATCH(F32ToF16OnTarget)(in, out, count);
}
void F16ToF32(const uint16_t* in, float* out, size_t count) {
  HWY_DYNAMIC_DISPATCH(F16ToF32OnTarget)(in, out, count);
}
void F32ToBF16(const float* in, uint16_t* out, size_t count) {
  HWY_DYNAMIC_DISPATCH(F32ToBF16OnTarget)(in, out, count);
}
void BF16ToF32(const uint16_t* in, float* out, size_t count) {
  HWY_DYNAMIC_DISPATCH(BF16ToF32OnTarget)(in, out, count);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
