// One f32 to f16 or bf16 and back, in plain integers. The kernels' twins, and what tables are made
// with.
#pragma once

#include <bit>
#include <cstdint>

namespace headrace::simd {

// Round to nearest even; above 65519.99 is infinite; a NaN keeps its sign and top bits, made quiet.
constexpr uint16_t HalfOfFloat(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t rest = bits & 0x7FFFFFFF;
  if (rest > 0x7F800000) return static_cast<uint16_t>(sign | 0x7E00 | (rest >> 13 & 0x1FF));
  if (rest >= 0x47800000) return static_cast<uint16_t>(sign | 0x7C00);
  uint32_t mantissa = rest;
  uint32_t dropped = 13;
  if (rest < 0x38800000) {  // below 2^-14: a multiple of 2^-24
    const uint32_t exponent = rest >> 23;
    dropped = 126 - exponent;
    if (dropped > 25) return sign;
    mantissa = (rest & 0x7FFFFF) | 0x800000;
  } else {
    mantissa -= 112u << 23;
  }
  const uint32_t half_unit = 1u << (dropped - 1);
  const uint32_t odd = mantissa >> dropped & 1;
  // An exact tie goes up only when the result would be odd; a carry runs into the exponent.
  const uint32_t rounded = (mantissa + half_unit - 1 + odd) >> dropped;
  return static_cast<uint16_t>(sign | rounded);
}

// Exact; a NaN is made quiet.
constexpr float FloatOfHalf(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = half >> 10 & 0x1F;
  const uint32_t mantissa = half & 0x3FF;
  if (exponent == 31) {
    const uint32_t quiet = mantissa != 0 ? 0x400000 : 0;
    return std::bit_cast<float>(sign | 0x7F800000 | quiet | mantissa << 13);
  }
  if (exponent == 0) {
    const float value = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

// Round to nearest even; every NaN is 0x7FC0.
constexpr uint16_t Bfloat16OfFloat(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return 0x7FC0;
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

constexpr float FloatOfBfloat16(uint16_t value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

}  // namespace headrace::simd
