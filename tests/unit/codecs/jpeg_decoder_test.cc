#include "codecs/jpeg_decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "codec_fixture.h"
#include "codecs/encoder.h"

namespace headrace::codecs {
namespace {

Bytes GreyJpeg(const JpegEncodeOptions& options = {}) {
  std::vector<uint8_t> pixels(64 * 48);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 5 >> 2);
  return EncodeJpeg({pixels.data(), 64, 48, 1, 64}, options).value();
}

// Offset of the first byte after a marker 0xFF `marker`.
size_t After(const Bytes& file, int marker) {
  for (size_t i = 0; i + 1 < file.size(); ++i) {
    if (file[i] == std::byte{0xFF} && file[i + 1] == static_cast<std::byte>(marker)) return i + 2;
  }
  return file.size();
}

void Insert(Bytes& file, size_t at, const std::string& text) {
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  file.insert(file.begin() + static_cast<std::ptrdiff_t>(at), bytes, bytes + text.size());
}

constexpr int kSoi = 0xD8;
constexpr int kFrame = 0xC0;
constexpr int kScan = 0xDA;
constexpr int kEndOfImage = 0xD9;

TEST(JpegDecoderTest, TheFirstExifBlockCounts) {
  const std::string six = {"Exif\0\0MM\0*\0\0\0\b\0\1\1\x12\0\3\0\0\0\1\0\6\0\0", 28};
  std::string three = six;
  three[25] = 3;
  const std::string start = {"\xFF\xE1\0\x1E", 4};
  Bytes file = GreyJpeg();
  Insert(file, After(file, kSoi), start + six + start + three);
  Codec codec;
  const Decoded image = codec.Decode(file);
  ASSERT_TRUE(image.status.ok()) << image.status.text();
  EXPECT_EQ(image.info.orientation, 6);
  EXPECT_EQ(image.info.stored, (SizePx{64, 48}));
  EXPECT_EQ(image.info.upright, (SizePx{48, 64}));
}

TEST(JpegDecoderTest, AnExifSegmentLongerThanTheFileIsTruncation) {
  Bytes file = GreyJpeg();
  Insert(file, After(file, kSoi),
         {"\xFF\xE1\xFF\xFF"
          "Exif\0\0MM\0*",
          14});
  Codec codec;
  EXPECT_EQ(codec.Decode(file).status.code(), Code::kTruncated);
}

TEST(JpegDecoderTest, TwelveBitsAreUnsupported) {
  Bytes file = GreyJpeg();
  const size_t frame = After(file, kFrame);
  file[frame + 2] = std::byte{12};
  Codec codec;
  EXPECT_EQ(codec.Decode(file).status.code(), Code::kUnsupportedFormat);
}

TEST(JpegDecoderTest, LosslessIsUnsupported) {
  Bytes file = GreyJpeg();
  file[After(file, kFrame) - 1] = std::byte{0xC3};
  Codec codec;
  EXPECT_EQ(codec.Decode(file).status.code(), Code::kUnsupportedFormat);
}

TEST(JpegDecoderTest, ExtraneousBytesAreOnlyCounted) {
  Bytes file = GreyJpeg({.restart_rows = 1});
  Codec codec;
  const Decoded good = codec.Decode(file);
  // Before the first restart marker, more than the decoder reads ahead.
  Insert(file, After(file, 0xD0) - 2, "twenty or more extra bytes");
  const Decoded image = codec.Decode(file);
  ASSERT_TRUE(image.status.ok()) << image.status.text();
  EXPECT_EQ(image.report.extraneous, 1u);
  EXPECT_EQ(image.report.warnings, 0u);
  EXPECT_EQ(image.rgb, good.rgb);
}

// A copy without the segments of one marker.
Bytes Without(const Bytes& file, int marker) {
  Bytes out = file;
  for (size_t at = After(out, marker); at < out.size(); at = After(out, marker)) {
    const size_t bytes =
        std::to_integer<size_t>(out[at]) << 8 | std::to_integer<size_t>(out[at + 1]);
    const auto begin = out.begin() + static_cast<std::ptrdiff_t>(at - 2);
    out.erase(begin, begin + static_cast<std::ptrdiff_t>(bytes + 2));
  }
  return out;
}

// libjpeg-turbo would use the tables of the file decoded before.
TEST(JpegDecoderTest, TablesDoNotPassFromOneFileToTheNext) {
  constexpr int kQuantisationTables = 0xDB;
  constexpr int kHuffmanTables = 0xC4;
  const Bytes file = GreyJpeg({.quality = 30});
  const Bytes unquantised = Without(file, kQuantisationTables);
  ASSERT_LT(unquantised.size(), file.size());
  Codec used;
  ASSERT_TRUE(used.Decode(file).status.ok());
  EXPECT_EQ(used.Decode(unquantised).status.code(), Code::kCorrupt);

  // Without Huffman tables the standard ones hold (Motion JPEG), never those of another file.
  const Bytes uncoded = Without(file, kHuffmanTables);
  ASSERT_TRUE(used.Decode(GreyJpeg({.progressive = true})).status.ok());  // has its own tables
  const Decoded after_another = used.Decode(uncoded);
  ASSERT_TRUE(after_another.status.ok()) << after_another.status.text();
  EXPECT_EQ(after_another.rgb, used.Decode(file).rgb);
}

TEST(JpegDecoderTest, AWarningIsReportedWithItsVerdict) {
  Bytes file = GreyJpeg();
  file.resize(file.size() - 40);
  Codec codec;
  const Decoded image = codec.Decode(file);
  EXPECT_EQ(image.status.code(), Code::kTruncated);
  EXPECT_EQ(image.report.warnings, 1u);
}

TEST(JpegDecoderTest, AMissingRestartMarkerIsCorrupt) {
  Bytes file = GreyJpeg({.restart_rows = 1});
  file[After(file, 0xD1) - 1] = std::byte{0xD4};
  Codec codec;
  EXPECT_EQ(codec.Decode(file).status.code(), Code::kCorrupt);
  // The rows before it are not concerned.
  EXPECT_TRUE(codec.Decode(file, {0, 0, 64, 8}).status.ok());
}

TEST(JpegDecoderTest, AProgressiveFileIsJudgedWhole) {
  Bytes file = GreyJpeg({.progressive = true});
  Codec codec;
  EXPECT_TRUE(codec.Decode(file, {0, 0, 8, 8}).status.ok());
  file.resize(After(file, kEndOfImage) - 12);
  EXPECT_EQ(codec.Decode(file, {0, 0, 8, 8}).status.code(), Code::kTruncated);
}

TEST(JpegDecoderTest, AProgressiveFileWithoutItsLastScansIsSmoothedLikeAWhole) {
  Bytes file = GreyJpeg({.progressive = true});
  const size_t second_scan = [&] {
    const Bytes rest(file.begin() + static_cast<std::ptrdiff_t>(After(file, kScan)), file.end());
    return After(file, kScan) + After(rest, kScan) - 2;
  }();
  file.resize(second_scan);
  // Tables of the second scan may stand before it: they are harmless.
  Insert(file, file.size(), "\xFF\xD9");
  Codec codec;
  const Decoded whole = codec.Decode(file);
  ASSERT_TRUE(whole.status.ok()) << whole.status.text();
  for (const RectPx region : {RectPx{17, 9, 20, 13}, RectPx{32, 16, 8, 8}, RectPx{63, 47, 1, 1}}) {
    EXPECT_EQ(codec.Decode(file, region).rgb, whole.Crop(region));
  }
}

}  // namespace
}  // namespace headrace::codecs
