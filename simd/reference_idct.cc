#include "simd/reference_idct.h"

#include <algorithm>
#include <limits>

#include "simd/idct_constants.h"

// What overflows, and how, is part of the result: a damaged or hostile file gets there, and its
// picture must be the one that libjpeg-turbo shows. Dequantised coefficients and the sums of two of
// them wrap at 16 bits, sums of products at 32; the columns' results saturate at 16 bits.
namespace headrace::simd::reference {
namespace {

int32_t Wrap32(int64_t value) { return static_cast<int32_t>(static_cast<uint32_t>(value)); }
int16_t Wrap16(int64_t value) { return static_cast<int16_t>(static_cast<uint16_t>(value)); }

int16_t Saturate16(int32_t value) {
  return static_cast<int16_t>(std::clamp<int32_t>(value, std::numeric_limits<int16_t>::min(),
                                                  std::numeric_limits<int16_t>::max()));
}

// Samples are stored with an offset of 128.
uint8_t Sample(int32_t value) { return static_cast<uint8_t>(std::clamp(value, -128, 127) + 128); }

// Divides by 2^bits, to nearest, halves up.
int32_t Descale(int64_t sum, int bits) { return Wrap32(sum + (int64_t{1} << (bits - 1))) >> bits; }

// A line of 8 to 8 samples, scaled by 2^13.
void Inverse8(const int16_t* in, int64_t* out) {
  const int64_t sum = int64_t{Wrap16(in[0] + in[4])} << kIdctFractionBits;
  const int64_t difference = int64_t{Wrap16(in[0] - in[4])} << kIdctFractionBits;
  const int64_t a = int64_t{in[2]} * (k0_541 + k0_765) + int64_t{in[6]} * k0_541;
  const int64_t b = int64_t{in[2]} * k0_541 + int64_t{in[6]} * (k0_541 - k1_847);
  const int64_t even[4] = {sum + a, difference + b, difference - b, sum - a};

  const int64_t z3 = Wrap16(in[7] + in[3]);
  const int64_t z4 = Wrap16(in[5] + in[1]);
  const int64_t c = z3 * (k1_175 - k1_961) + z4 * k1_175;
  const int64_t d = z3 * k1_175 + z4 * (k1_175 - k0_390);
  const int64_t odd[4] = {
      in[7] * int64_t{-k0_899} + in[1] * int64_t{k1_501 - k0_899} + d,
      in[5] * int64_t{-k2_562} + in[3] * int64_t{k3_072 - k2_562} + c,
      in[5] * int64_t{k2_053 - k2_562} + in[3] * int64_t{-k2_562} + d,
      in[7] * int64_t{k0_298 - k0_899} + in[1] * int64_t{-k0_899} + c,
  };
  for (int i = 0; i < 4; ++i) {
    out[i] = even[i] + odd[i];
    out[7 - i] = even[i] - odd[i];
  }
}

// A line of 8, of which the middle one does not count, to 4 samples, scaled by 2^14.
void Inverse4(const int16_t* in, int64_t* out) {
  const int64_t base = int64_t{in[0]} << (kIdctFractionBits + 1);
  const int64_t a = int64_t{in[2]} * k1_847 - int64_t{in[6]} * k0_765;
  const int64_t outer = int64_t{in[1]} * k2_562 + int64_t{in[3]} * k0_899 -
                        int64_t{in[5]} * k0_601 - int64_t{in[7]} * k0_509;
  const int64_t inner = int64_t{in[1]} * k1_061 - int64_t{in[3]} * k2_172 +
                        int64_t{in[5]} * k1_451 - int64_t{in[7]} * k0_211;
  out[0] = base + a + outer;
  out[1] = base - a + inner;
  out[2] = base - a - inner;
  out[3] = base + a - outer;
}

// The odd part of a line of 8 for 2 samples, scaled by 2^15.
int64_t Odd2(const int16_t* in) {
  return int64_t{in[1]} * k3_624 - int64_t{in[3]} * k1_272 + int64_t{in[5]} * k0_850 -
         int64_t{in[7]} * k0_720;
}

struct Block {
  int16_t at[8][8];  // row, column
};

Block Dequantise(const int16_t* coefficients, const int16_t* divisors) {
  Block block;
  for (int i = 0; i < 64; ++i) {
    block.at[i / 8][i % 8] = Wrap16(coefficients[i] * int64_t{divisors[i]});
  }
  return block;
}

// Whether nothing but row 0 (and the row that does not count) holds a coefficient. libjpeg-turbo
// looks at them before it multiplies.
bool IsFlat(const int16_t* coefficients, int row_left_out) {
  for (int i = 8; i < 64; ++i) {
    if (i / 8 != row_left_out && coefficients[i] != 0) return false;
  }
  return true;
}

// Both transforms: columns into lines of 16 bits, then rows.
template <int kSide, void (*kInverse)(const int16_t*, int64_t*)>
void Transform(const int16_t* coefficients, const int16_t* divisors, uint8_t* out,
               size_t stride_bytes) {
  constexpr int kScaleBits = kIdctFractionBits + (kSide == 4 ? 1 : 0);
  const Block block = Dequantise(coefficients, divisors);
  const bool flat = IsFlat(coefficients, kSide == 4 ? 4 : 0);
  int16_t lines[kSide][8];
  for (int x = 0; x < 8; ++x) {
    int16_t column[8];
    for (int y = 0; y < 8; ++y) column[y] = block.at[y][x];
    int64_t sums[kSide];
    kInverse(column, sums);
    for (int y = 0; y < kSide; ++y) {
      // A flat block takes a shorter way that wraps where the long one saturates.
      lines[y][x] = flat ? Wrap16(int64_t{column[0]} << kIdctColumnBits)
                         : Saturate16(Descale(sums[y], kScaleBits - kIdctColumnBits));
    }
  }
  for (int y = 0; y < kSide; ++y) {
    int64_t sums[kSide];
    kInverse(lines[y], sums);
    for (int x = 0; x < kSide; ++x) {
      out[static_cast<size_t>(y) * stride_bytes + static_cast<size_t>(x)] =
          Sample(Descale(sums[x], kScaleBits + kIdctColumnBits + 3));
    }
  }
}

void Transform2(const int16_t* coefficients, const int16_t* divisors, uint8_t* out,
                size_t stride_bytes) {
  constexpr int kScaleBits = kIdctFractionBits + 2;
  const Block block = Dequantise(coefficients, divisors);
  int32_t lines[2][8] = {};
  for (const int x : {0, 1, 3, 5, 7}) {
    int16_t column[8];
    for (int y = 0; y < 8; ++y) column[y] = block.at[y][x];
    const int64_t base = int64_t{column[0]} << kScaleBits;
    lines[0][x] = Descale(base + Odd2(column), kScaleBits - kIdctColumnBits);
    lines[1][x] = Descale(base - Odd2(column), kScaleBits - kIdctColumnBits);
  }
  for (size_t y = 0; y < 2; ++y) {
    // Only the odd ones saturate.
    int16_t line[8];
    for (int x = 0; x < 8; ++x) line[x] = Saturate16(lines[y][x]);
    const int64_t base = int64_t{lines[y][0]} << kScaleBits;
    out[y * stride_bytes] = Sample(Descale(base + Odd2(line), kScaleBits + kIdctColumnBits + 3));
    out[y * stride_bytes + 1] =
        Sample(Descale(base - Odd2(line), kScaleBits + kIdctColumnBits + 3));
  }
}

// libjpeg looks the sample up in a table of 1024, by the low bits: what is far outside comes round.
uint8_t Transform1(int32_t coefficient, int32_t divisor) {
  const int32_t low_bits = ((coefficient * divisor + 4) >> 3) & 1023;
  return Sample(low_bits < 512 ? low_bits : low_bits - 1024);
}

}  // namespace

void IdctBlock(const int16_t* coefficients, const int16_t* divisors, IdctSize size, uint8_t* out,
               size_t stride_bytes) {
  switch (size) {
    case IdctSize::k8: Transform<8, Inverse8>(coefficients, divisors, out, stride_bytes); break;
    case IdctSize::k4: Transform<4, Inverse4>(coefficients, divisors, out, stride_bytes); break;
    case IdctSize::k2: Transform2(coefficients, divisors, out, stride_bytes); break;
    case IdctSize::k1: out[0] = Transform1(coefficients[0], divisors[0]); break;
  }
}

}  // namespace headrace::simd::reference
