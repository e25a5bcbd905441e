// Restart markers of a file that is trusted: nothing is decoded that need not be, and nothing
// changes.
#include "codecs/jpeg_restarts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "codec_fixture.h"
#include "codecs/jpeg_coefficients.h"
#include "jpeg_maker.h"
#include "jpeg_runner.h"

namespace headrace::codecs {
namespace {

class JpegRestartsTest : public testing::Test {
 protected:
  Outcome Trusted(const RectPx& region) {
    DecodeCheckpoints trust = {.restarts_trusted = true};
    return ours_.Rgb(region, &trust);
  }
  Outcome TrustedPlanes(const PlanesRequest& request) {
    DecodeCheckpoints trust = {.restarts_trusted = true};
    return ours_.Planes(request, &trust);
  }

  // Regions at random, as RGB and as planes.
  void ExpectNoChange(std::span<const std::byte> file, std::mt19937& random, int rounds) {
    ASSERT_TRUE(ours_.ReadHeader(file).ok());
    for (int i = 0; i < rounds; ++i) {
      const RectPx region =
          i == 0 ? RectPx{0, 0, ours_.info().upright.width, ours_.info().upright.height}
                 : RandomRegion(random, ours_.info().upright);
      SCOPED_TRACE(testing::Message() << "region " << region.x << "," << region.y << " "
                                      << region.width << "x" << region.height);
      const Outcome rgb = Trusted(region);
      ASSERT_TRUE(rgb.status.ok()) << rgb.status.text();
      EXPECT_FALSE(rgb.report.by_library);
      ASSERT_EQ(rgb.samples == ours_.Rgb(region).samples, true);
      if (!ours_.info().planar) continue;
      const PlanesRequest request = {region, 1u << random() % 4};
      const Outcome planes = TrustedPlanes(request);
      ASSERT_TRUE(planes.status.ok()) << planes.status.text();
      EXPECT_FALSE(planes.report.by_library);
      ASSERT_EQ(planes.samples == ours_.Planes(request).samples, true);
    }
  }

