// Mixing in place, band by band, against an out-of-place twin.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/rng.h"
#include "simd/blend.h"
#include "tests/unit/loader/mix_batches.h"

namespace headrace::loader {
namespace {

using simd::Dtype;
using simd::Layout;

// A batch of random values that are finite in every type.
std::vector<std::byte> RandomBatch(const BatchShape& shape, uint64_t seed) {
  RandomStream random({.seed = seed, .name = "test"});
  const size_t count = shape.batch_size * shape.sample_elements();
  std::vector<std::byte> batch(count * simd::DtypeBytes(shape.dtype));
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.NextUniform(-3, 3));
  switch (shape.dtype) {
    case Dtype::kU8:
      for (std::byte& byte : batch) byte = static_cast<std::byte>(random.NextBelow(256));
      break;
    case Dtype::kF32: std::memcpy(batch.data(), values.data(), batch.size()); break;
    case Dtype::kF16:
      simd::F32ToF16(values.data(), reinterpret_cast<uint16_t*>(batch.data()), count);
      break;
    case Dtype::kBF16:
      simd::F32ToBF16(values.data(), reinterpret_cast<uint16_t*>(batch.data()), count);
      break;
  }
  return batch;
}

bool InBox(const RectPx& box, uint32_t y, uint32_t x) {
  return y >= box.y && y < box.y + box.height && x >= box.x && x < box.x + box.width;
}

// Each sample from copies of itself and its partner.
std::vector<std::byte> MixedOutOfPlace(const BatchShape& shape, const Drawn& drawn,
                                       const std::vector<std::byte>& batch) {
  std::vector<std::byte> mixed = batch;
  const size_t bytes = shape.sample_bytes();
  const size_t element = simd::DtypeBytes(shape.dtype);
  for (size_t i = 0; i < drawn.partner.size(); ++i) {
    const auto j = static_cast<size_t>(drawn.partner[i]);
    if (j == i) continue;
    std::byte* own = mixed.data() + i * bytes;
    const std::byte* other = batch.data() + j * bytes;
    if (drawn.mix.kind == MixKind::kMixup) {
      simd::BlendInPlace(shape.dtype, own, other, drawn.lambda[i], shape.sample_elements());
      continue;
    }
    for (uint32_t c = 0; c < shape.channels; ++c) {
      for (uint32_t y = 0; y < shape.height; ++y) {
        for (uint32_t x = 0; x < shape.width; ++x) {
          if (!InBox(drawn.mix.box[i], y, x)) continue;
          const size_t at = shape.layout == Layout::kNchw
                                ? (size_t{c} * shape.height + y) * shape.width + x
                                : (size_t{y} * shape.width + x) * shape.channels + c;
          std::memcpy(own + at * element, other + at * element, element);
        }
      }
    }
  }
  return mixed;
}

std::vector<std::byte> MixedInBands(const Mixer& mixer, const Drawn& drawn,
                                    std::vector<std::byte> batch, uint32_t bands) {
  Scratch scratch(mixer);
  // Backwards: no band may rest on an earlier one.
  for (uint32_t band = bands; band-- > 0;) {
    mixer.ApplyBand(drawn.mix, batch.data(), static_cast<uint32_t>(drawn.partner.size()), band,
                    bands, scratch.span());
  }
  EXPECT_TRUE(scratch.GuardIsWhole());
  return batch;
}

class MixInPlaceTest : public ::testing::TestWithParam<std::tuple<Dtype, Layout>> {};

TEST_P(MixInPlaceTest, EqualsMixingFromCopiesWithAnyNumberOfBands) {
  const auto [dtype, layout] = GetParam();
  int moved = 0;
  for (uint64_t seed = 0; seed < 36; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomStream random({.seed = seed, .name = "shape"});
    const uint32_t batch_size = 2 + random.NextBelow(9);
    const BatchShape shape = Shape(batch_size, 1 + random.NextBelow(30), 1 + random.NextBelow(40),
                                   dtype, layout, random.NextBelow(2) == 0 ? 1 : 3);
    MixConfig entry = Entry(seed % 2 == 0 ? "mixup" : "cutmix", 1.0);
    entry.partner = static_cast<MixPartner>(seed % 3);
    if (seed % 4 == 1) entry.minmax = Range{0.3, 1.0};
    const auto mixer = MakeMixer({entry}, shape);
    std::vector<uint8_t> valid(batch_size, 1);
    if (seed % 5 == 0) valid[random.NextBelow(batch_size)] = 0;
    const Drawn drawn = DrawBatch(*mixer, batch_size, seed, valid);
    const std::vector<std::byte> batch = RandomBatch(shape, seed);
    const std::vector<std::byte> expected = MixedOutOfPlace(shape, drawn, batch);
    for (const uint32_t bands : {1u, 2u, 3u, 7u, 64u}) {
      ASSERT_TRUE(MixedInBands(*mixer, drawn, batch, bands) == expected) << bands << " bands";
    }
    moved += expected != batch ? 1 : 0;
  }
  EXPECT_GT(moved, 20);
}

INSTANTIATE_TEST_SUITE_P(AllTypes, MixInPlaceTest,
                         ::testing::Combine(::testing::Values(Dtype::kU8, Dtype::kF16, Dtype::kBF16,
                                                              Dtype::kF32),
                                            ::testing::Values(Layout::kNchw, Layout::kNhwc)));

// Rows longer than the runs that are mixed at a time.
TEST(MixApplyTest, LongRowsAreMixedInPieces) {
  for (const char* op : {"mixup", "cutmix"}) {
    MixConfig entry = Entry(op, 1.0);
    if (entry.op == "cutmix") entry.minmax = Range{0.9, 1.0};
    const BatchShape shape = Shape(3, 4, 9001, Dtype::kF32, Layout::kNhwc);
    const auto mixer = MakeMixer({entry}, shape);
    const Drawn drawn = DrawBatch(*mixer, 3, 2);
    const std::vector<std::byte> batch = RandomBatch(shape, 4);
    EXPECT_TRUE(MixedInBands(*mixer, drawn, batch, 2) == MixedOutOfPlace(shape, drawn, batch));
  }
}

std::vector<float> Floats(const std::vector<std::byte>& batch) {
  std::vector<float> values(batch.size() / sizeof(float));
  std::memcpy(values.data(), batch.data(), batch.size());
  return values;
}

TEST(MixApplyTest, MixupIsTheWeightedSumInFloat) {
  const BatchShape shape = Shape(4, 6, 7);
  const auto mixer = MakeMixer({Entry("mixup", 1.0)}, shape);
  const Drawn drawn = DrawBatch(*mixer, 4, 3);
  const std::vector<std::byte> batch = RandomBatch(shape, 1);
  const std::vector<float> before = Floats(batch);
  const std::vector<float> after = Floats(MixedInBands(*mixer, drawn, batch, 2));
  const size_t n = shape.sample_elements();
  for (size_t i = 0; i < 4; ++i) {
    const size_t j = (i + 3) % 4;  // roll: the sample before
    for (size_t e = 0; e < n; ++e) {
      const float own = drawn.lambda[0] * before[i * n + e];
      const float other = (1.0f - drawn.lambda[0]) * before[j * n + e];
      ASSERT_EQ(after[i * n + e], own + other);
    }
  }
}

TEST(MixApplyTest, MixupKeepsTheSumOfTheBatch) {
  const BatchShape shape = Shape(8, 16, 16);
  const auto mixer = MakeMixer({Entry("mixup", 1.0)}, shape);
  const std::vector<std::byte> batch = RandomBatch(shape, 1);
  const auto sum = [](const std::vector<float>& values) {
    double total = 0;
    for (const float value : values) total += value;
    return total;
  };
  const std::vector<float> after = Floats(MixedInBands(*mixer, DrawBatch(*mixer, 8, 1), batch, 1));
  // 6144 sums, each off by at most an ulp of 3.
  EXPECT_NEAR(sum(after), sum(Floats(batch)), 6144 * 2.4e-7);
}

TEST(MixApplyTest, BytesAreTheFloatResultRounded) {
  const BatchShape shape = Shape(5, 9, 8, Dtype::kU8, Layout::kNhwc);
  const auto mixer = MakeMixer({Entry("mixup", 1.0)}, shape);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Drawn drawn = DrawBatch(*mixer, 5, seed);
    const std::vector<std::byte> batch = RandomBatch(shape, seed);
    const std::vector<std::byte> after = MixedInBands(*mixer, drawn, batch, 1);
    const size_t n = shape.sample_elements();
    for (size_t e = 0; e < batch.size(); ++e) {
      const size_t partner = (e / n + 4) % 5 * n + e % n;
      const double lam = drawn.lambda[0];
      const double exact =
          lam * std::to_integer<int>(batch[e]) + (1 - lam) * std::to_integer<int>(batch[partner]);
      ASSERT_NEAR(std::to_integer<int>(after[e]), exact, 0.5 + 1e-4);
    }
  }
}

