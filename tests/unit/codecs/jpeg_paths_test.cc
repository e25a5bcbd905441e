// Our own decoder gives what libjpeg-turbo gives: pixels, planes and verdicts, with checkpoints and
// without.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "codec_fixture.h"
#include "codecs/jpeg_checkpoints.h"
#include "codecs/jpeg_decoder.h"
#include "jpeg_maker.h"
#include "jpeg_overflow.h"
#include "jpeg_runner.h"

namespace headrace::codecs {
namespace {

void ExpectSame(const Outcome& ours, const Outcome& library) {
  ASSERT_EQ(ours.status.code(), library.status.code())
      << ours.status.text() << " / " << library.status.text();
  ASSERT_EQ(ours.samples == library.samples, true);
  EXPECT_EQ(ours.report.extraneous, library.report.extraneous);
  EXPECT_EQ(ours.shape.left, library.shape.left);
  EXPECT_EQ(ours.shape.width, library.shape.width);
}

class JpegPathsTest : public testing::Test {
 protected:
  // Regions and reductions at random. Counts how many of them our own decoder did.
  void Compare(std::span<const std::byte> file, std::mt19937& random, int rounds) {
    const Status status = ours_.ReadHeader(file);
    ASSERT_EQ(status.code(), library_.ReadHeader(file).code());
    if (!status.ok()) return;
    const bool may_overflow = !kSameInOverflow && MayOverflow(file);
    for (int i = 0; i < rounds; ++i) {
      const RectPx region =
          i == 0 ? RectPx{0, 0, ours_.info().upright.width, ours_.info().upright.height}
                 : RandomRegion(random, ours_.info().upright);
      SCOPED_TRACE(testing::Message() << "region " << region.x << "," << region.y << " "
                                      << region.width << "x" << region.height);
      const Outcome rgb = ours_.Rgb(region);
      Outcome expected = library_.Rgb(region);
      if (may_overflow) Forgive(rgb, &expected);
      ExpectSame(rgb, expected);
      if (HasFatalFailure()) return;
      ++(rgb.report.by_library ? by_library_ : by_us_);
      if (!ours_.info().planar) continue;
      const PlanesRequest request = {region, 1u << random() % 4};
      const Outcome planes = ours_.Planes(request);
      SCOPED_TRACE(request.reduction);
      expected = library_.Planes(request);
      if (may_overflow) Forgive(planes, &expected);
      ExpectSame(planes, expected);
      if (HasFatalFailure()) return;
    }
  }

  // Gives `library` the samples of `ours`, if it has as many others.
  void Forgive(const Outcome& ours, Outcome* library) {
    if (ours.samples.size() != library->samples.size()) return;
    if (ours.samples != library->samples) ++forgiven_;
    library->samples = ours.samples;
  }

