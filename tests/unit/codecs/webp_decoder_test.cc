// WebP beyond the sample pictures: files made here by libwebp's encoder, and containers put
// together by hand.
#include "codecs/webp_decoder.h"

#include <gtest/gtest.h>

#include <webp/encode.h>

#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "codec_fixture.h"
#include "codecs/decoder_set.h"
#include "jpeg_maker.h"

namespace headrace::codecs {
namespace {

Bytes Number(uint64_t value, size_t count) {
  Bytes bytes;
  for (size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
  return bytes;
}

void Append(Bytes* to, const Bytes& bytes) { to->insert(to->end(), bytes.begin(), bytes.end()); }

Bytes Text(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Bytes Chunk(std::string_view tag, const Bytes& data) {
  Bytes chunk = Text(tag);
  Append(&chunk, Number(data.size(), 4));
  Append(&chunk, data);
  if (data.size() % 2 != 0) chunk.push_back(std::byte{0});
  return chunk;
}

Bytes Riff(const Bytes& chunks) {
  Bytes body = Text("WEBP");
  Append(&body, chunks);
  Bytes file = Text("RIFF");
  Append(&file, Number(body.size(), 4));
  Append(&file, body);
  return file;
}

Bytes Vp8x(uint32_t flags, uint32_t width, uint32_t height) {
  Bytes data = Number(flags, 4);
  Append(&data, Number(width - 1, 3));
  Append(&data, Number(height - 1, 3));
  return Chunk("VP8X", data);
}

// The picture's own chunk of a simple file.
Bytes PictureChunk(const Bytes& file) { return {file.begin() + 12, file.end()}; }

struct Source {
  uint32_t width = 0;
  uint32_t height = 0;
  std::vector<uint8_t> rgba;
};

// Blocks of colours with noise on them, so that every filter of the format has something to do.
Source MakeSource(std::mt19937& random, uint32_t width, uint32_t height, bool alpha) {
  Source source{width, height, std::vector<uint8_t>(size_t{width} * height * 4)};
  for (size_t i = 0; i < source.rgba.size(); i += 4) {
    const size_t x = (i / 4) % width;
    const size_t y = (i / 4) / width;
    for (size_t c = 0; c < 3; ++c) {
      source.rgba[i + c] = static_cast<uint8_t>((x / 5 * 61 + y / 7 * 37 + c * 90) + random() % 40);
    }
    // Smooth, so that the encoder predicts it from its neighbours.
    source.rgba[i + 3] = alpha ? static_cast<uint8_t>(x * 3 + y * 5 + random() % 4) : 255;
  }
  return source;
}

Bytes Encode(const Source& source, bool lossless, int variant = 1) {
  WebPConfig config;
  WebPConfigInit(&config);
  config.lossless = lossless ? 1 : 0;
  config.exact = 1;
  config.quality = 60;
  config.method = 2;
  config.filter_strength = 60;
  config.filter_type = variant % 2;
  config.alpha_filtering = variant % 3;  // none, fast, best
  WebPPicture picture;
  WebPPictureInit(&picture);
  picture.use_argb = lossless ? 1 : 0;
  picture.width = static_cast<int>(source.width);
  picture.height = static_cast<int>(source.height);
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &writer;
  EXPECT_NE(WebPPictureImportRGBA(&picture, source.rgba.data(), picture.width * 4), 0);
  EXPECT_NE(WebPEncode(&config, &picture), 0);
  const auto bytes = std::as_bytes(std::span(writer.mem, writer.size));
  Bytes file(bytes.begin(), bytes.end());
  WebPMemoryWriterClear(&writer);
  WebPPictureFree(&picture);
  return file;
}

TEST(WebpDecoderTest, ARegionEqualsTheSameRectangleOfTheWholePicture) {
  std::mt19937 random(40);
  Codec codec;
  for (int round = 0; round < 48; ++round) {
    const bool alpha = round % 2 != 0;
    codec.options.blend_alpha = round % 4 == 3;
    const Source source = MakeSource(random, 1 + random() % 90, 1 + random() % 90, alpha);
    const Bytes file = Encode(source, round % 3 == 2, round / 3);
    const Decoded whole = codec.Decode(file);
    ASSERT_TRUE(whole.status.ok()) << whole.status.text();
    ASSERT_EQ(whole.info.upright, (SizePx{source.width, source.height}));
    for (int i = 0; i < 40; ++i) {
      const RectPx region = RandomRegion(random, whole.info.upright);
      const Decoded part = i % 2 == 0 ? codec.Decode(file, region) : codec.DecodeAgain(region);
      ASSERT_TRUE(part.status.ok()) << part.status.text();
      ASSERT_EQ(part.rgb, whole.Crop(region))
          << "round " << round << " region " << region.x << "," << region.y << " " << region.width
          << "x" << region.height;
    }
  }
}

TEST(WebpDecoderTest, AlphaIsDroppedOrLaidOverTheBackground) {
  std::mt19937 random(41);
  const Source source = MakeSource(random, 33, 21, true);
  const Bytes file = Encode(source, true);
  Codec codec;
  const Decoded dropped = codec.Decode(file);
  ASSERT_TRUE(dropped.status.ok());
  EXPECT_TRUE(dropped.info.has_alpha);
  codec.options.blend_alpha = true;
  codec.options.background[1] = 200;
  const Decoded blended = codec.Decode(file);
  ASSERT_TRUE(blended.status.ok());
  for (size_t i = 0; i < source.rgba.size() / 4; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const int value = source.rgba[i * 4 + c];
      const int alpha = source.rgba[i * 4 + 3];
      ASSERT_EQ(dropped.rgb[i * 3 + c], value);
      const int sum = value * alpha + (c == 1 ? 200 : 0) * (255 - alpha);
      ASSERT_NEAR(blended.rgb[i * 3 + c], sum / 255.0, 0.51);
    }
  }
}

TEST(WebpDecoderTest, TheFirstFrameOfAnAnimationLiesOnAnEmptyCanvas) {
  std::mt19937 random(42);
  const Source source = MakeSource(random, 10, 7, false);
  Bytes frame = Number(4 / 2, 3);  // x
  Append(&frame, Number(6 / 2, 3));
  Append(&frame, Number(10 - 1, 3));
  Append(&frame, Number(7 - 1, 3));
  Append(&frame, Number(100, 4));  // duration, flags
  Append(&frame, PictureChunk(Encode(source, true)));
  Bytes chunks = Vp8x(0x02, 20, 16);
  Append(&chunks, Chunk("ANIM", Number(0, 6)));
  Append(&chunks, Chunk("ANMF", frame));
  const Bytes file = Riff(chunks);
  Codec codec;
  codec.options.background[0] = 9;
  for (const bool blend : {false, true}) {
    codec.options.blend_alpha = blend;
    const Decoded whole = codec.Decode(file);
    ASSERT_TRUE(whole.status.ok()) << whole.status.text();
    ASSERT_EQ(whole.info.upright, (SizePx{20, 16}));
    for (uint32_t y = 0; y < 16; ++y) {
      for (uint32_t x = 0; x < 20; ++x) {
        const bool inside = x >= 4 && x < 14 && y >= 6 && y < 13;
        const uint8_t around = blend ? 9 : 0;
        const uint8_t expected = inside ? source.rgba[((y - 6) * 10 + x - 4) * 4] : around;
        ASSERT_EQ(whole.rgb[(y * 20 + x) * 3], expected) << x << "," << y;
      }
    }
    for (int i = 0; i < 60; ++i) {
      const RectPx region = RandomRegion(random, whole.info.upright);
      const Decoded part = codec.Decode(file, region);
      ASSERT_TRUE(part.status.ok()) << part.status.text();
      ASSERT_EQ(part.rgb, whole.Crop(region));
    }
  }
}

TEST(WebpDecoderTest, AFrameOutsideItsCanvasOrOfAnotherSizeIsCorrupt) {
  std::mt19937 random(43);
  const Bytes picture = PictureChunk(Encode(MakeSource(random, 10, 7, false), true));
  Codec codec;
  for (const uint32_t x : {6u, 12u}) {
    for (const uint32_t width : {10u, 9u}) {
      Bytes frame = Number(x / 2, 3);
      Append(&frame, Number(0, 3));
      Append(&frame, Number(width - 1, 3));
      Append(&frame, Number(7 - 1, 3));
      Append(&frame, Number(100, 4));
      Append(&frame, picture);
      Bytes chunks = Vp8x(0x02, 20, 16);
      Append(&chunks, Chunk("ANMF", frame));
      const Code code = codec.Decode(Riff(chunks)).status.code();
      EXPECT_EQ(code, x == 6 && width == 10 ? Code::kOk : Code::kCorrupt) << x << " " << width;
    }
  }
  EXPECT_EQ(codec.Decode(Riff(Vp8x(0x02, 20, 16))).status.code(), Code::kCorrupt);
}

TEST(WebpDecoderTest, ExifCountsWhereTheHeaderAnnouncesIt) {
  std::mt19937 random(44);
  const Bytes picture = PictureChunk(Encode(MakeSource(random, 12, 5, false), true));
  Bytes tiff = Text(
      std::string_view("MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 26));
  Codec codec;
  for (const uint32_t flags : {0u, 8u}) {
    Bytes chunks = Vp8x(flags, 12, 5);
    Append(&chunks, picture);
    Append(&chunks, Chunk("EXIF", tiff));
    const Decoded image = codec.Decode(Riff(chunks));
    ASSERT_TRUE(image.status.ok()) << image.status.text();
    EXPECT_EQ(image.info.upright, flags == 8 ? (SizePx{5, 12}) : (SizePx{12, 5}));
  }
}

TEST(WebpDecoderTest, CutAnywhereItIsInErrorAndTheDecoderGoesOn) {
  std::mt19937 random(45);
  for (const bool lossless : {false, true}) {
    const Bytes file = Encode(MakeSource(random, 24, 20, true), lossless);
    Codec codec;
    const Decoded good = codec.Decode(file);
    ASSERT_TRUE(good.status.ok());
    for (size_t size = 0; size < file.size(); ++size) {
      const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
      const Code code = codec.Decode(cut).status.code();
      EXPECT_TRUE(code == Code::kTruncated || code == Code::kEmptyFile) << size << CodeName(code);
    }
    // Cut by somebody who repaired the size: its own headers tell.
    for (size_t size = 20; size < file.size(); ++size) {
      Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
      const Bytes riff_bytes = Number(size - 8, 4);
      std::copy(riff_bytes.begin(), riff_bytes.end(), cut.begin() + 4);
      const Decoded image = codec.Decode(cut);
      EXPECT_NE(image.status.code(), Code::kInternal) << size;
      if (image.status.ok()) {
        EXPECT_EQ(image.rgb, good.rgb) << size;
      }
    }
    EXPECT_EQ(codec.Decode(file).rgb, good.rgb);
  }
}

TEST(WebpDecoderTest, AnyChangedByteEndsInAVerdict) {
  std::mt19937 random(46);
  for (const bool lossless : {false, true}) {
    const Bytes file = Encode(MakeSource(random, 24, 20, true), lossless);
    Codec codec({.max_pixels = 1 << 16});
    const Decoded good = codec.Decode(file);
    for (size_t at = 0; at < file.size(); ++at) {
      Bytes changed = file;
      changed[at] = static_cast<std::byte>(random());
      EXPECT_NE(codec.Decode(changed).status.code(), Code::kInternal) << "byte " << at;
    }
    EXPECT_EQ(codec.Decode(file).rgb, good.rgb);
  }
}

TEST(WebpDecoderTest, BytesBehindTheFileAreOnlyCounted) {
  std::mt19937 random(47);
  Bytes file = Encode(MakeSource(random, 24, 20, false), false);
  Codec codec;
  EXPECT_EQ(codec.Decode(file).report.extraneous, 0u);
  Append(&file, Text("left over"));
  const Decoded image = codec.Decode(file);
  ASSERT_TRUE(image.status.ok());
  EXPECT_EQ(image.report.extraneous, 1u);
}

TEST(WebpDecoderTest, SizesAreCheckedBeforeLibwebpTakesMemory) {
  std::mt19937 random(48);
  const Bytes file = Encode(MakeSource(random, 600, 600, false), true);
  EXPECT_EQ(Codec({.max_pixels = 359'999}).Decode(file).status.code(), Code::kLimitPixels);
  EXPECT_EQ(Codec({.max_side = 599}).Decode(file).status.code(), Code::kLimitPixels);
  EXPECT_EQ(Codec({.max_decoded_bytes = 600 * 600 * 3 - 1}).Decode(file).status.code(),
            Code::kLimitBytes);
  const Status refused = Codec({.jpeg_memory = 2 << 20}).Decode(file).status;
  EXPECT_EQ(refused.code(), Code::kLimitMemory);
  EXPECT_NE(std::string(refused.text()).find("limits.jpeg_memory"), std::string::npos);
}

}  // namespace
}  // namespace headrace::codecs
