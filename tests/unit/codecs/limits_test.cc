// Limits are checked before memory is taken, and the error names the key.
#include <gtest/gtest.h>

#include <string_view>

#include "codec_fixture.h"
#include "codecs/decoder_set.h"
#include "codecs/encoder.h"

namespace headrace::codecs {
namespace {

Bytes Picture(bool png, const JpegEncodeOptions& options = {}, uint32_t height = 60) {
  const std::vector<uint8_t> pixels(size_t{100} * height * 3, 128);
  const ConstImageView view{pixels.data(), 100, height, 3, 300};
  return png ? EncodePng(view).value() : EncodeJpeg(view, options).value();
}

void ExpectRefused(const Limits& limits, const Bytes& file, Code code, std::string_view key) {
  Codec codec(limits);
  const Status status = codec.Decode(file).status;
  EXPECT_EQ(status.code(), code) << status.text();
  EXPECT_NE(std::string_view(status.text()).find(key), std::string_view::npos) << status.text();
}

TEST(LimitsTest, EachLimitOfThePictureIsNamedWhenItIsHit) {
  for (const bool png : {false, true}) {
    const Bytes file = Picture(png);
    ExpectRefused({.max_side = 99}, file, Code::kLimitPixels, "limits.max_side");
    ExpectRefused({.max_pixels = 5999}, file, Code::kLimitPixels, "limits.max_pixels");
    ExpectRefused({.max_encoded_bytes = file.size() - 1}, file, Code::kLimitBytes,
                  "limits.max_encoded_bytes");
    ExpectRefused({.max_decoded_bytes = 17'000}, file, Code::kLimitBytes,
                  "limits.max_decoded_bytes");
    Codec exact({.max_pixels = 6000,
                 .max_side = 100,
                 .max_decoded_bytes = 18'048,
                 .max_encoded_bytes = file.size()});
    EXPECT_TRUE(exact.Decode(file).status.ok());
  }
}

TEST(LimitsTest, DecodedBytesAreThoseOfTheRegion) {
  Codec codec({.max_decoded_bytes = 10'000});
  EXPECT_TRUE(codec.Decode(Picture(false), {0, 0, 40, 40}).status.ok());
  EXPECT_TRUE(codec.Decode(Picture(true), {0, 0, 40, 40}).status.ok());
}

TEST(LimitsTest, ScansOfAProgressiveJpeg) {
  const Bytes file = Picture(false, {.progressive = true});  // 10 scans
  ExpectRefused({.jpeg_scans = 9}, file, Code::kLimitScans, "limits.jpeg_scans");
  ExpectRefused({.pixel_scans_max = 6000 * 10 - 1}, file, Code::kLimitScans, "limits.jpeg_scans");
  Codec codec({.jpeg_scans = 10, .pixel_scans_max = 6000 * 10});
  EXPECT_TRUE(codec.Decode(file).status.ok());
}

TEST(LimitsTest, MemoryOfAProgressiveJpeg) {
  // Tall enough: libjpeg-turbo always grants a few rows of blocks.
  const Bytes file = Picture(false, {.progressive = true}, 600);
  ExpectRefused({.jpeg_memory = 131'072}, file, Code::kLimitMemory, "limits.jpeg_memory");
  // A file of one scan needs a few rows only.
  Codec codec({.jpeg_memory = 131'072});
  EXPECT_TRUE(codec.Decode(Picture(false, {}, 600)).status.ok());
}

TEST(LimitsTest, ARegionOutsideThePictureIsRefused) {
  auto decoder = MakeDecoderSet({});
  ASSERT_TRUE(decoder.ok());
  for (const bool png : {false, true}) {
    const Bytes file = Picture(png);
    ImageInfo info;
    ASSERT_TRUE((*decoder)->ReadHeader(file, {}, {}, &info).ok());
    for (const RectPx region : {RectPx{0, 0, 0, 1}, RectPx{0, 0, 1, 0}, RectPx{1, 0, 100, 1},
                                RectPx{0, 60, 1, 1}, RectPx{0xFFFFFFFF, 0, 2, 1}}) {
      ConstImageView pixels;
      DecodeReport report;
      EXPECT_EQ((*decoder)->Decode(region, {}, &pixels, &report).code(), Code::kInvalidArgument);
    }
  }
}

TEST(LimitsTest, DecodeWithoutAGoodHeaderIsRefused) {
  auto decoder = MakeDecoderSet({});
  ASSERT_TRUE(decoder.ok());
  ConstImageView pixels;
  DecodeReport report;
  EXPECT_EQ((*decoder)->Decode({0, 0, 1, 1}, {}, &pixels, &report).code(), Code::kInvalidArgument);
  ImageInfo info;
  const Bytes file = Picture(false);
  ASSERT_TRUE((*decoder)->ReadHeader(file, {}, {}, &info).ok());
  ASSERT_FALSE((*decoder)->ReadHeader(file, {.max_side = 1}, {}, &info).ok());
  EXPECT_EQ((*decoder)->Decode({0, 0, 1, 1}, {}, &pixels, &report).code(), Code::kInvalidArgument);
}

TEST(LimitsTest, ADecoderSetSaysItsSize) {
  EXPECT_GT(DecoderSetBytes({}), DecoderSetBytes({.max_side = 100}));
  EXPECT_LT(DecoderSetBytes({}), 2u << 20);
  EXPECT_LT(DecoderSetBytes({.max_pixels = UINT64_MAX, .max_side = UINT32_MAX}), 32u << 20);
}

}  // namespace
}  // namespace headrace::codecs
