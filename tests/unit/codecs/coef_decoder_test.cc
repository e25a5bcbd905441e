// A coefficient record has the pixels and planes of the JPEG that it was made of.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>

#include "codec_fixture.h"
#include "codecs/coef_record.h"
#include "codecs/jpeg_coefficients.h"
#include "coef_pictures.h"
#include "jpeg_maker.h"
#include "jpeg_runner.h"
#include "simd/target.h"

namespace headrace::codecs {
namespace {

class CoefDecoderTest : public testing::Test {
 protected:
  // Both files are at hand then. False: no record can be made of it.
  bool Open(Bytes file) {
    file_ = std::move(file);
    JpegCoefficientImage image;
    refusal_ = ReadJpegCoefficients(file_, Limits(), &image);
    if (refusal_.ok()) refusal_ = EncodeCoefRecord(image, &record_);
    if (!refusal_.ok()) return false;
    JpegCoefficientImage again;
    EXPECT_TRUE(DecodeCoefRecord(record_, Limits(), &again).ok());
    ExpectSameImage(image, again);
    EXPECT_TRUE(jpeg_.ReadHeader(file_).ok());
    EXPECT_TRUE(coef_.ReadHeader(record_).ok());
    EXPECT_EQ(coef_.info().upright, jpeg_.info().upright);
    EXPECT_EQ(coef_.info().stored, jpeg_.info().stored);
    EXPECT_EQ(coef_.info().orientation, jpeg_.info().orientation);
    EXPECT_EQ(coef_.info().planar, jpeg_.info().planar);
    EXPECT_EQ(coef_.info().source_channels, jpeg_.info().source_channels);
    return true;
  }

  RectPx Whole() const { return {0, 0, jpeg_.info().upright.width, jpeg_.info().upright.height}; }

  void ExpectSameRgb(const RectPx& region) {
    const Outcome wanted = jpeg_.Rgb(region);
    const Outcome got = coef_.Rgb(region);
    ASSERT_TRUE(wanted.status.ok()) << wanted.status.text();
    ASSERT_TRUE(got.status.ok()) << got.status.text();
    ASSERT_EQ(got.samples == wanted.samples, true)
        << region.x << " " << region.y << " " << region.width << " " << region.height;
  }

  void ExpectSamePlanes(const PlanesRequest& request) {
    const Outcome wanted = jpeg_.Planes(request);
    const Outcome got = coef_.Planes(request);
    ASSERT_TRUE(wanted.status.ok()) << wanted.status.text();
    ASSERT_TRUE(got.status.ok()) << got.status.text();
    ASSERT_EQ(got.shape.count, wanted.shape.count);
    for (uint32_t c = 0; c < got.shape.count; ++c) {
      ASSERT_EQ(got.shape.plane[c].size(), wanted.shape.plane[c].size());
      ASSERT_EQ(got.shape.across[c].offset, wanted.shape.across[c].offset);
      ASSERT_EQ(got.shape.down[c].offset, wanted.shape.down[c].offset);
    }
    ASSERT_EQ(got.shape.left, wanted.shape.left);
    ASSERT_EQ(got.shape.top, wanted.shape.top);
    ASSERT_EQ(got.samples == wanted.samples, true) << "reduction " << request.reduction;
  }

  void ExpectTheSame(std::mt19937& random, int regions) {
    ExpectSameRgb(Whole());
    for (const uint32_t reduction : {1u, 2u, 4u, 8u}) {
      if (jpeg_.info().planar && !HasFatalFailure()) ExpectSamePlanes({Whole(), reduction});
    }
    for (int i = 0; i < regions && !HasFatalFailure(); ++i) {
      const RectPx region = RandomRegion(random, jpeg_.info().upright);
      ExpectSameRgb(region);
      if (!jpeg_.info().planar || HasFatalFailure()) continue;
      ExpectSamePlanes({region, 1u << random() % 4});
    }
  }