  JpegRunner ours_{JpegPath::kOurs};
  JpegRunner library_{JpegPath::kLibrary};
  int by_us_ = 0;
  int by_library_ = 0;
  int forgiven_ = 0;  // decodes whose samples differ, for overflow
};

TEST_F(JpegPathsTest, AgreeOnGeneratedFiles) {
  std::mt19937 random(401);
  for (int i = 0; i < 1500; ++i) {
    const JpegRecipe recipe = RandomJpegRecipe(random, i % 10 == 0 ? 300 : 70);
    SCOPED_TRACE(recipe.Text());
    Compare(MakeJpeg(recipe), random, 3);
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(by_library_, 0);
  EXPECT_EQ(by_us_, 4500);
  EXPECT_EQ(forgiven_, 0);
}

TEST_F(JpegPathsTest, AgreeOnProgressiveAndArithmeticFiles) {
  std::mt19937 random(402);
  for (int i = 0; i < 100; ++i) {
    JpegRecipe recipe = RandomJpegRecipe(random, 70);
    recipe.progressive = i % 2 == 0;
    recipe.arithmetic = !recipe.progressive;
    if (recipe.arithmetic) recipe.optimised = false;
    SCOPED_TRACE(recipe.Text());
    Compare(MakeJpeg(recipe), random, 3);
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(by_us_, 0);
}

TEST_F(JpegPathsTest, AgreeOnEverySamplePicture) {
  if (!HasSamples("formats")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  std::mt19937 random(403);
  for (const TableRow& row : ReadTable(std::string(HEADRACE_DATA_DIR) + "/formats/manifest.tsv")) {
    if (row.at("format") != "JPEG") continue;
    SCOPED_TRACE(row.at("file"));
    const bool large = std::stoul(row.at("bytes")) > 100'000 || row.at("width") == "65500";
    Compare(ReadSample("formats/" + row.at("file")), random, large ? 2 : 12);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(by_us_, 100);
}

TEST_F(JpegPathsTest, AgreeOnPhotographs) {
  if (!HasSamples("imagenet-mini")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  std::mt19937 random(404);
  for (const TableRow& row :
       ReadTable(std::string(HEADRACE_DATA_DIR) + "/imagenet-mini/manifest.tsv")) {
    SCOPED_TRACE(row.at("file"));
    Compare(ReadSample("imagenet-mini/" + row.at("file")), random, 3);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(by_us_, 20 * by_library_);
}

// HEADRACE_JPEG_SOAK=N damages N files instead, of other seeds.
TEST_F(JpegPathsTest, AgreeOnDamagedFiles) {
  const char* soak = std::getenv("HEADRACE_JPEG_SOAK");
  const int files = soak != nullptr ? std::atoi(soak) : 1500;
  std::mt19937 random(soak != nullptr ? std::random_device()() : 405u);
  for (int i = 0; i < files; ++i) {
    const JpegRecipe recipe = RandomJpegRecipe(random, 60);
    SCOPED_TRACE(testing::Message() << recipe.Text() << " damage " << i);
    Bytes file = MakeJpeg(recipe);
    switch (random() % 4) {
      case 0: file.resize(1 + random() % file.size()); break;
      case 1: file[random() % file.size()] ^= static_cast<std::byte>(1u << random() % 8); break;
      case 2: file[random() % file.size()] = std::byte{0xFF}; break;
      default: file.erase(file.begin() + static_cast<ptrdiff_t>(random() % file.size())); break;
    }
    Compare(file, random, 3);
    if (HasFatalFailure()) return;
  }
  EXPECT_LE(forgiven_, (by_us_ + by_library_) / 100);
}

TEST_F(JpegPathsTest, AgreeOnEveryTruncation) {
  JpegRecipe recipe;
  recipe.width = 50;
  recipe.height = 40;
  recipe.across[0] = recipe.down[0] = 2;
  recipe.restart_interval = 3;
  const Bytes file = MakeJpeg(recipe);
  std::mt19937 random(406);
  for (size_t bytes = 1; bytes <= file.size(); ++bytes) {
    SCOPED_TRACE(bytes);
    Compare(std::span(file).first(bytes), random, 2);
    if (HasFatalFailure()) return;
  }
}

TEST_F(JpegPathsTest, CheckpointsChangeNothing) {
  std::mt19937 random(407);
  int used = 0;
  for (int i = 0; i < 200; ++i) {
    JpegRecipe recipe = RandomJpegRecipe(random, 300);
    recipe.width += 100;
    recipe.height += 100;
    SCOPED_TRACE(recipe.Text());
    const Bytes file = MakeJpeg(recipe);
    ASSERT_TRUE(ours_.ReadHeader(file).ok());
    std::vector<std::byte> room(JpegRecordBytesMax(file.size()));
    DecodeCheckpoints making = {.room = room};
    const Outcome first = ours_.Rgb(RandomRegion(random, ours_.info().upright), &making);
    ASSERT_TRUE(first.status.ok());
    EXPECT_LE(making.made_bytes, file.size() * 4 / 100);
    if (making.made_bytes == 0) continue;
    ++used;
    for (int round = 0; round < 4; ++round) {
      const RectPx region = RandomRegion(random, ours_.info().upright);
      DecodeCheckpoints with = {.record = std::span(room).first(making.made_bytes)};
      const Outcome rgb = ours_.Rgb(region, &with);
      EXPECT_FALSE(with.rejected);
      EXPECT_FALSE(rgb.report.by_library);
      ExpectSame(rgb, ours_.Rgb(region));
      if (!ours_.info().planar) continue;
      const PlanesRequest request = {region, 1u << random() % 4};
      ExpectSame(ours_.Planes(request, &with), ours_.Planes(request));
      EXPECT_FALSE(with.rejected);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(used, 150);
}

// With its checksum mended, so that only the checks of each place are left.
void Falsify(std::span<std::byte> record, std::mt19937& random) {
  record[random() % record.size()] ^= static_cast<std::byte>(1u << random() % 8);
}

TEST_F(JpegPathsTest, WrongCheckpointsChangeNothingEither) {
  std::mt19937 random(408);
  JpegRecipe recipe;
  recipe.width = 400;
  recipe.height = 300;
  recipe.content = JpegRecipe::Content::kNoise;
  const Bytes file = MakeJpeg(recipe);
  ASSERT_TRUE(ours_.ReadHeader(file).ok());
  std::vector<std::byte> room(JpegRecordBytesMax(file.size()));
  DecodeCheckpoints making = {.room = room};
  ASSERT_TRUE(ours_.Rgb({0, 0, 10, 10}, &making).status.ok());
  ASSERT_GT(making.made_bytes, 0u);
  int rejected = 0;
  for (int i = 0; i < 300; ++i) {
    std::vector<std::byte> record(room.begin(),
                                  room.begin() + static_cast<ptrdiff_t>(making.made_bytes));
    Falsify(record, random);
    if (i % 3 == 0) record.resize(random() % record.size());
    const RectPx region = RandomRegion(random, ours_.info().upright);
    DecodeCheckpoints with = {.record = record};
    ExpectSame(ours_.Rgb(region, &with), ours_.Rgb(region));
    if (HasFatalFailure()) return;
    rejected += with.rejected ? 1 : 0;
  }
  EXPECT_EQ(rejected, 300);
}

}  // namespace
}  // namespace headrace::codecs
