#include "simd/blend.h"

#include <gtest/gtest.h>

#include <cstring>

#include "simd/half.h"
#include "simd/reference.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

constexpr Dtype kDtypes[] = {Dtype::kU8, Dtype::kF16, Dtype::kBF16, Dtype::kF32};

// Elements of usual size: random bytes, or normalised pixels.
std::vector<uint8_t> Elements(Dtype dtype, size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> real(-3, 3);
  std::vector<uint8_t> bytes(count * DtypeBytes(dtype));
  for (size_t i = 0; i < count; ++i) {
    const float value = real(random);
    const uint16_t half = dtype == Dtype::kF16 ? HalfOfFloat(value) : Bfloat16OfFloat(value);
    switch (dtype) {
      case Dtype::kU8: bytes[i] = static_cast<uint8_t>(random()); break;
      case Dtype::kF32: std::memcpy(&bytes[i * 4], &value, 4); break;
      default: std::memcpy(&bytes[i * 2], &half, 2); break;
    }
  }
  return bytes;
}

class BlendOnTarget : public EveryTarget {};
HEADRACE_ON_EVERY_TARGET(BlendOnTarget);

TEST_P(BlendOnTarget, EqualsItsTwinAtEveryCount) {
  for (const Dtype dtype : kDtypes) {
    for (size_t count = 0; count <= 4 * 64 + 3; ++count) {
      const auto seed = static_cast<uint32_t>(count);
      const float lam = static_cast<float>(count % 17) / 16.3f;
      std::vector<uint8_t> got = Elements(dtype, count + 8, seed);
      std::vector<uint8_t> wanted = got;
      const std::vector<uint8_t> other = Elements(dtype, count + 8, seed + 1000);
      BlendInPlace(dtype, got.data(), other.data(), lam, count);
      reference::BlendInPlace(dtype, wanted.data(), other.data(), lam, count);
      ASSERT_EQ(got, wanted) << "dtype " << static_cast<int>(dtype) << " count " << count;
    }
  }
}

TEST_P(BlendOnTarget, EveryPairOfBytesRoundsHalfToEven) {
  std::vector<uint8_t> first(65536), second(65536);
  for (size_t i = 0; i < 65536; ++i) {
    first[i] = static_cast<uint8_t>(i >> 8);
    second[i] = static_cast<uint8_t>(i);
  }
  for (const float lam : {0.0f, 0.25f, 0.5f, 0.7f, 0.99999994f, 1.0f}) {
    std::vector<uint8_t> got = first;
    std::vector<uint8_t> wanted = first;
    BlendInPlace(Dtype::kU8, got.data(), second.data(), lam, got.size());
    reference::BlendInPlace(Dtype::kU8, wanted.data(), second.data(), lam, got.size());
    ASSERT_EQ(got, wanted) << lam;
  }
  std::vector<uint8_t> halves = {1, 3, 0, 255};
  const std::vector<uint8_t> others = {2, 4, 1, 254};
  BlendInPlace(Dtype::kU8, halves.data(), others.data(), 0.5f, 4);
  EXPECT_EQ(halves, (std::vector<uint8_t>{2, 4, 0, 254}));
}

TEST_P(BlendOnTarget, ProductsAreRoundedBeforeTheyAreAdded) {
  // 1 + 2^-12 squared is not an f32; a fused multiply-add would keep its last bit.
  const float lam = 1.0f + 0x1p-12f;
  std::vector<float> values(40, 1.0f + 0x1p-12f);
  const std::vector<float> others(40, 1.0f);
  BlendInPlace(Dtype::kF32, values.data(), others.data(), lam, values.size());
  const volatile float product = lam * lam;
  const volatile float rest = 1.0f - lam;
  const volatile float sum = product + rest;
  for (const float value : values) EXPECT_EQ(value, sum);
}

TEST_P(BlendOnTarget, AllOfOneLeavesItAsItWas) {
  for (const Dtype dtype : kDtypes) {
    const std::vector<uint8_t> first = Elements(dtype, 301, 1);
    const std::vector<uint8_t> second = Elements(dtype, 301, 2);
    std::vector<uint8_t> inout = first;
    BlendInPlace(dtype, inout.data(), second.data(), 1.0f, 301);
    EXPECT_EQ(inout, first);
    BlendInPlace(dtype, inout.data(), second.data(), 0.0f, 301);
    EXPECT_EQ(inout, second);
  }
}

}  // namespace
}  // namespace headrace::simd
