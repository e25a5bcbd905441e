// The coefficient record keeps what it is given, and notices what was done to it.
#include "codecs/coef_record.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "codec_fixture.h"
#include "coef_pictures.h"
#include "jpeg_maker.h"
#include "jpeg_runner.h"
#include "tests/fuzz/coef_repair.h"

namespace headrace::codecs {
namespace {

Bytes Encode(const JpegCoefficientImage& image) {
  Bytes record;
  const Status status = EncodeCoefRecord(image, &record);
  EXPECT_TRUE(status.ok()) << status.text();
  return record;
}

TEST(CoefRecordTest, KeepsEveryPictureOfCoefficients) {
  std::mt19937 random(81);
  for (int i = 0; i < 200; ++i) {
    const auto colour = static_cast<JpegColour>(i % 3);
    const SizePx size = {static_cast<uint32_t>(1 + random() % 200),
                         static_cast<uint32_t>(1 + random() % 60)};
    JpegCoefficientImage image = EmptyImage(size, colour, static_cast<uint32_t>(1 + random() % 2),
                                            static_cast<uint32_t>(1 + random() % 2));
    const uint32_t one_in[] = {1, 3, 20, 1000};
    FillAtRandom(random, one_in[random() % 4], &image);
    if (i % 4 == 0) image.segments.resize(random() % 300, std::byte{0x3C});
    SCOPED_TRACE(std::to_string(size.width) + " x " + std::to_string(size.height));
    const Bytes record = Encode(image);
    JpegCoefficientImage again;
    ASSERT_TRUE(DecodeCoefRecord(record, {}, &again).ok());
    ExpectSameImage(image, again);
    if (HasFatalFailure()) return;
  }
}

TEST(CoefRecordTest, KeepsTheExtremes) {
  for (const int value : {0, 1, -7, -8, 127, -128, 128, 2047, -2047, 32767, -32768}) {
    JpegCoefficientImage image = EmptyImage({130, 20}, JpegColour::kYcc, 2, 2);
    for (auto& plane : image.plane) {
      std::fill(plane.coefficients.begin(), plane.coefficients.end(), static_cast<int16_t>(value));
      plane.coefficients[64] = static_cast<int16_t>(-value);  // a DC value from end to end
      std::fill_n(plane.quantisers, 64, uint16_t{65535});
    }
    JpegCoefficientImage again;
    ASSERT_TRUE(DecodeCoefRecord(Encode(image), {}, &again).ok()) << value;
    ExpectSameImage(image, again);
    if (HasFatalFailure()) return;
  }
}

TEST(CoefRecordTest, RefusesWhatItHasNoPlaceFor) {
  Bytes record;
  JpegCoefficientImage image = EmptyImage({64, 64}, JpegColour::kYcc, 2, 2);
  image.plane[0].across = 4;
  EXPECT_EQ(EncodeCoefRecord(image, &record).code(), Code::kUnsupportedFormat);
  image = EmptyImage({64, 64}, JpegColour::kYcc, 1, 1);
  image.plane[1].down = 2;  // larger than the first plane's
  EXPECT_EQ(EncodeCoefRecord(image, &record).code(), Code::kUnsupportedFormat);
  image = EmptyImage({64, 64}, JpegColour::kYcc, 1, 1);
  image.plane[2].coefficients.pop_back();
  EXPECT_EQ(EncodeCoefRecord(image, &record).code(), Code::kInvalidArgument);
  image = EmptyImage({64, 64}, JpegColour::kYcc, 1, 1);
  image.plane[2].blocks_down = 7;
  EXPECT_EQ(EncodeCoefRecord(image, &record).code(), Code::kInvalidArgument);
  image.components = 2;
  EXPECT_EQ(EncodeCoefRecord(image, &record).code(), Code::kInvalidArgument);
}

TEST(CoefRecordTest, HonoursLimits) {
  const Bytes record = Encode(EmptyImage({100, 50}, JpegColour::kYcc, 1, 1));
  JpegCoefficientImage image;
  ImageInfo info;
  const auto decoder = std::move(*MakeCoefDecoder());
  const struct {
    Limits limits;
    Code code;
  } cases[] = {
      {{.max_pixels = 4999}, Code::kLimitPixels},
      {{.max_side = 99}, Code::kLimitPixels},
      {{.max_encoded_bytes = record.size() - 1}, Code::kLimitBytes},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(DecodeCoefRecord(record, each.limits, &image).code(), each.code);
    EXPECT_EQ(decoder->ReadHeader(record, each.limits, {}, &info).code(), each.code);
  }
  // 13 x 7 blocks and 3 planes of 128 bytes.
  Limits limits;
  limits.max_decoded_bytes = 13 * 7 * 3 * 128;
  EXPECT_TRUE(DecodeCoefRecord(record, limits, &image).ok());
  --limits.max_decoded_bytes;
  EXPECT_EQ(DecodeCoefRecord(record, limits, &image).code(), Code::kLimitBytes);
  limits.max_decoded_bytes = 100 * 50 * 3;  // and what the bands take
  ASSERT_TRUE(decoder->ReadHeader(record, limits, {}, &info).ok());
  std::vector<std::byte> scratch(1 << 20);
  ConstImageView view;
  DecodeReport report;
  EXPECT_EQ(decoder->Decode({0, 0, 100, 50}, scratch, &view, &report).code(), Code::kLimitBytes);
}

// ------------------------------------------------------------------ damage

class CoefDamageTest : public testing::Test {
 protected:
  CoefDamageTest() {
    std::mt19937 random(5);
    JpegCoefficientImage image = EmptyImage({90, 37}, JpegColour::kYcc, 2, 2);
    FillAtRandom(random, 12, &image);
    image.segments.assign(40, std::byte{0x11});
    record_ = Encode(image);
    EXPECT_TRUE(runner_.ReadHeader(record_).ok());
    whole_ = {0, 0, 90, 37};
    pixels_ = runner_.Rgb(whole_).samples;
  }

