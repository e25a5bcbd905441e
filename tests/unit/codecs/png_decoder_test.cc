#include "codecs/png_decoder.h"

#include <gtest/gtest.h>

#include <random>

#include "png_builder.h"

namespace headrace::codecs {
namespace {

constexpr uint8_t kBackground[3] = {10, 200, 255};

struct Kind {
  uint32_t colour_type;
  uint32_t bit_depth;
};
constexpr Kind kKinds[] = {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}, {2, 8}, {2, 16}, {3, 1},
                           {3, 2}, {3, 4}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}};

enum class Transparency { kNone, kChunk };

struct Picture {
  PngSpec spec;
  std::vector<uint16_t> samples;
};

Picture RandomPicture(std::mt19937& random, const Kind& kind, Transparency transparency) {
  Picture picture;
  PngSpec& spec = picture.spec;
  spec.width = 1 + random() % 19;
  spec.height = 1 + random() % 19;
  spec.colour_type = kind.colour_type;
  spec.bit_depth = kind.bit_depth;
  const uint32_t mask = (1u << kind.bit_depth) - 1;
  const size_t count = size_t{spec.width} * spec.height * PngSamplesPerPixel(kind.colour_type);
  for (size_t i = 0; i < count; ++i) picture.samples.push_back(random() & mask);
  if (kind.colour_type == 3) {
    for (uint32_t i = 0; i < 3 * (mask + 1); ++i) spec.palette.push_back(random() & 255);
  }
  if (transparency == Transparency::kNone) return picture;
  if (kind.colour_type == 3) {
    for (uint32_t i = 0; i < mask; ++i) spec.transparency.push_back(random() & 255);
  } else {  // the colour key is that of some pixel
    for (uint32_t c = 0; c < PngSamplesPerPixel(kind.colour_type); ++c) {
      spec.transparency.push_back(static_cast<uint8_t>(picture.samples[c] >> 8));
      spec.transparency.push_back(static_cast<uint8_t>(picture.samples[c]));
    }
  }
  return picture;
}

uint8_t To8Bits(uint16_t sample, const PngSpec& spec) {
  switch (spec.bit_depth) {
    case 1: return sample != 0 ? 255 : 0;
    case 2: return static_cast<uint8_t>(sample * 85);
    case 4: return static_cast<uint8_t>(sample * 17);
    case 8: return static_cast<uint8_t>(sample);
    default: break;
  }
  if (spec.colour_type != 0) return static_cast<uint8_t>(sample >> 8);
  return static_cast<uint8_t>((uint32_t{sample} + 128) / 257);  // grey: value / 257, rounded
}

// Colour and alpha of one pixel, straight from the PNG specification.
void Pixel(const Picture& picture, size_t index, uint8_t rgb[3], uint32_t* alpha) {
  const PngSpec& spec = picture.spec;
  const uint32_t per_pixel = PngSamplesPerPixel(spec.colour_type);
  const uint16_t* at = picture.samples.data() + index * per_pixel;
  *alpha = 255;
  if (spec.colour_type == 3) {
    for (size_t c = 0; c < 3; ++c) rgb[c] = spec.palette[at[0] * size_t{3} + c];
    if (at[0] < spec.transparency.size()) *alpha = spec.transparency[at[0]];
    return;
  }
  const bool grey = per_pixel < 3;
  for (size_t c = 0; c < 3; ++c) rgb[c] = To8Bits(at[grey ? 0 : c], spec);
  if (spec.colour_type == 4 || spec.colour_type == 6) *alpha = To8Bits(at[per_pixel - 1], spec);
  if (spec.transparency.empty()) return;
  bool is_key = true;
  for (size_t c = 0; c < per_pixel; ++c) {
    is_key &= at[c] == (spec.transparency[2 * c] << 8 | spec.transparency[2 * c + 1]);
  }
  if (is_key) *alpha = 0;
}

std::vector<uint8_t> Expected(const Picture& picture, const DecodeOptions& options) {
  std::vector<uint8_t> out;
  const size_t count = size_t{picture.spec.width} * picture.spec.height;
  for (size_t i = 0; i < count; ++i) {
    uint8_t rgb[3];
    uint32_t alpha = 255;
    Pixel(picture, i, rgb, &alpha);
    if (!options.blend_alpha) alpha = 255;
    for (size_t c = 0; c < 3; ++c) {
      const uint32_t sum = rgb[c] * alpha + options.background[c] * (255 - alpha);
      out.push_back(static_cast<uint8_t>((2 * sum + 255) / 510));  // rounded to nearest
    }
  }
  return out;
}

