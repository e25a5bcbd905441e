// What a pack holds of a file: the same picture in few bytes, or the file as it was.
#include "codecs/record_packer.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "codec_fixture.h"
#include "codecs/encoder.h"
#include "codecs/jpeg_coefficients.h"
#include "codecs/jpeg_segments.h"
#include "codecs/pack_rules.h"
#include "jpeg_maker.h"

namespace headrace::codecs {
namespace {

// The DRI segment's; 0: there is none.
uint32_t RestartMcus(std::span<const std::byte> jpeg) {
  for (JpegSegments walk(jpeg); walk.Next();) {
    if (walk.marker() == 0xDD) {
      return std::to_integer<uint32_t>(walk.payload()[0]) << 8 |
             std::to_integer<uint32_t>(walk.payload()[1]);
    }
  }
  return 0;
}

// 8 x 8, grey, with a first AC coefficient of 2000: 11 bits, which no encoder of 8 bits writes.
Bytes JpegOfLongCodes() {
  Bytes file;
  const auto add = [&file](std::initializer_list<int> bytes) {
    for (const int byte : bytes) file.push_back(static_cast<std::byte>(byte));
  };
  add({0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0});
  for (int i = 0; i < 64; ++i) add({1});
  add({0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0});
  add({0xFF, 0xC4, 0, 20, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  add({0});  // 0: no difference
  add({0xFF, 0xC4, 0, 21, 0x10, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  add({0x0B, 0});  // 0: a value of 11 bits, 10: end of block
  add({0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0b00111110, 0b10000101, 0xFF, 0xD9});
  return file;
}

class RecordPackerTest : public testing::Test {
 protected:
  PackedRecord Pack(std::span<const std::byte> file, const PackOptions& options = {}) {
    PackedRecord record;
    auto packer = RecordPacker::Make(options);
    EXPECT_TRUE(packer.ok());
    EXPECT_TRUE((*packer)->Pack(file, &record).ok());
    return record;
  }

  void ExpectSamePixels(std::span<const std::byte> a, std::span<const std::byte> b) {
    const Decoded before = codec_.Decode(a);
    const Decoded after = codec_.Decode(b);
    ASSERT_TRUE(before.status.ok()) << before.status.text();
    ASSERT_TRUE(after.status.ok()) << after.status.text();
    EXPECT_EQ(before.info.upright, after.info.upright);
    EXPECT_EQ(before.info.orientation, after.info.orientation);
    EXPECT_EQ(before.rgb == after.rgb, true);
  }

  Codec codec_;
};

TEST_F(RecordPackerTest, KeepsThePixelsOfEverySamplePicture) {
  if (!HasSamples("formats")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  for (const PackCodec which : {PackCodec::kJpeg, PackCodec::kCoef}) {
    uint32_t packed = 0;
    for (const TableRow& row :
         ReadTable(std::string(HEADRACE_DATA_DIR) + "/formats/manifest.tsv")) {
      if (row.at("format") == "WEBP") continue;
      SCOPED_TRACE(row.at("file"));
      const Bytes file = ReadSample("formats/" + row.at("file"));
      const PackedRecord record = Pack(file, {.codec = which});
      packed += record.copied ? 0 : 1;
      EXPECT_EQ(record.size.width, std::stoul(row.at("width")));
      EXPECT_EQ(record.size.height, std::stoul(row.at("height")));
      EXPECT_TRUE(record.reason.ok()) << record.reason.text();
      if (record.copied) {
        EXPECT_EQ(record.bytes == file, true);
        EXPECT_STREQ(record.extension, row.at("format") == "PNG" ? "png" : "jpg");
        EXPECT_FALSE(record.restarts_trusted);
      } else {
        EXPECT_EQ(row.at("format"), "JPEG");
      }
      ExpectSamePixels(file, record.bytes);
    }
    EXPECT_GE(packed, 35u);
  }
}

TEST_F(RecordPackerTest, PacksPhotographsIn101Percent) {
  if (!HasSamples("imagenet-mini")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  uint64_t before = 0;
  uint64_t after = 0;
  uint32_t count = 0;
  for (const TableRow& row :
       ReadTable(std::string(HEADRACE_DATA_DIR) + "/imagenet-mini/manifest.tsv")) {
    if (count++ % 3 != 0) continue;
    SCOPED_TRACE(row.at("file"));
    const Bytes file = ReadSample("imagenet-mini/" + row.at("file"));
    const PackedRecord record = Pack(file);
    ASSERT_FALSE(record.copied) << record.reason.text();
    EXPECT_STREQ(record.extension, "jpg");
    EXPECT_TRUE(record.restarts_trusted);
    EXPECT_GE(RestartMcus(record.bytes), 4u);
    before += file.size();
    after += record.bytes.size();
    ExpectSamePixels(file, record.bytes);
  }
  EXPECT_LE(after * 100, before * kPackedPercentMax);
}

TEST_F(RecordPackerTest, CopiesWhatIsNoSoundJpegAndSaysWhy) {
  JpegRecipe recipe;
  recipe.width = recipe.height = 100;
  const Bytes file = MakeJpeg(recipe);
  Bytes cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(file.size() / 2));
  PackedRecord record = Pack(cut);
  EXPECT_TRUE(record.copied);
  EXPECT_EQ(record.bytes == cut, true);
  EXPECT_STREQ(record.extension, "jpg");
  EXPECT_EQ(record.reason.code(), Code::kTruncated);
  EXPECT_EQ(record.size, (SizePx{100, 100}));

  // Lossy packing does not repair it either.
  record = Pack(cut, {.max_side_px = 50});
  EXPECT_TRUE(record.copied);
  EXPECT_EQ(record.reason.code(), Code::kTruncated);

  record = Pack(Bytes());
  EXPECT_TRUE(record.copied);
  EXPECT_EQ(record.reason.code(), Code::kEmptyFile);
  record = Pack(Bytes(50, std::byte{'x'}));
  EXPECT_TRUE(record.copied);
  EXPECT_STREQ(record.extension, "bin");
  EXPECT_EQ(record.reason.code(), Code::kUnsupportedFormat);

  record = Pack(file, {.limits = {.max_pixels = 9999}});
  EXPECT_TRUE(record.copied);
  EXPECT_EQ(record.reason.code(), Code::kLimitPixels);
}

// libjpeg-turbo reads coefficients that no JPEG of 8 bits can be written with.
TEST_F(RecordPackerTest, MakesNoRecordOfWhatBecomesNoJpegAgain) {
  for (const bool one_scan : {true, false}) {
    SCOPED_TRACE(one_scan);
    JpegCoefficientImage image;
    image.size = {64, 8};
    image.components = 3;
    for (JpegCoefficientImage::Plane& plane : image.plane) {
      plane.across = plane.down = one_scan ? 1 : 2;
      plane.blocks_across = 8;
      plane.blocks_down = 1;
      plane.coefficients.assign(8 * 64, 0);
    }
    std::vector<int16_t>& last = image.plane[2].coefficients;
    EXPECT_TRUE(CheckWritable(image).ok());
    last[64] = 1023 + 1024;  // DC: 11 bits
    last[65] = 1023;         // AC: 10 bits
    EXPECT_TRUE(CheckWritable(image).ok());
    last[65] = 2000;
    EXPECT_EQ(CheckWritable(image).code(), Code::kUnsupportedFormat);
    last[65] = 0;
    last[64] = 2048;
    last[128] = -2048;
    EXPECT_EQ(CheckWritable(image).code(), Code::kUnsupportedFormat);
  }

  const Bytes file = JpegOfLongCodes();
  JpegCoefficientImage read;
  ASSERT_TRUE(ReadJpegCoefficients(file, Limits(), &read).ok());
  ASSERT_EQ(read.plane[0].coefficients[1], 2000);
  for (const PackCodec codec : {PackCodec::kJpeg, PackCodec::kCoef}) {
    const PackedRecord record = Pack(file, {.codec = codec});
    EXPECT_TRUE(record.copied);
    EXPECT_TRUE(record.reason.ok()) << record.reason.text();
    EXPECT_EQ(record.bytes == file, true);
  }
}

TEST_F(RecordPackerTest, CopiesWhatIsTooLargeToPackWithoutBlame) {
  JpegRecipe recipe;
  recipe.width = recipe.height = 200;
  const Bytes file = MakeJpeg(recipe);
  const auto expect_remark = [](const PackedRecord& record, const char* text) {
    EXPECT_TRUE(record.copied);
    EXPECT_TRUE(record.reason.ok()) << record.reason.text();
    ASSERT_NE(record.remark, nullptr);
    EXPECT_NE(std::string(record.remark).find(text), std::string::npos) << record.remark;
  };
  expect_remark(Pack(file, {.limits = {.jpeg_memory = 100'000}}), "limits.jpeg_memory");
  expect_remark(Pack(file, {.limits = {.max_decoded_bytes = 200'000}}), "limits.max_decoded_bytes");

  // A record that readers with the same limits would refuse, of a file that they take.
  const size_t record_bytes = Pack(file, {.codec = PackCodec::kCoef}).bytes.size();
  ASSERT_GT(record_bytes, file.size());
  for (const uint64_t limit : {record_bytes, record_bytes - 1}) {
    const PackedRecord record =
        Pack(file, {.codec = PackCodec::kCoef, .limits = {.max_encoded_bytes = limit}});
    EXPECT_EQ(record.copied, limit < record_bytes);
    if (record.copied) {
      EXPECT_EQ(record.bytes == file, true);
      EXPECT_STREQ(record.extension, "jpg");
      expect_remark(record, "limits.max_encoded_bytes");
    }
  }

  // Pixels that fit, but not with what a record's decoder needs beside them.
  recipe.colour = JpegRecipe::Colour::kGrey;
  const Bytes grey = MakeJpeg(recipe);
  uint32_t records = 0;
  uint32_t copies = 0;
  for (uint64_t limit = 100'000; limit < 200'000; limit += 1000) {
    SCOPED_TRACE(limit);
    const PackedRecord record =
        Pack(grey, {.codec = PackCodec::kCoef, .limits = {.max_decoded_bytes = limit}});
    Codec within({.max_decoded_bytes = limit});
    EXPECT_EQ(within.Decode(record.bytes).status.code(), within.Decode(grey).status.code());
    records += record.copied ? 0 : 1;
    copies += record.copied && within.Decode(grey).status.ok() ? 1 : 0;
  }
  EXPECT_GT(records, 0u);
  EXPECT_GT(copies, 0u);

  // More than a JPEG can be on one side.
  std::vector<uint8_t> pixels(65535 * 3, 77);
  auto png = EncodePng({pixels.data(), 65535, 1, 3, 65535 * 3});
  ASSERT_TRUE(png.ok());
  expect_remark(Pack(*png, {.quality = 90}), "65500");
}

TEST_F(RecordPackerTest, GivesBackWhatALargePictureTook) {
  JpegRecipe recipe;
  recipe.width = recipe.height = 4200;  // 34 MiB of coefficients
  recipe.colour = JpegRecipe::Colour::kGrey;
  recipe.content = JpegRecipe::Content::kSmooth;
  const Bytes file = MakeJpeg(recipe);
  const auto in_use = [] {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  auto packer = RecordPacker::Make({});
  ASSERT_TRUE(packer.ok());
  const size_t before = in_use();
  PackedRecord record;
  ASSERT_TRUE((*packer)->Pack(file, &record).ok());
  EXPECT_FALSE(record.copied);
  EXPECT_LT(in_use(), before + (size_t{16} << 20));
}

TEST_F(RecordPackerTest, CopiesAPngWithoutBlame) {
  std::vector<uint8_t> pixels(30 * 20 * 3, 77);
  auto png = EncodePng({pixels.data(), 30, 20, 3, 90});
  ASSERT_TRUE(png.ok());
  const PackedRecord record = Pack(*png);
  EXPECT_TRUE(record.copied);
  EXPECT_STREQ(record.extension, "png");
  EXPECT_TRUE(record.reason.ok());
  EXPECT_EQ(record.size, (SizePx{30, 20}));
}

TEST_F(RecordPackerTest, MakesLargePicturesSmallerAndKeepsOrientationAndProfile) {
  std::vector<uint8_t> gradient;
  for (uint32_t y = 0; y < 301; ++y) {
    for (uint32_t x = 0; x < 400; ++x) {
      for (const uint32_t value : {x / 2, y / 2, 200 - x / 2}) {
        gradient.push_back(static_cast<uint8_t>(value));
      }
    }
  }
  auto made = EncodeJpeg({gradient.data(), 400, 301, 3, 1200}, {});
  ASSERT_TRUE(made.ok());
  const Bytes file = WithOrientation(*made, 6);
  const PackedRecord record = Pack(file, {.max_side_px = 100});
  ASSERT_FALSE(record.copied);
  EXPECT_EQ(record.size, (SizePx{100, 75}));
  EXPECT_TRUE(record.restarts_trusted);
  const Decoded decoded = codec_.Decode(record.bytes);
  ASSERT_TRUE(decoded.status.ok());
  EXPECT_EQ(decoded.info.orientation, 6);
  EXPECT_EQ(decoded.info.upright, (SizePx{75, 100}));
  // The first colour grows downwards in the upright picture.
  const Decoded whole = codec_.Decode(file);
  double error = 0;
  for (uint32_t y = 0; y < 100; ++y) {
    for (uint32_t x = 0; x < 75; ++x) {
      const size_t far = (size_t{y} * 4 + 2) * 301 + size_t{x} * 4 + 2;
      error += std::abs(int{decoded.rgb[(size_t{y} * 75 + x) * 3]} - int{whole.rgb[far * 3]});
    }
  }
  EXPECT_LT(error / 7500, 2);
}

TEST_F(RecordPackerTest, IsLosslessWhereNothingIsAsked) {
  JpegRecipe recipe;
  recipe.width = 100;
  recipe.height = 80;
  const Bytes file = MakeJpeg(recipe);
  ExpectSamePixels(file, Pack(file, {.max_side_px = 100}).bytes);
  // But with a quality every picture is made anew, a PNG too.
  EXPECT_LT(Pack(file, {.quality = 30}).bytes.size(), file.size() * 3 / 4);
  std::vector<uint8_t> pixels(90 * 60 * 3, 77);
  auto png = EncodePng({pixels.data(), 90, 60, 3, 270});
  ASSERT_TRUE(png.ok());
  const PackedRecord record = Pack(*png, {.quality = 90});
  EXPECT_FALSE(record.copied);
  EXPECT_STREQ(record.extension, "jpg");
}

TEST_F(RecordPackerTest, WritesGreyAsGrey) {
  JpegRecipe recipe;
  recipe.colour = JpegRecipe::Colour::kGrey;
  recipe.width = 200;
  recipe.height = 120;
  const PackedRecord record = Pack(MakeJpeg(recipe), {.max_side_px = 64});
  const Decoded decoded = codec_.Decode(record.bytes);
  ASSERT_TRUE(decoded.status.ok());
  EXPECT_EQ(decoded.info.source_channels, 1);
  EXPECT_EQ(record.size, (SizePx{64, 38}));
}

// Pillow 9.4: Image.new("RGB", size).thumbnail((s, s)).
TEST(ThumbnailSizeTest, IsPillows) {
  EXPECT_EQ(ThumbnailSize({500, 375}, 0), (SizePx{500, 375}));
  EXPECT_EQ(ThumbnailSize({500, 375}, 500), (SizePx{500, 375}));
  EXPECT_EQ(ThumbnailSize({501, 375}, 500), (SizePx{500, 374}));
  EXPECT_EQ(ThumbnailSize({375, 501}, 500), (SizePx{374, 500}));
  EXPECT_EQ(ThumbnailSize({1000, 1}, 100), (SizePx{100, 1}));
  EXPECT_EQ(ThumbnailSize({3, 2000}, 300), (SizePx{1, 300}));
  EXPECT_EQ(ThumbnailSize({1023, 771}, 400), (SizePx{400, 301}));
  EXPECT_EQ(ThumbnailSize({640, 640}, 17), (SizePx{17, 17}));
}

TEST(ChooseRestartMcusTest, DividesARowWhereItCan) {
  const auto choose = [](uint32_t width, uint32_t height, uint64_t bytes, uint32_t factor) {
    JpegCoefficientImage image;
    image.size = {width, height};
    image.components = 3;
    image.plane[0].across = image.plane[0].down = factor;
    return ChooseRestartMcus(image, bytes);
  };
  EXPECT_EQ(choose(500, 375, 110'000, 1), 7u);  // 63 MCUs a row
  EXPECT_EQ(choose(512, 375, 110'000, 1), 8u);
  EXPECT_EQ(choose(500, 375, 110'000, 2), 4u);  // 32
  EXPECT_EQ(choose(376, 500, 110'000, 1), 7u);  // 47: nothing divides it
  EXPECT_EQ(choose(30, 30, 1'000, 1), 0u);
}

TEST(JpegSegmentsTest, LongExifBecomesTheOrientationAlone) {
  JpegRecipe recipe;
  const Bytes file = WithOrientation(MakeJpeg(recipe), 6);
  JpegCoefficientImage image;
  ASSERT_TRUE(ReadJpegCoefficients(file, Limits(), &image).ok());
  EXPECT_EQ(WithShortExif(image.segments, Limits()), image.segments);
  // The same block, with a thumbnail behind its directory.
  for (JpegSegments walk(image.segments, JpegSegments::kBare); walk.Next();) {
    if (!walk.IsExif()) continue;
    const size_t at = static_cast<size_t>(walk.segment().data() - image.segments.data());
    const size_t bytes = walk.segment().size();
    image.segments.insert(image.segments.begin() + static_cast<ptrdiff_t>(at + bytes), 3000,
                          std::byte{0xAB});
    image.segments[at + 2] = static_cast<std::byte>((bytes + 2998) >> 8);
    image.segments[at + 3] = static_cast<std::byte>((bytes + 2998) & 255);
    break;
  }
  const size_t before = image.segments.size();
  image.segments = WithShortExif(image.segments, Limits());
  EXPECT_LT(image.segments.size() + 2900, before);
  std::vector<std::byte> written;
  ASSERT_TRUE(WriteJpeg(image, {}, &written).ok());
  const Decoded decoded = Codec().Decode(written);
  ASSERT_TRUE(decoded.status.ok());
  EXPECT_EQ(decoded.info.orientation, 6);
}

}  // namespace
}  // namespace headrace::codecs
