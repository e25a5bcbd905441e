#include "simd/convert.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "simd/half.h"
#include "simd/reference.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

constexpr double kMean[3] = {0.485, 0.456, 0.406};
constexpr double kStd[3] = {0.229, 0.224, 0.225};
constexpr Dtype kDtypes[] = {Dtype::kU8, Dtype::kF16, Dtype::kBF16, Dtype::kF32};

// The output's bytes, with a guard behind them that must survive.
template <class Function>
std::vector<uint8_t> Output(const ConstImageView& source, Dtype dtype, const Function& convert) {
  const size_t bytes = source.row_bytes() * source.height * DtypeBytes(dtype);
  std::vector<uint8_t> out(bytes + 64, 0xA5);
  convert(out.data());
  EXPECT_EQ(std::vector<uint8_t>(64, 0xA5), std::vector<uint8_t>(out.end() - 64, out.end()));
  out.resize(bytes);
  return out;
}

class ConvertOnTarget : public EveryTarget {
 protected:
  static void ExpectTwin(const ConstImageView& source, FlipColumns flip,
                         const ConvertTable& table) {
    const auto got =
        Output(source, table.dtype, [&](void* out) { Convert(source, flip, table, out); });
    const auto wanted = Output(source, table.dtype,
                               [&](void* out) { reference::Convert(source, flip, table, out); });
    ASSERT_EQ(got, wanted) << source.width << "x" << source.height << " channels "
                           << source.channels << " dtype " << static_cast<int>(table.dtype)
                           << " layout " << static_cast<int>(table.layout) << " flip "
                           << static_cast<int>(flip) << " split " << table.split_is_exact;
  }
};
HEADRACE_ON_EVERY_TARGET(ConvertOnTarget);