  // Of the picture's pixels, header first; `pixels`: what came out.
  Status Verdict(const Bytes& record, std::vector<uint8_t>* pixels) {
    HR_TRY(runner_.ReadHeader(record));
    Outcome outcome = runner_.Rgb(whole_);
    *pixels = std::move(outcome.samples);
    return outcome.status;
  }

  JpegRunner runner_{std::move(*MakeCoefDecoder())};
  Bytes record_;
  RectPx whole_{};
  std::vector<uint8_t> pixels_;
};

TEST_F(CoefDamageTest, NoByteCanBeChangedUnnoticed) {
  std::mt19937 random(3);
  JpegCoefficientImage image;
  size_t unseen = 0;
  for (size_t at = 0; at < record_.size(); ++at) {
    for (int round = 0; round < 2; ++round) {
      Bytes damaged = record_;
      damaged[at] ^= static_cast<std::byte>(round == 0 ? 1u << random() % 8 : 1 + random() % 255);
      const Code code = DecodeCoefRecord(damaged, {}, &image).code();
      // The magic, the version, and sizes that say the record is longer are no damage by their
      // code.
      const bool may_be_other = at < 10 || (at >= 24 && at < 28);
      if (!may_be_other) {
        ASSERT_EQ(code, Code::kCorrupt) << at;
      }
      ASSERT_NE(code, Code::kOk) << at;
      std::vector<uint8_t> pixels;
      const Status status = Verdict(damaged, &pixels);
      if (status.ok()) {
        ASSERT_EQ(pixels == pixels_, true) << at;
        ++unseen;
      } else if (!may_be_other) {
        ASSERT_EQ(status.code(), Code::kCorrupt) << at;
      }
    }
  }
  // The segments and the tail, which pixels do not need.
  EXPECT_EQ(unseen, 2 * (40 + kCoefTailBytes));
}

TEST_F(CoefDamageTest, NoEndCanBeCutOffUnnoticed) {
  JpegCoefficientImage image;
  for (size_t bytes = 0; bytes < record_.size(); ++bytes) {
    const Bytes cut(record_.begin(), record_.begin() + static_cast<ptrdiff_t>(bytes));
    const Code wanted = bytes == 0 ? Code::kEmptyFile : Code::kTruncated;
    std::vector<uint8_t> pixels;
    ASSERT_EQ(Verdict(cut, &pixels).code(), wanted) << bytes;
    ASSERT_EQ(DecodeCoefRecord(cut, {}, &image).code(), wanted) << bytes;
    // By its first bytes too.
    Codec codec;
    ASSERT_EQ(codec.Decode(cut).status.code(), wanted) << bytes;
  }
  Bytes longer = record_;
  longer.push_back(std::byte{0});
  std::vector<uint8_t> pixels;
  EXPECT_EQ(Verdict(longer, &pixels).code(), Code::kCorrupt);
}

// The verdict on a region is that on the rows of blocks which it needs, from edge to edge.
TEST_F(CoefDamageTest, SpoilsTheRowsThatAreDamagedAndNoOthers) {
  CoefLayout layout;
  ASSERT_TRUE(layout.Open(record_, {}).ok());
  const size_t data_at = static_cast<size_t>(layout.Row(0, 0).data() -
                                             reinterpret_cast<const uint8_t*>(record_.data()));
  Bytes damaged = record_;
  const std::span<const uint8_t> row = layout.Row(0, 0);
  damaged[data_at + row.size() - 1] ^= std::byte{1};  // the last chunk of the first row of luma
  ASSERT_TRUE(runner_.ReadHeader(damaged).ok());
  for (uint32_t y = 0; y + 4 <= 37; ++y) {
    for (const uint32_t x : {0u, 80u}) {
      const RectPx region = {x, y, 10, 4};
      // Chroma that is doubled looks at the row above: line 17 at that of lines 14 and 15.
      const bool needs = y <= 17;
      const Outcome outcome = runner_.Rgb(region);
      EXPECT_EQ(outcome.status.code(), needs ? Code::kCorrupt : Code::kOk) << x << " " << y;
    }
  }
}

// What the hashes cannot notice: records made to be wrong.
TEST_F(CoefDamageTest, RecordsThatAreWrongByIntentAreRefusedOrDecoded) {
  std::mt19937 random(23);
  const int rounds = std::getenv("HEADRACE_LONG_TESTS") != nullptr ? 200000 : 6000;
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<uint8_t> bytes(record_.size());
    std::memcpy(bytes.data(), record_.data(), bytes.size());
    for (auto left = 1 + random() % 3; left > 0; --left) {
      // Half of them in the header.
      const size_t end = random() % 2 == 0 ? 40 + 12 + 256 + 8 * 12 : bytes.size();
      const size_t at = 8 + random() % (end - 8);
      bytes[at] = random() % 2 == 0 ? static_cast<uint8_t>(random())
                                    : static_cast<uint8_t>(bytes[at] + 1 - 2 * (random() % 2));
    }
    RepairCoefRecord(&bytes);
    Bytes record(bytes.size());
    std::memcpy(record.data(), bytes.data(), bytes.size());
    std::vector<uint8_t> pixels;
    JpegCoefficientImage image;
    const Status whole = DecodeCoefRecord(record, {}, &image);
    whole_ = {0, 0, 90, 37};
    Status status = runner_.ReadHeader(record);
    if (status.ok()) {
      whole_ = {0, 0, runner_.info().upright.width, runner_.info().upright.height};
      if (uint64_t{whole_.width} * whole_.height > 1 << 20) continue;
      status = runner_.Rgb(whole_).status;
    }
    ASSERT_NE(status.code(), Code::kInternal);
    // What can be decoded whole has pixels.
    if (whole.ok()) {
      ASSERT_TRUE(status.ok()) << round << ": " << status.text();
    }
    refused += status.ok() ? 0 : 1;
  }
  EXPECT_GT(refused, rounds / 20);
  EXPECT_LT(refused, rounds);
}

}  // namespace
}  // namespace headrace::codecs
