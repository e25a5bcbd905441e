// Every valid sample picture, against what Pillow says of it.
#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "codec_fixture.h"
#include "sha256.h"

namespace headrace::codecs {
namespace {

std::vector<TableRow> Manifest() {
  return ReadTable(std::string(HEADRACE_DATA_DIR) + "/formats/manifest.tsv");
}

uint32_t Number(const std::string& text) { return static_cast<uint32_t>(std::stoul(text)); }

std::string UpperCase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::array<double, 3> Means(const std::vector<uint8_t>& rgb) {
  std::array<double, 3> sums{};
  for (size_t i = 0; i < rgb.size(); ++i) sums[i % 3] += rgb[i];
  for (double& sum : sums) sum /= static_cast<double>(rgb.size() / 3);
  return sums;
}

TEST(FormatsTest, SizesOrientationAndMeansAreThoseOfTheManifest) {
  if (!HasSamples("formats")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  Codec codec;
  int count = 0;
  for (const TableRow& row : Manifest()) {
    SCOPED_TRACE(row.at("file"));
    const Decoded image = codec.Decode(ReadSample("formats/" + row.at("file")));
    ASSERT_TRUE(image.status.ok()) << image.status.text();
    EXPECT_EQ(UpperCase(FormatName(image.info.format)), row.at("format"));
    EXPECT_EQ(image.info.stored.width, Number(row.at("width")));
    EXPECT_EQ(image.info.stored.height, Number(row.at("height")));
    EXPECT_EQ(image.info.orientation, Number(row.at("orientation")));
    EXPECT_EQ(image.info.upright.width, Number(row.at("upright_width")));
    EXPECT_EQ(image.info.upright.height, Number(row.at("upright_height")));
    EXPECT_EQ(image.report.warnings, 0u);
    std::istringstream means(row.at("rgb_mean"));
    for (const double mean : Means(image.rgb)) {
      double expected = 0;
      char comma = 0;
      means >> expected >> comma;
      EXPECT_LE(std::abs(mean - expected), 0.6);
    }
    ++count;
  }
  EXPECT_EQ(count, 89);
}

TEST(FormatsTest, OpaquePngPixelsHaveTheManifestsHash) {
  if (!HasSamples("formats")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  Codec codec;
  codec.options.exif = false;  // the hashes are of the stored picture
  int count = 0;
  for (const TableRow& row : Manifest()) {
    if (row.at("rgba_sha256_16") == "-") continue;
    const Decoded image = codec.Decode(ReadSample("formats/" + row.at("file")));
    ASSERT_TRUE(image.status.ok()) << row.at("file");
    if (image.info.has_alpha) continue;
    std::vector<uint8_t> rgba;
    for (size_t i = 0; i < image.rgb.size(); i += 3) {
      rgba.insert(rgba.end(), {image.rgb[i], image.rgb[i + 1], image.rgb[i + 2], 255});
    }
    EXPECT_EQ(Sha256Hex(rgba).substr(0, 16), row.at("rgba_sha256_16")) << row.at("file");
    ++count;
  }
  EXPECT_EQ(count, 24);
}

TEST(FormatsTest, PixelsEqualPillowsToTheLastBit) {
  if (!HasSamples("formats") || !HasSamples("imagenet-mini")) {
    GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  }
  Codec codec;
  const std::vector<TableRow> golden =
      ReadTable(HEADRACE_SOURCE_DIR "/tests/golden/decoded_rgb.tsv");
  EXPECT_EQ(golden.size(), 109u);
  for (const TableRow& row : golden) {
    SCOPED_TRACE(row.at("path"));
    const Decoded image = codec.Decode(ReadSample(row.at("path")));
    ASSERT_TRUE(image.status.ok()) << image.status.text();
    EXPECT_EQ(image.width, Number(row.at("width")));
    EXPECT_EQ(image.height, Number(row.at("height")));
    EXPECT_EQ(Sha256Hex(image.rgb), row.at("rgb_sha256"));
  }
}

TEST(FormatsTest, AllEightOrientationsShowOnePicture) {
  if (!HasSamples("formats")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  Codec codec;
  const Decoded first = codec.Decode(ReadSample("formats/orientation/orientation-1.jpg"));
  ASSERT_TRUE(first.status.ok());
  for (int orientation = 2; orientation <= 8; ++orientation) {
    const std::string name = "orientation-" + std::to_string(orientation) + ".jpg";
    const Decoded image = codec.Decode(ReadSample("formats/orientation/" + name));
    ASSERT_TRUE(image.status.ok()) << name;
    ASSERT_EQ(image.rgb.size(), first.rgb.size());
    int worst = 0;
    for (size_t i = 0; i < image.rgb.size(); ++i) {
      worst = std::max(worst, std::abs(int{image.rgb[i]} - int{first.rgb[i]}));
    }
    EXPECT_LE(worst, 4) << name;
  }
}

TEST(FormatsTest, WithoutExifThePictureStaysAsStored) {
  if (!HasSamples("formats")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  Codec codec;
  codec.options.exif = false;
  const Decoded image = codec.Decode(ReadSample("formats/orientation/orientation-6.jpg"));
  ASSERT_TRUE(image.status.ok());
  EXPECT_EQ(image.info.orientation, 1);
  EXPECT_EQ(image.info.upright, (SizePx{96, 160}));
}

}  // namespace
}  // namespace headrace::codecs
