#include "simd/point.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <numeric>

#include "simd/reference_colour.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

class PointOnTarget : public EveryTarget {
 protected:
  // Calls check(size, channels, padding) for sizes around those of vectors, and some pictures.
  template <class Check>
  void ForEachShape(const Check& check) const {
    const uint32_t step = has_one_lane() ? 17 : 1;
    for (const uint32_t channels : {1u, 3u}) {
      for (uint32_t width = 1; width <= 4 * 64 + 3; width += step) {
        check(SizePx{width, 2}, channels, width % 5);
        if (testing::Test::HasFatalFailure()) return;
      }
      for (const SizePx size : {SizePx{1, 1}, {1, 7}, {7, 1}, {2, 2}, {3, 3}, {17, 31}, {224, 9}}) {
        for (const size_t padding : {size_t{0}, size_t{13}}) {
          check(size, channels, padding);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
};
HEADRACE_ON_EVERY_TARGET(PointOnTarget);

PointTables RandomTables(uint32_t seed, bool same) {
  std::mt19937 random(seed);
  PointTables tables;
  tables.same = same;
  for (auto& table : tables.of) {
    for (uint8_t& entry : table) entry = static_cast<uint8_t>(random());
  }
  if (same) {
    for (size_t c = 1; c < 3; ++c) std::memcpy(tables.of[c], tables.of[0], 256);
  }
  return tables;
}

TEST_P(PointOnTarget, ApplyTablesEqualsItsTwin) {
  ForEachShape([](SizePx size, uint32_t channels, size_t padding) {
    for (const bool same : {false, true}) {
      const PointTables tables = RandomTables(size.width, same);
      GuardedPicture source(size, channels, padding);
      FillTestPicture(source.view(), size.width);
      GuardedPicture got(size, channels, padding % 3);
      GuardedPicture wanted(size, channels);
      ApplyTables(source.view(), tables, got.view());
      reference::ApplyTables(source.view(), tables, wanted.view());
      ASSERT_EQ(got.Dense(), wanted.Dense()) << size.width << " x " << channels << " " << same;
      ASSERT_TRUE(got.GuardsAreIntact());
      ApplyTables(source.view(), tables, source.view());
      ASSERT_EQ(source.Dense(), wanted.Dense()) << "in place: " << size.width << " x " << channels;
      ASSERT_TRUE(source.GuardsAreIntact());
    }
  });
}

TEST_P(PointOnTarget, EveryEntryOfATableIsFound) {
  const PointTables tables = RandomTables(1, false);
  for (uint32_t turn = 0; turn < 192; ++turn) {
    GuardedPicture source({256, 1}, 3);
    for (uint32_t i = 0; i < 768; ++i) {
      source.view().data[i] = static_cast<uint8_t>(i / 3 + turn);
    }
    GuardedPicture wanted({256, 1}, 3);
    reference::ApplyTables(source.view(), tables, wanted.view());
    ApplyTables(source.view(), tables, source.view());
    ASSERT_EQ(source.Dense(), wanted.Dense()) << turn;
  }
}

TEST_P(PointOnTarget, CountValuesEqualsItsTwin) {
  ForEachShape([](SizePx size, uint32_t channels, size_t padding) {
    GuardedPicture source(size, channels, padding);
    FillTestPicture(source.view(), size.width);
    ChannelHistograms got, wanted;
    CountValues(source.view(), &got);
    reference::CountValues(source.view(), &wanted);
    ASSERT_EQ(std::memcmp(&got, &wanted, sizeof got), 0) << size.width << " x " << channels;
  });
}

TEST_P(PointOnTarget, FindMinMaxEqualsItsTwin) {
  ForEachShape([](SizePx size, uint32_t channels, size_t padding) {
    GuardedPicture source(size, channels, padding);
    FillTestPicture(source.view(), size.width);
    // Away from the ends, so that one wrong byte (a guard is 0xA5) shows.
    PointTables squeeze;
    for (uint32_t i = 0; i < 256; ++i) squeeze.of[0][i] = static_cast<uint8_t>(20 + i / 2);
    reference::ApplyTables(source.view(), squeeze, source.view());
    uint8_t low[3], high[3], low_wanted[3], high_wanted[3];
    FindMinMax(source.view(), low, high);
    reference::FindMinMax(source.view(), low_wanted, high_wanted);
    for (size_t c = 0; c < 3; ++c) {
      ASSERT_EQ(low[c], low_wanted[c]) << size.width << " x " << channels << " channel " << c;
      ASSERT_EQ(high[c], high_wanted[c]) << size.width << " x " << channels << " channel " << c;
    }
  });
}

TEST_P(PointOnTarget, FindMinMaxSeesEveryByte) {
  for (uint32_t at = 0; at < 300 * 3; ++at) {
    GuardedPicture picture({300, 1}, 3);
    std::fill_n(picture.view().data, 900, uint8_t{100});
    picture.view().data[at] = 7;
    uint8_t low[3], high[3];
    FindMinMax(picture.view(), low, high);
    for (uint32_t c = 0; c < 3; ++c) ASSERT_EQ(low[c], c == at % 3 ? 7 : 100) << at;
    picture.view().data[at] = 200;
    FindMinMax(picture.view(), low, high);
    for (uint32_t c = 0; c < 3; ++c) ASSERT_EQ(high[c], c == at % 3 ? 200 : 100) << at;
  }
}

TEST_P(PointOnTarget, GraySumEqualsItsTwin) {
  ForEachShape([](SizePx size, uint32_t channels, size_t padding) {
    GuardedPicture source(size, channels, padding);
    FillTestPicture(source.view(), size.width);
    ASSERT_EQ(GraySum(source.view()), reference::GraySum(source.view()))
        << size.width << " x " << channels;
  });
}

TEST_P(PointOnTarget, GraySumIsExactForEveryColour) {
  // One red value a picture: a wrong pixel cannot hide, as neighbours differ in blue alone and sums
  // of each row are compared.
  const uint32_t step = has_one_lane() ? 51 : 1;
  std::vector<uint8_t> row(256 * 3);
  for (uint32_t r = 0; r < 256; r += step) {
    for (uint32_t g = 0; g < 256; ++g) {
      for (uint32_t b = 0; b < 256; ++b) {
        row[3 * b] = static_cast<uint8_t>(r);
        row[3 * b + 1] = static_cast<uint8_t>(g);
        row[3 * b + 2] = static_cast<uint8_t>(b);
      }
      const ConstImageView view = {row.data(), 256, 1, 3, row.size()};
      ASSERT_EQ(GraySum(view), reference::GraySum(view)) << r << " " << g;
    }
  }
}

TEST(PointTest, GrayOfPrimariesIsWhatPillowSays) {
  const std::array<std::array<uint8_t, 4>, 4> colours = {
      {{255, 0, 0, 76}, {0, 255, 0, 150}, {0, 0, 255, 29}, {255, 255, 255, 255}}};
  for (const auto& colour : colours) {
    EXPECT_EQ(GraySum({colour.data(), 1, 1, 3, 3}), colour[3]);
  }
}

}  // namespace
}  // namespace headrace::simd
