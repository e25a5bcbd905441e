// Parts of records: the rows of a crop are decoded from the bytes that the bands name, and from no
// others.
#include "codecs/record_bands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include "codec_fixture.h"
#include "codecs/decoder_set.h"
#include "codecs/record_packer.h"
#include "jpeg_maker.h"
#include "jpeg_runner.h"
#include "simd/flip.h"

namespace headrace::codecs {
namespace {

class RecordBandsTest : public testing::TestWithParam<PackCodec> {
 protected:
  PackedRecord Pack(std::span<const std::byte> file) {
    PackedRecord record;
    EXPECT_TRUE((*packer_)->Pack(file, &record).ok());
    return record;
  }

  // The record with noise in place of what is not in the part.
  static Bytes WithHoles(const PackedRecord& record, const RecordPart& part, std::mt19937& random) {
    Bytes holed = record.bytes;
    for (size_t i = 0; i < holed.size(); ++i) {
      if (i >= part.head_bytes && (i < part.begin || i >= part.end)) {
        holed[i] = static_cast<std::byte>(random());
      }
    }
    return holed;
  }

  bool Find(const PackedRecord& record, const RectPx& upright, RecordPart* part) {
    const SizePx stored = record.bands.stored();
    return FindRecordPart(record.bands, record.bytes.size(),
                          simd::StoredRect(upright, stored, record.bands.orientation()), part);
  }

  // What `runner` gives for the region, as RGB (reduction 0) or planes.
  static Outcome Decode(JpegRunner& runner, const RectPx& region, uint32_t reduction) {
    DecodeCheckpoints trust = {.restarts_trusted = true};
    return reduction == 0 ? runner.Rgb(region, &trust) : runner.Planes({region, reduction}, &trust);
  }

  void ExpectSamePixels(const PackedRecord& record, std::mt19937& random, uint64_t* part_bytes) {
    ASSERT_TRUE(whole_.ReadHeader(record.bytes).ok());
    const RectPx region = RandomRegion(random, whole_.info().upright);
    const uint32_t reduction = whole_.info().planar ? (1u << random() % 5) / 2 : 0;
    SCOPED_TRACE(testing::Message()
                 << "region " << region.x << "," << region.y << " " << region.width << "x"
                 << region.height << " reduction " << reduction);
    RecordPart part;
    ASSERT_TRUE(Find(record, region, &part));
    *part_bytes = part.end - part.begin;
    const Bytes holed = WithHoles(record, part, random);
    const Status header = part_.ReadHeader(holed, part);
    ASSERT_TRUE(header.ok()) << header.text();
    EXPECT_EQ(part_.info().upright, whole_.info().upright);
    const Outcome got = Decode(part_, region, reduction);
    ASSERT_TRUE(got.status.ok()) << got.status.text();
    EXPECT_FALSE(got.report.by_library);
    const Outcome wanted = Decode(whole_, region, reduction);
    ASSERT_TRUE(wanted.status.ok()) << wanted.status.text();
    ASSERT_EQ(got.samples == wanted.samples, true);
  }

