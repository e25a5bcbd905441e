// A region equals the same rectangle of the whole picture, byte for byte.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "codec_fixture.h"
#include "codecs/encoder.h"
#include "jpeg_maker.h"

namespace headrace::codecs {
namespace {

uint32_t Below(std::mt19937& random, uint32_t bound) {
  return static_cast<uint32_t>(random() % bound);
}

void ExpectRegionsEqualCrops(Codec& codec, const Bytes& file, std::mt19937& random, int count) {
  const Decoded whole = codec.Decode(file);
  ASSERT_TRUE(whole.status.ok()) << whole.status.text();
  for (int i = 0; i < count; ++i) {
    const RectPx region = RandomRegion(random, whole.info.upright);
    SCOPED_TRACE(testing::Message() << "region " << region.x << "," << region.y << " "
                                    << region.width << "x" << region.height);
    const Decoded part = i % 2 == 0 ? codec.Decode(file, region) : codec.DecodeAgain(region);
    ASSERT_TRUE(part.status.ok()) << part.status.text();
    ASSERT_EQ(part.rgb, whole.Crop(region));
  }
}

TEST(RegionTest, OfEverySamplePicture) {
  if (!HasSamples("formats")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  std::mt19937 random(20);
  Codec codec;
  for (const TableRow& row : ReadTable(std::string(HEADRACE_DATA_DIR) + "/formats/manifest.tsv")) {
    SCOPED_TRACE(row.at("file"));
    const bool large = std::stoul(row.at("bytes")) > 100'000 || row.at("width") == "65500";
    for (const bool blend : {false, true}) {
      codec.options.blend_alpha = blend;
      ExpectRegionsEqualCrops(codec, ReadSample("formats/" + row.at("file")), random,
                              large ? 3 : 30);
    }
  }
}

TEST(RegionTest, OfPhotographs) {
  if (!HasSamples("imagenet-mini")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  std::mt19937 random(21);
  Codec codec;
  const std::vector<TableRow> photos =
      ReadTable(std::string(HEADRACE_DATA_DIR) + "/imagenet-mini/manifest.tsv");
  for (size_t i = 0; i < photos.size(); i += 10) {
    SCOPED_TRACE(photos[i].at("file"));
    ExpectRegionsEqualCrops(codec, ReadSample("imagenet-mini/" + photos[i].at("file")), random, 5);
  }
}

Bytes NoisyJpeg(std::mt19937& random, uint32_t channels, const JpegEncodeOptions& options) {
  const uint32_t width = 1 + Below(random, 90);
  const uint32_t height = 1 + Below(random, 90);
  std::vector<uint8_t> pixels(size_t{width} * height * channels);
  for (uint8_t& value : pixels) value = static_cast<uint8_t>(random());
  const ConstImageView view{pixels.data(), width, height, channels, size_t{width} * channels};
  auto file = EncodeJpeg(view, options);
  EXPECT_TRUE(file.ok());
  return file.ok() ? file.value() : Bytes();
}

// Noise, so that every neighbour matters, in small sizes, so that every edge is met.
TEST(RegionTest, OfNoiseInAllKindsOfJpegThatTheEncoderMakes) {
  std::mt19937 random(22);
  Codec codec;
  for (int round = 0; round < 64; ++round) {
    JpegEncodeOptions options;
    options.subsample = (round & 1) != 0;
    options.progressive = (round & 2) != 0;
    options.restart_rows = (round & 4) != 0 ? 1 : 0;
    const uint32_t channels = (round & 8) != 0 ? 1 : 3;
    SCOPED_TRACE(testing::Message() << "round " << round);
    ExpectRegionsEqualCrops(codec, NoisyJpeg(random, channels, options), random, 20);
  }
}

}  // namespace
}  // namespace headrace::codecs
