// The last step of a sample: u8 HWC pixels to the output's type, layout and scale, flipped if
// asked.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/image_view.h"

namespace headrace::simd {

enum class Dtype : uint8_t { kU8, kF16, kBF16, kF32 };
enum class Layout : uint8_t { kNchw, kNhwc };

constexpr size_t DtypeBytes(Dtype dtype) {
  return dtype == Dtype::kU8 ? 1 : dtype == Dtype::kF32 ? 4 : 2;
}

// Made once at open: for floats a table of 256 results per channel, so every pixel is exact:
// f32((v / 255 - mean) / std) computed in f64 and rounded once to f32, then f16/bf16 by round to
// nearest even from that f32 (f16 overflow is inf, bf16 NaN cannot occur).
struct ConvertTable {
  Dtype dtype = Dtype::kF32;
  Layout layout = Layout::kNchw;
  uint32_t channels = 3;  // 1 or 3
  alignas(64) float f32[3][256];
  alignas(64) uint16_t half[3][256];  // f16 or bf16 bits
  // Scale and offset of the same map; f32[c][v] == v * scale[c] + offset[c] need not hold to the
  // last bit, so kernels use the table's values or an arithmetic proved equal to them.
  double scale[3];
  double offset[3];
  // That map in f32 operations that every machine has: (v * scale_high + offset_high) +
  // (v * scale_low + offset_low). The first bracket is exact, the second holds what it left out.
  struct Split {
    float scale_high = 0;
    float scale_low = 0;
    float offset_high = 0;
    float offset_low = 0;
  };
  Split split[3];
  // MakeConvertTable has seen that the split gives f32[c][v] for all 256 values of each channel.
  bool split_is_exact = false;
};

// mean and std in units of the 0..1 scale, `channels` values each; null: 0 and 1.
ConvertTable MakeConvertTable(Dtype dtype, Layout layout, uint32_t channels, const double* mean,
                              const double* std);

// Writes H*W*C elements to `out` (dense, in the table's layout; aligned to its element).
// With kYes columns are written in reverse. source.channels == table.channels.
enum class FlipColumns : bool { kNo, kYes };
void Convert(const ConstImageView& source, FlipColumns flip, const ConvertTable& table, void* out);

// f32 <-> f16 / bf16, round to nearest even. count elements; no overlap.
void F32ToF16(const float* in, uint16_t* out, size_t count);
void F16ToF32(const uint16_t* in, float* out, size_t count);
void F32ToBF16(const float* in, uint16_t* out, size_t count);
void BF16ToF32(const uint16_t* in, float* out, size_t count);

}  // namespace headrace::simd