  Result<std::unique_ptr<RecordPacker>> packer_ = RecordPacker::Make({.codec = GetParam()});
  JpegRunner whole_{std::move(*MakeDecoderSet({}))};
  JpegRunner part_{std::move(*MakeDecoderSet({}))};
};

TEST_P(RecordBandsTest, ChangeNoPixelOfGeneratedPictures) {
  std::mt19937 random(811);
  uint32_t known = 0;
  uint32_t smaller = 0;
  for (int i = 0; i < 400; ++i) {
    JpegRecipe recipe = RandomJpegRecipe(random, i % 4 == 0 ? 700 : 200);
    recipe.seed = static_cast<uint32_t>(i);
    SCOPED_TRACE(recipe.Text());
    Bytes file = MakeJpeg(recipe);
    if (i % 3 == 0) file = WithOrientation(file, static_cast<uint8_t>(1 + random() % 8));
    const PackedRecord record = Pack(file);
    if (!record.bands.known()) continue;
    ++known;
    for (int round = 0; round < 4; ++round) {
      uint64_t part_bytes = 0;
      ASSERT_NO_FATAL_FAILURE(ExpectSamePixels(record, random, &part_bytes));
      smaller += part_bytes * 4 < record.bytes.size() * 3 ? 1 : 0;
    }
  }
  EXPECT_GT(known, 200u);
  EXPECT_GT(smaller, 300u);
}

TEST_P(RecordBandsTest, ChangeNoPixelOfPhotographs) {
  if (!HasSamples("imagenet-mini")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  std::mt19937 random(812);
  uint32_t count = 0;
  uint32_t known = 0;
  for (const TableRow& row :
       ReadTable(std::string(HEADRACE_DATA_DIR) + "/imagenet-mini/manifest.tsv")) {
    if (count++ % 4 != 0) continue;
    SCOPED_TRACE(row.at("file"));
    const PackedRecord record = Pack(ReadSample("imagenet-mini/" + row.at("file")));
    if (!record.bands.known()) continue;  // 4:4:0
    ++known;
    for (int round = 0; round < 6; ++round) {
      uint64_t part_bytes = 0;
      ASSERT_NO_FATAL_FAILURE(ExpectSamePixels(record, random, &part_bytes));
    }
  }
  EXPECT_GE(known, 49u);
}

// A part that does not hold the rows asked for must not give pixels of what happens to lie there.
TEST_P(RecordBandsTest, OtherRowsThanThoseOfThePartAreRefused) {
  std::mt19937 random(813);
  JpegRecipe recipe;
  recipe.width = 300;
  recipe.height = 400;
  const PackedRecord record = Pack(MakeJpeg(recipe));
  ASSERT_TRUE(record.bands.known());
  RecordPart part;
  ASSERT_TRUE(Find(record, {0, 200, 300, 40}, &part));
  ASSERT_GT(part.mcu_row, 0u);
  const Bytes holed = WithHoles(record, part, random);
  for (const RectPx& region : {RectPx{0, 0, 300, 40}, RectPx{0, 100, 300, 140},
                               RectPx{0, 200, 300, 160}, RectPx{10, 380, 20, 20}}) {
    for (const uint32_t reduction : {0u, 1u, 8u}) {
      ASSERT_TRUE(part_.ReadHeader(holed, part).ok());
      EXPECT_FALSE(Decode(part_, region, reduction).status.ok())
          << region.y << " " << region.height << " " << reduction;
    }
  }
  // Nor is a header that goes on into a hole.
  part.head_bytes = 100;
  EXPECT_FALSE(part_.ReadHeader(holed, part).ok());
}

// Section 3.5 of the contract: a sample is judged by what it needs.
TEST_P(RecordBandsTest, DamageIsSeenInTheRowsThatAreNeededAndNowhereElse) {
  std::mt19937 random(814);
  JpegRecipe recipe;
  recipe.width = 300;
  recipe.height = 400;
  PackedRecord record = Pack(MakeJpeg(recipe));
  ASSERT_TRUE(whole_.ReadHeader(record.bytes).ok());
  const RectPx region = {0, 150, 300, 60};
  const Bytes wanted = [&] {
    const Outcome outcome = Decode(whole_, region, 0);
    const auto* begin = reinterpret_cast<const std::byte*>(outcome.samples.data());
    return Bytes(begin, begin + outcome.samples.size());
  }();
  RecordPart part;
  ASSERT_TRUE(Find(record, region, &part));
  for (int i = 0; i < 300; ++i) {
    Bytes damaged = record.bytes;
    const size_t at = random() % damaged.size();
    damaged[at] ^= static_cast<std::byte>(1 + random() % 255);
    const Status header = part_.ReadHeader(damaged, part);
    if (at < part.head_bytes && !header.ok()) continue;
    ASSERT_TRUE(header.ok()) << at;
    const Outcome outcome = Decode(part_, region, 0);
    if (at >= part.begin && at < part.end) continue;  // noticed or not, as by a decode of the whole
    if (at < part.head_bytes) continue;
    ASSERT_TRUE(outcome.status.ok()) << at << ": " << outcome.status.text();
    EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(outcome.samples)), wanted)) << at;
  }
  if (GetParam() != PackCodec::kCoef) return;
  // Rows of a coefficient record have hashes.
  Bytes damaged = record.bytes;
  damaged[(part.begin + part.end) / 2] ^= std::byte{1};
  ASSERT_TRUE(part_.ReadHeader(damaged, part).ok());
  EXPECT_FALSE(Decode(part_, region, 0).status.ok());
}

TEST_P(RecordBandsTest, NothingIsKnownOfCopies) {
  Bytes file = MakeJpeg({.width = 200, .height = 200});
  file.resize(file.size() / 2);
  EXPECT_FALSE(Pack(file).bands.known());
}

