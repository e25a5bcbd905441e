// Arithmetic on numbers that came from a file or a configuration: overflow is a value, not a wrap.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

namespace headrace {

template <std::unsigned_integral T>
constexpr std::optional<T> CheckedMul(T a, T b) {
  T out;
  if (__builtin_mul_overflow(a, b, &out)) return std::nullopt;
  return out;
}

template <std::unsigned_integral T>
constexpr std::optional<T> CheckedAdd(T a, T b) {
  T out;
  if (__builtin_add_overflow(a, b, &out)) return std::nullopt;
  return out;
}

// Saturating forms, for sums that are compared with a bound afterwards.
constexpr uint64_t SaturatingMul(uint64_t a, uint64_t b) {
  return CheckedMul(a, b).value_or(UINT64_MAX);
}
constexpr uint64_t SaturatingAdd(uint64_t a, uint64_t b) {
  return CheckedAdd(a, b).value_or(UINT64_MAX);
}

// `value` rounded up to a multiple of `step`, a power of two. Saturates.
constexpr uint64_t RoundUp(uint64_t value, uint64_t step) {
  const uint64_t sum = SaturatingAdd(value, step - 1);
  return sum & ~(step - 1);
}

}  // namespace headrace