  JpegRunner jpeg_{JpegPath::kLibrary};
  JpegRunner coef_{std::move(*MakeCoefDecoder())};
  Status refusal_;
  Bytes file_;
  Bytes record_;
};

TEST_F(CoefDecoderTest, GivesEverySamplePicture) {
  if (!HasSamples("formats")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  std::mt19937 random(11);
  int made = 0;
  for (const TableRow& row : ReadTable(std::string(HEADRACE_DATA_DIR) + "/formats/manifest.tsv")) {
    if (row.at("format") != "JPEG") continue;
    SCOPED_TRACE(row.at("file"));
    if (!Open(ReadSample("formats/" + row.at("file")))) continue;
    ++made;
    ExpectTheSame(random, 6);
    if (HasFatalFailure()) return;
  }
  EXPECT_GE(made, 28);
}

TEST_F(CoefDecoderTest, GivesPhotographs) {
  if (!HasSamples("imagenet-mini")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  const size_t step = std::getenv("HEADRACE_LONG_TESTS") != nullptr ? 1 : 12;
  std::mt19937 random(12);
  uint64_t jpeg_bytes = 0;
  uint64_t record_bytes = 0;
  size_t number = 0;
  for (const TableRow& row :
       ReadTable(std::string(HEADRACE_DATA_DIR) + "/imagenet-mini/manifest.tsv")) {
    if (number++ % step != 0) continue;
    SCOPED_TRACE(row.at("file"));
    const Bytes file = ReadSample("imagenet-mini/" + row.at("file"));
    if (!Open(file)) continue;
    jpeg_bytes += file.size();
    record_bytes += record_.size();
    ExpectTheSame(random, 2);
    if (HasFatalFailure()) return;
  }
  ASSERT_GT(jpeg_bytes, 0u);
  EXPECT_LE(record_bytes, jpeg_bytes * 17 / 10);
  RecordProperty("percent", std::to_string(record_bytes * 100 / jpeg_bytes));
}

TEST_F(CoefDecoderTest, GivesGeneratedPictures) {
  std::mt19937 random(13);
  for (int i = 0; i < 400; ++i) {
    JpegRecipe recipe = RandomJpegRecipe(random, i % 10 == 0 ? 400 : 90);
    recipe.progressive = i % 3 == 1;
    const auto orientation = static_cast<uint8_t>(i % 9);
    SCOPED_TRACE(recipe.Text() + " orientation " + std::to_string(orientation));
    const Bytes file = MakeJpeg(recipe);
    ASSERT_TRUE(Open(orientation == 0 ? file : WithOrientation(file, orientation)))
        << refusal_.text();
    ExpectTheSame(random, 3);
    if (HasFatalFailure()) return;
  }
}

TEST_F(CoefDecoderTest, IsFoundByItsFirstBytes) {
  JpegRecipe recipe;
  recipe.width = 70;
  recipe.height = 41;
  const Bytes file = WithOrientation(MakeJpeg(recipe), 6);
  ASSERT_TRUE(Open(file));
  Codec codec;
  const Decoded wanted = codec.Decode(file);
  const Decoded got = codec.Decode(record_);
  ASSERT_TRUE(got.status.ok()) << got.status.text();
  EXPECT_EQ(got.info.format, Format::kCoef);
  EXPECT_EQ(got.info.orientation, 6);
  EXPECT_EQ(got.rgb == wanted.rgb, true);
  codec.options.exif = false;
  EXPECT_EQ(codec.Decode(record_).rgb == codec.Decode(file).rgb, true);
  EXPECT_EQ(codec.Decode(record_).width, 70u);
}

TEST_F(CoefDecoderTest, HasTheSamePixelsOnEveryTarget) {
  std::mt19937 random(14);
  for (int i = 0; i < 12; ++i) {
    JpegCoefficientImage image =
        EmptyImage({150, 43}, JpegColour::kYcc, 1 + i % 2u, 1 + i / 2 % 2u);
    FillAtRandom(random, i % 3 == 0 ? 1 : 9, &image);
    Bytes record;
    ASSERT_TRUE(EncodeCoefRecord(image, &record).ok());
    ASSERT_TRUE(coef_.ReadHeader(record).ok());
    const RectPx region = RandomRegion(random, {150, 43});
    const std::vector<uint8_t> wanted = coef_.Rgb(region).samples;
    for (const std::string& target : simd::SupportedTargets()) {
      ASSERT_TRUE(simd::ForceTarget(target).ok());
      const Outcome got = coef_.Rgb(region);
      const Outcome whole = coef_.Rgb({0, 0, 150, 43});
      EXPECT_TRUE(simd::ForceTarget("").ok());
      ASSERT_TRUE(got.status.ok() && whole.status.ok()) << target;
      ASSERT_EQ(got.samples == wanted, true) << target;
    }
  }
}

}  // namespace
}  // namespace headrace::codecs