// An index may say anything: what a decode gives is the same whatever lies in the holes.
TEST_P(RecordBandsTest, FieldsThatCannotBeLeadNowhere) {
  std::mt19937 random(815);
  uint32_t decoded = 0;
  for (const uint32_t height : {400u, 100u}) {  // 100: fewer rows of MCUs than bands
    const PackedRecord record = Pack(MakeJpeg({.width = 300, .height = height}));
    ASSERT_TRUE(record.bands.known());
    for (int i = 0; i < 1200; ++i) {
      RecordBands bands = record.bands;
      auto* const bytes = reinterpret_cast<uint8_t*>(&bands);
      for (uint32_t k = 0; k < 1 + random() % 4; ++k) {
        bytes[random() % sizeof bands] = static_cast<uint8_t>(random());
      }
      const RectPx region = RandomRegion(random, {300, height});
      RecordPart part;
      if (!FindRecordPart(bands, record.bytes.size(), region, &part)) continue;
      ASSERT_LE(part.head_bytes, record.bytes.size());
      ASSERT_LT(part.begin, part.end);
      ASSERT_LE(part.end, record.bytes.size());
      ASSERT_GT(part.head_bytes, 0u);
      const bool header_ok = part_.ReadHeader(record.bytes, part).ok();
      Outcome outcome;
      if (header_ok) outcome = Decode(part_, region, 0);
      for (int pattern = 0; pattern < 2; ++pattern) {
        const Bytes holed = WithHoles(record, part, random);
        ASSERT_EQ(part_.ReadHeader(holed, part).ok(), header_ok);
        if (!header_ok) continue;
        const Outcome other = Decode(part_, region, 0);
        ASSERT_EQ(other.status.ok(), outcome.status.ok());
        if (other.status.ok()) {
          ASSERT_EQ(other.samples == outcome.samples, true);
        }
      }
      // Restart markers have numbers up to 7: a place that is wrong by eight of them is not seen.
      if (!header_ok || !outcome.status.ok()) continue;
      ++decoded;
      if (GetParam() == PackCodec::kJpeg) continue;
      ASSERT_TRUE(whole_.ReadHeader(record.bytes).ok());
      ASSERT_EQ(outcome.samples == Decode(whole_, region, 0).samples, true);
    }
  }
  EXPECT_GT(decoded, 400u);
}

// Rows of a picture of another size, or of other MCUs, lie elsewhere.
TEST_P(RecordBandsTest, APartOfAnotherPictureIsRefused) {
  const PackedRecord record = Pack(MakeJpeg({.width = 300, .height = 400}));
  const auto header_ok = [&](const RecordBands& bands) {
    RecordPart part;
    EXPECT_TRUE(FindRecordPart(bands, record.bytes.size(), {0, 150, 200, 60}, &part));
    return part_.ReadHeader(record.bytes, part).ok();
  };
  EXPECT_TRUE(header_ok(record.bands));
  RecordBands bands = record.bands;
  bands.width += 1;
  EXPECT_FALSE(header_ok(bands));
  bands = record.bands;
  bands.height -= 16;
  EXPECT_FALSE(header_ok(bands));
  bands = record.bands;
  bands.form ^= 16;
  EXPECT_FALSE(header_ok(bands));
}

// A first band that begins somewhere else, in a picture of fewer rows than bands.
TEST_P(RecordBandsTest, TheFirstRowIsNotDecodedFromAHole) {
  std::mt19937 random(816);
  const PackedRecord record = Pack(MakeJpeg({.width = 300, .height = 100}));
  const RectPx region = {0, 0, 300, 8};
  RecordPart part;
  ASSERT_TRUE(Find(record, region, &part));
  ASSERT_EQ(part.mcu_row, 0u);
  ASSERT_TRUE(part_.ReadHeader(record.bytes, part).ok());
  EXPECT_TRUE(Decode(part_, region, 0).status.ok());
  part.begin = part.head_bytes + (part.end - part.head_bytes) / 2;
  ASSERT_TRUE(part_.ReadHeader(record.bytes, part).ok());
  EXPECT_FALSE(Decode(part_, region, 0).status.ok());
}

INSTANTIATE_TEST_SUITE_P(Codecs, RecordBandsTest,
                         testing::Values(PackCodec::kJpeg, PackCodec::kCoef), [](const auto& of) {
                           return of.param == PackCodec::kJpeg ? "Jpeg" : "Coef";
                         });

}  // namespace
}  // namespace headrace::codecs