TEST(MixApplyTest, AShareOfOneLeavesTheBatchAlone) {
  const BatchShape shape = Shape(4, 8, 8);
  // Beta(0.01) is within rounding of 0 or 1 nearly always.
  const auto mixer = MakeMixer({Entry("mixup", 0.01)}, shape);
  int ones = 0;
  int zeros = 0;
  for (uint64_t b = 0; b < 100; ++b) {
    const Drawn drawn = DrawBatch(*mixer, 4, b);
    const std::vector<std::byte> batch = RandomBatch(shape, b);
    const std::vector<std::byte> after = MixedInBands(*mixer, drawn, batch, 1);
    if (drawn.lambda[0] == 1.0f) {
      ++ones;
      ASSERT_TRUE(after == batch);
      ASSERT_EQ(drawn.partner, (std::vector<int32_t>{0, 1, 2, 3}));
      ASSERT_EQ(drawn.lambda, (std::vector<float>{1, 1, 1, 1}));
    }
    if (drawn.lambda[0] == 0.0f) {
      ++zeros;
      const size_t bytes = shape.sample_bytes();
      ASSERT_EQ(std::memcmp(after.data() + bytes, batch.data(), bytes), 0);
    }
  }
  EXPECT_GT(ones, 10);
  EXPECT_GT(zeros, 5);
}