  JpegRunner ours_{JpegPath::kOurs};
};

TEST_F(JpegRestartsTest, ChangeNoPixelOfGeneratedPictures) {
  std::mt19937 random(601);
  for (int i = 0; i < 600; ++i) {
    JpegRecipe recipe = RandomJpegRecipe(random, i % 5 == 0 ? 400 : 120);
    // From shorter than a row to longer than the picture.
    recipe.restart_interval = 1 + static_cast<int>(random() % (i % 4 == 0 ? 100 : 9));
    SCOPED_TRACE(recipe.Text());
    ExpectNoChange(MakeJpeg(recipe), random, 6);
    if (HasFatalFailure()) return;
  }
}

TEST_F(JpegRestartsTest, ChangeNoPixelOfPackedPhotographs) {
  if (!HasSamples("imagenet-mini")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  std::mt19937 random(602);
  uint32_t count = 0;
  for (const TableRow& row :
       ReadTable(std::string(HEADRACE_DATA_DIR) + "/imagenet-mini/manifest.tsv")) {
    if (count++ % 4 != 0) continue;
    SCOPED_TRACE(row.at("file"));
    JpegCoefficientImage image;
    if (!ReadJpegCoefficients(ReadSample("imagenet-mini/" + row.at("file")), Limits(), &image)
             .ok()) {
      continue;
    }
    std::vector<std::byte> packed;
    ASSERT_TRUE(
        WriteJpeg(image, {.restart_mcus = 4 + static_cast<uint32_t>(random() % 5)}, &packed).ok());
    ExpectNoChange(packed, random, 4);
    if (HasFatalFailure()) return;
  }
}

// Where the pixels of a file's segments lie.
class SegmentMap {
 public:
  SegmentMap(const JpegRecipe& recipe, const Bytes& file, size_t data) : recipe_(recipe) {
    for (size_t i = data; i + 1 < file.size(); ++i) {
      const auto second = std::to_integer<uint32_t>(file[i + 1]);
      if (file[i] == std::byte{0xFF} && second >= 0xD0 && second <= 0xD7) markers_.push_back(i);
    }
    const bool grey = recipe.colour == JpegRecipe::Colour::kGrey;
    mcu_ = {8u * static_cast<uint32_t>(grey ? 1 : recipe.across[0]),
            8u * static_cast<uint32_t>(grey ? 1 : recipe.down[0])};
  }

  uint32_t SegmentOfByte(size_t at) const {
    return static_cast<uint32_t>(std::upper_bound(markers_.begin(), markers_.end(), at) -
                                 markers_.begin());
  }

  // Whether the pixel, or one next to it that doubling takes into it, is of that segment.
  bool Touches(uint32_t x, uint32_t y, uint32_t segment) const {
    for (uint32_t dy = 0; dy <= 4; ++dy) {
      for (uint32_t dx = 0; dx <= 4; ++dx) {
        const uint32_t column = std::min((x + dx >= 2 ? x + dx - 2 : 0), recipe_.width - 1);
        const uint32_t row = std::min((y + dy >= 2 ? y + dy - 2 : 0), recipe_.height - 1);
        const uint32_t across = (recipe_.width + mcu_.width - 1) / mcu_.width;
        const uint32_t mcu = row / mcu_.height * across + column / mcu_.width;
        if (mcu / static_cast<uint32_t>(recipe_.restart_interval) == segment) return true;
      }
    }
    return false;
  }

 private:
  const JpegRecipe recipe_;
  SizePx mcu_;
  std::vector<size_t> markers_;
};

// Damage somewhere: it is passed over, and nothing of it shows; or it is noticed, and then a decode
// from the start says what the file is worth; or it shows in its own segment, of which the end was
// not needed.
TEST_F(JpegRestartsTest, DamageIsPassedOverOrNoticedOrStaysInItsSegment) {
  std::mt19937 random(603);
  uint32_t passed_over = 0;
  uint32_t noticed = 0;
  for (int i = 0; i < 40; ++i) {
    JpegRecipe recipe = RandomJpegRecipe(random, 90);
    recipe.width += 50;
    recipe.height += 30;
    recipe.restart_interval = 1 + static_cast<int>(random() % 6);
    SCOPED_TRACE(recipe.Text());
    const Bytes file = MakeJpeg(recipe);
    ASSERT_TRUE(ours_.ReadHeader(file).ok());
    const std::byte scan[] = {std::byte{0xFF}, std::byte{0xDA}};
    const auto data = static_cast<size_t>(std::search(file.begin(), file.end(), scan, scan + 2) -
                                          file.begin() + 14);
    const RectPx region = RandomRegion(random, ours_.info().upright);
    const SegmentMap map(recipe, file, data);
    const std::vector<uint8_t> clean = ours_.Rgb(region).samples;
    for (int j = 0; j < 150; ++j) {
      Bytes damaged = file;
      const size_t at = data + random() % (file.size() - data);
      switch (random() % 4) {
        case 0: damaged[at] ^= static_cast<std::byte>(1u << random() % 8); break;
        case 1: damaged[at] = static_cast<std::byte>(0xD0 + random() % 8); break;
        case 2: damaged[at] = std::byte{0xFF}; break;
        default: damaged.erase(damaged.begin() + static_cast<ptrdiff_t>(at)); break;
      }
      SCOPED_TRACE(testing::Message() << "damage " << j << " at " << at);
      if (!ours_.ReadHeader(damaged).ok()) continue;
      const Outcome from_start = ours_.Rgb(region);
      const Outcome trusted = Trusted(region);
      if (trusted.status.ok() && trusted.samples == clean) {
        passed_over += from_start.status.ok() && from_start.samples == clean ? 0 : 1;
        continue;
      }
      if (!trusted.status.ok() || from_start.status.ok()) {
        ++noticed;
        ASSERT_EQ(trusted.status.code(), from_start.status.code());
        ASSERT_EQ(trusted.samples == from_start.samples, true);
        continue;
      }
      ASSERT_EQ(trusted.samples.size(), clean.size());
      for (size_t k = 0; k < clean.size(); ++k) {
        if (trusted.samples[k] == clean[k]) continue;
        const auto pixel = static_cast<uint32_t>(k / 3);
        ASSERT_TRUE(map.Touches(region.x + pixel % region.width, region.y + pixel / region.width,
                                map.SegmentOfByte(at)));
      }
    }
  }
  EXPECT_GT(passed_over, 100u);
  EXPECT_GT(noticed, 100u);
}

TEST_F(JpegRestartsTest, MarkersThatAreMissingOrMadeUpAreNoticed) {
  JpegRecipe recipe;
  recipe.width = 300;
  recipe.height = 60;
  recipe.restart_interval = 5;
  const Bytes file = MakeJpeg(recipe);
  std::vector<size_t> markers;
  for (size_t i = 0; i + 1 < file.size(); ++i) {
    const auto second = std::to_integer<uint32_t>(file[i + 1]);
    if (file[i] == std::byte{0xFF} && second >= 0xD0 && second <= 0xD7) markers.push_back(i);
  }
  ASSERT_GT(markers.size(), 40u);
  const RectPx last_rows = {200, 40, 90, 20};
  for (const size_t at : markers) {
    SCOPED_TRACE(at);
    for (const uint32_t value : {0x00u, 0xD0u, 0xD3u, 0xD7u, 0xFFu, 0xD9u}) {
      Bytes changed = file;
      if (changed[at + 1] == static_cast<std::byte>(value)) continue;
      changed[at + 1] = static_cast<std::byte>(value);
      ASSERT_TRUE(ours_.ReadHeader(changed).ok());
      const Outcome from_start = ours_.Rgb(last_rows);
      const Outcome trusted = Trusted(last_rows);
      ASSERT_EQ(trusted.status.code(), from_start.status.code());
      ASSERT_EQ(trusted.samples == from_start.samples, true);
    }
  }
}

TEST_F(JpegRestartsTest, NothingIsPassedOverWithoutTrust) {
  JpegRecipe recipe;
  recipe.width = 300;
  recipe.height = 60;
  recipe.restart_interval = 5;
  Bytes file = MakeJpeg(recipe);
  const std::byte marker[] = {std::byte{0xFF}, std::byte{0xD0}};
  const auto first = std::search(file.begin(), file.end(), marker, marker + 2);
  ASSERT_NE(first, file.end());
  // The bytes before the marker: the first segment has other data than it should.
  std::fill(first - 30, first, std::byte{0x55});
  ASSERT_TRUE(ours_.ReadHeader(file).ok());
  const RectPx region = {200, 40, 50, 20};
  EXPECT_FALSE(ours_.Rgb(region).status.ok());
  EXPECT_TRUE(Trusted(region).status.ok());
}

}  // namespace
}  // namespace headrace::codecs
