#include "codecs/sniff.h"

#include <gtest/gtest.h>

#include <string_view>

namespace headrace::codecs {
namespace {

using std::string_view_literals::operator""sv;

std::span<const std::byte> Of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(SniffTest, KnowsAFormatByItsFirstBytes) {
  EXPECT_EQ(Sniff(Of("\xFF\xD8\xFF\xE0"sv)), Format::kJpeg);
  EXPECT_EQ(Sniff(Of("\x89PNG\r\n\x1A\n"sv)), Format::kPng);
  EXPECT_EQ(Sniff(Of("RIFF\0\0\0\0WEBPVP8 "sv)), Format::kWebp);
  EXPECT_EQ(Sniff(Of("\x89HRC\r\n\x1A\n"sv)), Format::kCoef);
  EXPECT_EQ(Sniff(Of("GIF87a"sv)), Format::kGif);
  EXPECT_EQ(Sniff(Of("GIF89a"sv)), Format::kGif);
  EXPECT_EQ(Sniff(Of("BM......"sv)), Format::kBmp);
  EXPECT_EQ(Sniff(Of("II*\0...."sv)), Format::kTiff);
  EXPECT_EQ(Sniff(Of("MM\0*...."sv)), Format::kTiff);
}

TEST(SniffTest, KnowsNothingOfAlmostRightBytes) {
  EXPECT_EQ(Sniff({}), Format::kUnknown);
  EXPECT_EQ(Sniff(Of("\xFF\xD8"sv)), Format::kUnknown);
  EXPECT_EQ(Sniff(Of("\xFF\xD8\x00\xFF"sv)), Format::kUnknown);
  EXPECT_EQ(Sniff(Of("\x89PNG\r\r\n\x1A"sv)), Format::kUnknown);
  EXPECT_EQ(Sniff(Of("RIFF\0\0\0\0WAVE"sv)), Format::kUnknown);
  EXPECT_EQ(Sniff(Of("RIFF\0\0\0\0WEB"sv)), Format::kUnknown);
  EXPECT_EQ(Sniff(Of("<html>"sv)), Format::kUnknown);
}

TEST(SniffTest, NamesTheFormatThatIsNotSupported) {
  for (const Format format : {Format::kGif, Format::kBmp, Format::kTiff}) {
    const Status status = CheckSupported(format, {});
    EXPECT_EQ(status.code(), Code::kUnsupportedFormat);
    EXPECT_TRUE(std::string_view(status.text()).starts_with(FormatName(format)));
  }
  EXPECT_TRUE(CheckSupported(Format::kJpeg, {}).ok());
  EXPECT_TRUE(CheckSupported(Format::kPng, {}).ok());
  EXPECT_TRUE(CheckSupported(Format::kWebp, {}).ok());
}

TEST(SniffTest, ACutSignatureIsTruncatedNotUnsupported) {
  EXPECT_EQ(CheckSupported(Format::kUnknown, Of("\xFF"sv)).code(), Code::kTruncated);
  EXPECT_EQ(CheckSupported(Format::kUnknown, Of("\xFF\xD8"sv)).code(), Code::kTruncated);
  EXPECT_EQ(CheckSupported(Format::kUnknown, Of("\x89PNG"sv)).code(), Code::kTruncated);
  EXPECT_EQ(CheckSupported(Format::kUnknown, Of("RIFF\0\0"sv)).code(), Code::kTruncated);
  EXPECT_EQ(CheckSupported(Format::kUnknown, Of("RIFF\0\0\0\0WEB"sv)).code(), Code::kTruncated);
  EXPECT_EQ(CheckSupported(Format::kUnknown, Of("RIFF\0\0\0\0WAVE"sv)).code(),
            Code::kUnsupportedFormat);
  EXPECT_EQ(CheckSupported(Format::kUnknown, Of("P6"sv)).code(), Code::kUnsupportedFormat);
}

}  // namespace
}  // namespace headrace::codecs