TEST(MixApplyTest, CutMixMovesExactlyTheCorrectedShareOfPixels) {
  const BatchShape shape = Shape(3, 19, 23, Dtype::kU8, Layout::kNchw);
  const auto mixer = MakeMixer({Entry("cutmix", 1.0)}, shape);
  for (uint64_t b = 0; b < 200; ++b) {
    const Drawn drawn = DrawBatch(*mixer, 3, b);
    std::vector<std::byte> batch(3 * shape.sample_bytes());
    const size_t n = shape.sample_bytes();
    for (size_t i = 0; i < batch.size(); ++i) batch[i] = static_cast<std::byte>(i / n);
    const std::vector<std::byte> after = MixedInBands(*mixer, drawn, batch, 3);
    for (size_t i = 0; i < 3; ++i) {
      const auto foreign = std::count(after.begin() + static_cast<ptrdiff_t>(i * n),
                                      after.begin() + static_cast<ptrdiff_t>((i + 1) * n),
                                      static_cast<std::byte>((i + 2) % 3));
      const double pixels = (1.0 - static_cast<double>(drawn.lambda[i])) * 19 * 23;
      ASSERT_EQ(foreign, 3 * std::llround(pixels));
      ASSERT_NEAR(pixels, std::round(pixels), 1e-3);
    }
  }
}

TEST(MixApplyTest, AnUnmixedBatchKeepsItsBytes) {
  MixConfig entry = Entry("mixup", 1.0);
  entry.p = 0;
  const BatchShape shape = Shape(4, 8, 8);
  const auto mixer = MakeMixer({entry}, shape);
  const std::vector<std::byte> batch = RandomBatch(shape, 1);
  const Drawn drawn = DrawBatch(*mixer, 4, 1);
  EXPECT_EQ(drawn.mix.entry, -1);
  EXPECT_TRUE(MixedInBands(*mixer, drawn, batch, 2) == batch);
}

}  // namespace
}  // namespace headrace::loader