TEST(PngDecoderTest, EveryKindOfPngIsDecodedByItsSpecification) {
  std::mt19937 random(1);
  Codec codec;
  std::copy(kBackground, kBackground + 3, codec.options.background);
  for (const Kind& kind : kKinds) {
    for (int round = 0; round < 24; ++round) {
      const bool may_key = kind.colour_type != 4 && kind.colour_type != 6;
      const Transparency transparency =
          may_key && round % 2 == 1 ? Transparency::kChunk : Transparency::kNone;
      Picture picture = RandomPicture(random, kind, transparency);
      picture.spec.interlaced = round % 4 >= 2;
      picture.spec.idat_bytes = round % 3 == 0 ? 0 : 1 + random() % 40;
      codec.options.blend_alpha = round % 8 >= 4;
      SCOPED_TRACE(testing::Message()
                   << "colour type " << kind.colour_type << " depth " << kind.bit_depth
                   << " interlaced " << picture.spec.interlaced << " blend "
                   << codec.options.blend_alpha << " tRNS " << picture.spec.transparency.size()
                   << " size " << picture.spec.width << "x" << picture.spec.height);
      const Bytes file = BuildPng(picture.spec, picture.samples);
      const Decoded image = codec.Decode(file);
      ASSERT_TRUE(image.status.ok()) << image.status.text();
      const std::vector<uint8_t> expected = Expected(picture, codec.options);
      ASSERT_EQ(image.rgb, expected);
      EXPECT_EQ(image.info.has_alpha, transparency == Transparency::kChunk || !may_key);

      Decoded whole;
      whole.width = image.width;
      whole.rgb = expected;
      const uint32_t x = random() % image.width;
      const uint32_t y = random() % image.height;
      const RectPx region{x, y, 1 + static_cast<uint32_t>(random()) % (image.width - x),
                          1 + static_cast<uint32_t>(random()) % (image.height - y)};
      const Decoded part = codec.DecodeAgain(region);
      ASSERT_TRUE(part.status.ok()) << part.status.text();
      ASSERT_EQ(part.rgb, whole.Crop(region));
    }
  }
}

Picture GreyRows(uint32_t width, uint32_t height) {
  Picture picture;
  picture.spec.width = width;
  picture.spec.height = height;
  picture.spec.colour_type = 0;
  for (uint32_t i = 0; i < width * height; ++i) picture.samples.push_back(i * 7 & 255);
  return picture;
}

TEST(PngDecoderTest, TheWidestPictureFitsTheArena) {
  Picture picture;
  picture.spec = {.width = 65535, .height = 2, .colour_type = 6, .bit_depth = 16};
  picture.samples.assign(size_t{65535} * 2 * 4, 0x1234);
  Codec codec;
  for (const bool interlaced : {false, true}) {
    picture.spec.interlaced = interlaced;
    const Decoded image = codec.Decode(BuildPng(picture.spec, picture.samples));
    ASSERT_TRUE(image.status.ok()) << image.status.text();
    EXPECT_EQ(image.rgb, std::vector<uint8_t>(size_t{65535} * 2 * 3, 0x12));
  }
}

TEST(PngDecoderTest, APictureWiderThanAtOpenIsRefused) {
  Codec codec({.max_side = 16});
  codec.limits.max_side = 65535;
  const Picture picture = GreyRows(4000, 1);
  EXPECT_EQ(codec.Decode(BuildPng(picture.spec, picture.samples)).status.code(),
            Code::kLimitMemory);
}

TEST(PngDecoderTest, DamageBelowTheRegionIsNotLookedAt) {
  const Picture picture = GreyRows(200, 300);  // several pieces of picture data
  Bytes file = BuildPng(picture.spec, picture.samples);
  file[file.size() - 40] ^= std::byte{1};
  Codec codec;
  const Decoded top = codec.Decode(file, {3, 0, 100, 20});
  EXPECT_TRUE(top.status.ok()) << top.status.text();
  EXPECT_EQ(codec.Decode(file).status.code(), Code::kCorrupt);
  EXPECT_EQ(codec.Decode(file, {0, 299, 1, 1}).status.code(), Code::kCorrupt);
}