TEST_P(ConvertOnTarget, EqualsItsTwinAtEveryWidth) {
  for (const uint32_t channels : {1u, 3u}) {
    for (const Dtype dtype : kDtypes) {
      for (const Layout layout : {Layout::kNchw, Layout::kNhwc}) {
        const ConvertTable table = MakeConvertTable(dtype, layout, channels, kMean, kStd);
        for (uint32_t width = 1; width <= 4 * 16 + 3; ++width) {
          GuardedPicture source({width, 3}, channels, width % 4 * 5);
          FillTestPicture(source.view(), width);
          ExpectTwin(source.view(), FlipColumns::kNo, table);
          ExpectTwin(source.view(), FlipColumns::kYes, table);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(ConvertOnTarget, EqualsItsTwinOnRowsLongerThanAPiece) {
  for (const uint32_t channels : {1u, 3u}) {
    for (const Dtype dtype : kDtypes) {
      for (const Layout layout : {Layout::kNchw, Layout::kNhwc}) {
        const ConvertTable table = MakeConvertTable(dtype, layout, channels, kMean, kStd);
        GuardedPicture source({601, 2}, channels, 11);
        FillTestPicture(source.view(), 3);
        ExpectTwin(source.view(), FlipColumns::kNo, table);
        ExpectTwin(source.view(), FlipColumns::kYes, table);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(ConvertOnTarget, EqualsTheTableWithAndWithoutTheSplit) {
  const uint32_t seed = PropertySeed();
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> mean(-0.2, 1.2), std(0.02, 2);
  GuardedPicture source({256, 1}, 3);
  for (uint32_t i = 0; i < 768; ++i) source.view().Row(0)[i] = static_cast<uint8_t>(i / 3);
  for (int i = 0; i < 200; ++i) {
    const double means[3] = {mean(random), std::round(mean(random) * 100) / 100, 0.6};
    const double stds[3] = {std(random), std(random), std(random)};
    ConvertTable table =
        MakeConvertTable(Dtype::kF32, i % 2 ? Layout::kNchw : Layout::kNhwc, 3, means, stds);
    SCOPED_TRACE("HEADRACE_TEST_SEED=" + std::to_string(seed));
    ExpectTwin(source.view(), FlipColumns::kNo, table);
    table.split_is_exact = false;
    ExpectTwin(source.view(), FlipColumns::kNo, table);
    if (HasFatalFailure()) return;
  }
}

// Every pattern of an f32's upper half, with lower halves around the ties; no NaN.
std::vector<float> FloatsAroundTies() {
  std::vector<float> floats;
  for (uint32_t high = 0; high < 65536; ++high) {
    for (const uint32_t low : {0u, 1u, 0x0FFFu, 0x1000u, 0x1001u, 0x2FFFu, 0x3000u, 0x7FFFu,
                               0x8000u, 0x8001u, 0xFFFFu}) {
      const auto value = std::bit_cast<float>(high << 16 | low);
      if (!std::isnan(value)) floats.push_back(value);
    }
  }
  return floats;
}

TEST_P(ConvertOnTarget, HalvesEqualNumpy) {
  uint32_t f16_crc = 0, bf16_crc = 0, f32_crc = 0;
  for (const std::string& line : GoldenLines("convert_golden.tsv")) {
    std::istringstream fields(line);
    std::string name;
    double mean = 0, std = 0;
    fields >> name >> mean >> std;
    if (name == "all") fields >> std::hex >> f16_crc >> bf16_crc >> f32_crc;
  }
  ASSERT_NE(f16_crc, 0u);
  const std::vector<float> floats = FloatsAroundTies();
  std::vector<uint16_t> halves(floats.size());
  F32ToF16(floats.data(), halves.data(), floats.size());
  EXPECT_EQ(Crc32(halves.data(), halves.size() * 2), f16_crc);
  F32ToBF16(floats.data(), halves.data(), floats.size());
  EXPECT_EQ(Crc32(halves.data(), halves.size() * 2), bf16_crc);

  std::vector<uint16_t> all;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    if ((bits & 0x7FFF) <= 0x7C00) all.push_back(static_cast<uint16_t>(bits));
  }
  std::vector<float> back(all.size());
  F16ToF32(all.data(), back.data(), all.size());
  EXPECT_EQ(Crc32(back.data(), back.size() * 4), f32_crc);
}

TEST_P(ConvertOnTarget, HalvesEqualTheirTwinsForNotANumberAndAtEveryCount) {
  std::vector<uint16_t> halves(65536);
  for (uint32_t i = 0; i < 65536; ++i) halves[i] = static_cast<uint16_t>(i);
  const auto floats_equal = [](const std::vector<float>& a, const std::vector<float>& b) {
    return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
  };
  std::vector<float> got(65536), wanted(65536);
  F16ToF32(halves.data(), got.data(), 65536);
  reference::F16ToF32(halves.data(), wanted.data(), 65536);
  EXPECT_TRUE(floats_equal(got, wanted));
  BF16ToF32(halves.data(), got.data(), 65536);
  reference::BF16ToF32(halves.data(), wanted.data(), 65536);
  EXPECT_TRUE(floats_equal(got, wanted));

  std::vector<float> nans;
  for (uint32_t i = 1; i < 80; ++i) {
    nans.push_back(std::bit_cast<float>(0x7F800000 | i * 0x1A2B3 % 0x7FFFFF | (i & 1) << 31));
  }
  for (size_t count = 0; count <= nans.size(); ++count) {
    std::vector<uint16_t> out(count + 1, 0xA5A5), twin(count + 1, 0xA5A5);
    F32ToF16(nans.data(), out.data(), count);
    reference::F32ToF16(nans.data(), twin.data(), count);
    ASSERT_EQ(out, twin);
    F32ToBF16(nans.data(), out.data(), count);
    reference::F32ToBF16(nans.data(), twin.data(), count);
    ASSERT_EQ(out, twin);
  }
}

TEST(ConvertTest, TablesEqualNumpy) {
  size_t seen = 0;
  for (const std::string& line : GoldenLines("convert_golden.tsv")) {
    std::istringstream fields(line);
    std::string name;
    double mean = 0, std = 0;
    uint32_t f32_crc = 0, f16_crc = 0, bf16_crc = 0;
    fields >> name >> mean >> std >> std::hex >> f32_crc >> f16_crc >> bf16_crc;
    ASSERT_TRUE(fields) << line;
    if (name == "all") continue;
    ++seen;
    const ConvertTable f16 = MakeConvertTable(Dtype::kF16, Layout::kNchw, 1, &mean, &std);
    const ConvertTable bf16 = MakeConvertTable(Dtype::kBF16, Layout::kNchw, 1, &mean, &std);
    EXPECT_EQ(Crc32(f16.f32[0], sizeof(f16.f32[0])), f32_crc) << name;
    EXPECT_EQ(Crc32(f16.half[0], sizeof(f16.half[0])), f16_crc) << name;
    EXPECT_EQ(Crc32(bf16.half[0], sizeof(bf16.half[0])), bf16_crc) << name;
  }
  EXPECT_GE(seen, 10u);
}

TEST(ConvertTest, TheUsualConstantsNeedNoLookup) {
  EXPECT_TRUE(MakeConvertTable(Dtype::kF32, Layout::kNchw, 3, kMean, kStd).split_is_exact);
  EXPECT_TRUE(MakeConvertTable(Dtype::kF32, Layout::kNchw, 3, nullptr, nullptr).split_is_exact);
  const double half[3] = {0.5, 0.5, 0.5};
  EXPECT_TRUE(MakeConvertTable(Dtype::kF32, Layout::kNchw, 3, half, half).split_is_exact);
}

TEST(ConvertTest, WithoutMeanAndDeviationFloatsAreTrueQuotients) {
  const ConvertTable table = MakeConvertTable(Dtype::kF32, Layout::kNchw, 1, nullptr, nullptr);
  for (int v = 0; v < 256; ++v) {
    EXPECT_EQ(table.f32[0][v], static_cast<float>(v) / 255.0f) << v;
  }
}

TEST(HalfTest, TheLargestFiniteHalfEndsBelow65520) {
  EXPECT_EQ(HalfOfFloat(65519.0f), 0x7BFF);
  EXPECT_EQ(HalfOfFloat(65520.0f), 0x7C00);
  EXPECT_EQ(HalfOfFloat(-1e30f), 0xFC00);
}

TEST(HalfTest, DenormalsAreKeptAndRoundHalfToEven) {
  EXPECT_EQ(HalfOfFloat(0x1p-24f), 0x0001);
  EXPECT_EQ(HalfOfFloat(0x1p-25f), 0x0000);
  EXPECT_EQ(HalfOfFloat(0x1.8p-24f), 0x0002);
  EXPECT_EQ(HalfOfFloat(-0x1.8p-25f), 0x8001);
  EXPECT_EQ(FloatOfHalf(0x0001), 0x1p-24f);
}

TEST(HalfTest, ABfloat16NotANumberIsTheQuietOne) {
  EXPECT_EQ(Bfloat16OfFloat(std::numeric_limits<float>::quiet_NaN()), 0x7FC0);
  EXPECT_EQ(Bfloat16OfFloat(std::bit_cast<float>(0xFF800001u)), 0x7FC0);
  EXPECT_EQ(Bfloat16OfFloat(std::numeric_limits<float>::max()), 0x7F80);
}

}  // namespace
}  // namespace headrace::simd
