#include "codecs/encoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "codec_fixture.h"

namespace headrace::codecs {
namespace {

// A smooth picture, which JPEG keeps well, in rows with padding behind them.
struct Picture {
  Picture(uint32_t width, uint32_t height, uint32_t channels)
      : view{nullptr, width, height, channels, size_t{width} * channels + 5} {
    pixels.assign(view.stride_bytes * height, 0xEE);
    for (uint32_t y = 0; y < height; ++y) {
      for (uint32_t i = 0; i < width * channels; ++i) {
        pixels[y * view.stride_bytes + i] = static_cast<uint8_t>(
            128 + 100 * std::sin(0.03 * (i / channels) + 0.05 * y + (i % channels)));
      }
    }
    view.data = pixels.data();
  }
  uint8_t At(uint32_t x, uint32_t y, uint32_t c) const {
    return view.Row(y)[x * view.channels + c % view.channels];
  }

  std::vector<uint8_t> pixels;
  ConstImageView view;
};

double MeanError(const Picture& picture, const Decoded& image) {
  double sum = 0;
  for (uint32_t y = 0; y < image.height; ++y) {
    for (uint32_t x = 0; x < image.width; ++x) {
      for (uint32_t c = 0; c < 3; ++c) {
        const int got = image.rgb[(size_t{y} * image.width + x) * 3 + c];
        sum += std::abs(got - int{picture.At(x, y, c)});
      }
    }
  }
  return sum / static_cast<double>(image.rgb.size());
}

TEST(EncoderTest, APngGivesItsPixelsBack) {
  Codec codec;
  for (const uint32_t channels : {1u, 3u}) {
    for (const SizePx size : {SizePx{1, 1}, SizePx{37, 21}, SizePx{300, 400}}) {
      const Picture picture(size.width, size.height, channels);
      auto file = EncodePng(picture.view);
      ASSERT_TRUE(file.ok());
      const Decoded image = codec.Decode(*file);
      ASSERT_TRUE(image.status.ok());
      EXPECT_EQ(image.info.source_channels, channels);
      EXPECT_EQ(MeanError(picture, image), 0);
    }
  }
}

TEST(EncoderTest, AJpegComesCloseInEveryKind) {
  Codec codec;
  for (int kind = 0; kind < 16; ++kind) {
    const JpegEncodeOptions options{.quality = 95,
                                    .subsample = (kind & 1) != 0,
                                    .progressive = (kind & 2) != 0,
                                    .restart_rows = static_cast<uint16_t>(kind >> 2 & 1)};
    const Picture picture(203, 117, (kind & 8) != 0 ? 1 : 3);
    auto file = EncodeJpeg(picture.view, options);
    ASSERT_TRUE(file.ok());
    const Decoded image = codec.Decode(*file);
    ASSERT_TRUE(image.status.ok()) << image.status.text();
    EXPECT_EQ(image.info.upright, (SizePx{203, 117}));
    EXPECT_EQ(image.info.progressive, options.progressive);
    EXPECT_LT(MeanError(picture, image), 2.0) << "kind " << kind;
  }
}

bool HasMarker(const Bytes& file, int marker) {
  for (size_t i = 0; i + 1 < file.size(); ++i) {
    if (file[i] == std::byte{0xFF} && file[i + 1] == static_cast<std::byte>(marker)) return true;
  }
  return false;
}

TEST(EncoderTest, OptionsShowInTheFile) {
  const Picture picture(64, 64, 3);
  constexpr int kRestart0 = 0xD0;
  constexpr int kProgressiveFrame = 0xC2;
  const Bytes plain = EncodeJpeg(picture.view, {}).value();
  EXPECT_FALSE(HasMarker(plain, kRestart0));
  EXPECT_FALSE(HasMarker(plain, kProgressiveFrame));
  EXPECT_TRUE(HasMarker(EncodeJpeg(picture.view, {.restart_rows = 1}).value(), kRestart0));
  EXPECT_TRUE(
      HasMarker(EncodeJpeg(picture.view, {.progressive = true}).value(), kProgressiveFrame));
  EXPECT_GT(EncodeJpeg(picture.view, {.subsample = false}).value().size(), plain.size());
  EXPECT_LT(EncodeJpeg(picture.view, {.quality = 10}).value().size(), plain.size());
}

TEST(EncoderTest, TheSamePixelsGiveTheSameBytes) {
  const Picture picture(64, 48, 3);
  EXPECT_EQ(EncodePng(picture.view).value(), EncodePng(picture.view).value());
  EXPECT_EQ(EncodeJpeg(picture.view, {}).value(), EncodeJpeg(picture.view, {}).value());
}

TEST(EncoderTest, WhatCannotBeWrittenIsRefused) {
  const Picture picture(8, 8, 3);
  ConstImageView four = picture.view;
  four.channels = 4;
  four.width = 6;
  EXPECT_EQ(EncodePng(four).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(EncodeJpeg(four, {}).status().code(), Code::kInvalidArgument);
  ConstImageView empty = picture.view;
  empty.height = 0;
  EXPECT_EQ(EncodePng(empty).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(EncodeJpeg(empty, {}).status().code(), Code::kInvalidArgument);
  ConstImageView wide = picture.view;
  wide.width = 65501;
  EXPECT_EQ(EncodeJpeg(wide, {}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(EncodeJpeg(picture.view, {.quality = 0}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(EncodeJpeg(picture.view, {.quality = 101}).status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace headrace::codecs