TEST(PngDecoderTest, AWrongSumAfterTheLastRowIsCorrupt) {
  const Picture picture = GreyRows(20, 10);
  const Bytes good = BuildPng(picture.spec, picture.samples);
  Codec codec;
  ASSERT_TRUE(codec.Decode(good).status.ok());
  Bytes bad_crc = good;
  bad_crc[good.size() - 12 - 1] ^= std::byte{1};  // last byte of the IDAT's CRC
  EXPECT_EQ(codec.Decode(bad_crc).status.code(), Code::kCorrupt);

  // A wrong Adler sum under a right CRC.
  const size_t begin = good.size() - 12 - 4 - (2 + 5 + 21 * 10 + 4);
  std::vector<uint8_t> data;
  for (size_t i = begin; i < good.size() - 16; ++i) {
    data.push_back(std::to_integer<uint8_t>(good[i]));
  }
  data.back() ^= 1;
  Bytes bad_adler(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(begin) - 8);
  for (const Bytes& chunk : {PngChunkBytes("IDAT", data), PngChunkBytes("IEND", {})}) {
    bad_adler.insert(bad_adler.end(), chunk.begin(), chunk.end());
  }
  EXPECT_EQ(codec.Decode(bad_adler).status.code(), Code::kCorrupt);
}

TEST(PngDecoderTest, DataBeyondTheLastRowAreOnlyCounted) {
  Picture picture = GreyRows(20, 10);
  picture.spec.extra_rows_bytes = 100'000;
  Codec codec;
  const Decoded image = codec.Decode(BuildPng(picture.spec, picture.samples));
  EXPECT_TRUE(image.status.ok()) << image.status.text();
  EXPECT_EQ(image.report.extraneous, 1u);
}

TEST(PngDecoderTest, MissingRowsAreCorruptOrTruncatedByWhetherTheFileEnds) {
  Picture picture = GreyRows(20, 10);
  const std::vector<uint16_t> half(picture.samples.begin(), picture.samples.begin() + 100);
  picture.spec.height = 5;
  const Bytes short_data = BuildPng(picture.spec, half);
  picture.spec.height = 10;
  const Bytes tall = BuildPng(picture.spec, picture.samples);
  Bytes lying(tall.begin(), tall.begin() + 33);  // the header of 10 rows over the data of 5
  lying.insert(lying.end(), short_data.begin() + 33, short_data.end());
  Codec codec;
  EXPECT_EQ(codec.Decode(lying).status.code(), Code::kCorrupt);
  EXPECT_TRUE(codec.Decode(lying, {0, 0, 20, 5}).status.ok());
  const Bytes cut(tall.begin(), tall.begin() + 150);
  EXPECT_EQ(codec.Decode(cut).status.code(), Code::kTruncated);
}

TEST(PngDecoderTest, ExifAfterThePictureTurnsIt) {
  Picture picture = GreyRows(5, 3);
  picture.spec.exif = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0};
  Bytes file = BuildPng(picture.spec, picture.samples);
  Codec codec;
  const Decoded image = codec.Decode(file);
  ASSERT_TRUE(image.status.ok());
  EXPECT_EQ(image.info.orientation, 6);
  ASSERT_EQ(image.info.upright, (SizePx{3, 5}));
  EXPECT_EQ(image.rgb[0], picture.samples[10]);  // stored bottom left is upright top left
  EXPECT_EQ(image.rgb[6], picture.samples[0]);

  file[file.size() - 12 - 1] ^= std::byte{1};  // the CRC of eXIf
  EXPECT_EQ(codec.Decode(file).info.orientation, 1);
}

TEST(PngDecoderTest, AnUnknownCriticalChunkIsAnError) {
  const Picture picture = GreyRows(5, 3);
  Bytes file = BuildPng(picture.spec, picture.samples);
  const Bytes chunk = PngChunkBytes("CgBI", {1, 2, 3, 4});
  file.insert(file.begin() + 33, chunk.begin(), chunk.end());
  Codec codec;
  EXPECT_EQ(codec.Decode(file).status.code(), Code::kCorrupt);
}

}  // namespace
}  // namespace headrace::codecs
