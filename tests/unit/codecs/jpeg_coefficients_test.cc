// Coefficients read and written again are the same picture, or are refused with a reason.
#include "codecs/jpeg_coefficients.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

#include "codec_fixture.h"
#include "codecs/jpeg_segments.h"
#include "jpeg_maker.h"
#include "jpeg_runner.h"

namespace headrace::codecs {
namespace {

class JpegCoefficientsTest : public testing::Test {
 protected:
  // Reads, writes and compares what both decoders make of it. False: refused.
  bool Rewrite(std::span<const std::byte> file, uint32_t restart_mcus) {
    JpegCoefficientImage image;
    refusal_ = ReadJpegCoefficients(file, Limits(), &image);
    if (!refusal_.ok()) return false;
    refusal_ = WriteJpeg(image, {.restart_mcus = restart_mcus}, &written_);
    if (!refusal_.ok()) return false;
    for (JpegRunner* runner : {&library_, &ours_}) {
      ExpectSamePixels(runner, file);
      if (HasFatalFailure()) return true;
    }
    JpegCoefficientImage again;
    EXPECT_TRUE(ReadJpegCoefficients(written_, Limits(), &again).ok());
    EXPECT_EQ(again.segments == image.segments, true);
    EXPECT_EQ(again.components, image.components);
    for (uint32_t c = 0; c < image.components; ++c) {
      EXPECT_EQ(again.plane[c].coefficients == image.plane[c].coefficients, true);
      EXPECT_EQ(again.plane[c].across, image.plane[c].across);
      EXPECT_EQ(again.plane[c].down, image.plane[c].down);
    }
    return true;
  }

  void ExpectSamePixels(JpegRunner* runner, std::span<const std::byte> file) {
    ASSERT_TRUE(runner->ReadHeader(file).ok());
    const ImageInfo info = runner->info();
    const RectPx whole = {0, 0, info.upright.width, info.upright.height};
    const Outcome rgb = runner->Rgb(whole);
    ASSERT_TRUE(rgb.status.ok()) << rgb.status.text();
    Outcome planes;
    if (info.planar) planes = runner->Planes({whole, 1});
    ASSERT_TRUE(runner->ReadHeader(written_).ok());
    EXPECT_EQ(runner->info().upright, info.upright);
    EXPECT_EQ(runner->info().orientation, info.orientation);
    ASSERT_EQ(runner->info().planar, info.planar);
    const Outcome rgb_again = runner->Rgb(whole);
    ASSERT_TRUE(rgb_again.status.ok()) << rgb_again.status.text();
    ASSERT_EQ(rgb_again.samples == rgb.samples, true);
    if (info.planar) {
      ASSERT_EQ(runner->Planes({whole, 1}).samples == planes.samples, true);
    }
  }

  JpegRunner ours_{JpegPath::kOurs};
  JpegRunner library_{JpegPath::kLibrary};
  Status refusal_;
  std::vector<std::byte> written_;
};

TEST_F(JpegCoefficientsTest, KeepEverySamplePicture) {
  if (!HasSamples("formats")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  uint32_t rewritten = 0;
  std::vector<std::string> refused;
  for (const TableRow& row : ReadTable(std::string(HEADRACE_DATA_DIR) + "/formats/manifest.tsv")) {
    if (row.at("format") != "JPEG") continue;
    SCOPED_TRACE(row.at("file"));
    if (Rewrite(ReadSample("formats/" + row.at("file")), rewritten % 9)) {
      ++rewritten;
    } else {
      EXPECT_EQ(refusal_.code(), Code::kUnsupportedFormat) << refusal_.text();
      refused.push_back(row.at("file"));
    }
    if (HasFatalFailure()) return;
  }
  const std::vector<std::string> expected = {"jpeg/cmyk-1.jpg", "jpeg/cmyk-adobe-pillow.jpg",
                                             "jpeg/partial-progressive.jpg",
                                             "jpeg/video-001.cmyk.jpg", "jpeg/ycck.jpg"};
  std::sort(refused.begin(), refused.end());
  EXPECT_EQ(refused, expected);
  EXPECT_GE(rewritten, 30u);
}

TEST_F(JpegCoefficientsTest, KeepPhotographsInFewerBytes) {
  if (!HasSamples("imagenet-mini")) GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  uint64_t before = 0;
  uint64_t after = 0;
  uint32_t count = 0;
  for (const TableRow& row :
       ReadTable(std::string(HEADRACE_DATA_DIR) + "/imagenet-mini/manifest.tsv")) {
    SCOPED_TRACE(row.at("file"));
    const Bytes file = ReadSample("imagenet-mini/" + row.at("file"));
    if (count++ % 5 != 0 || !Rewrite(file, 0)) continue;
    if (HasFatalFailure()) return;
    before += file.size();
    after += written_.size();
  }
  ASSERT_GT(before, 0u);
  EXPECT_LT(after, before);
}

TEST_F(JpegCoefficientsTest, KeepGeneratedPictures) {
  std::mt19937 random(501);
  for (int i = 0; i < 600; ++i) {
    JpegRecipe recipe = RandomJpegRecipe(random, i % 10 == 0 ? 300 : 70);
    recipe.progressive = i % 3 == 1;
    recipe.arithmetic = i % 3 == 2;
    if (recipe.arithmetic) recipe.optimised = false;
    SCOPED_TRACE(recipe.Text());
    ASSERT_TRUE(Rewrite(MakeJpeg(recipe), static_cast<uint32_t>(random() % 12))) << refusal_.text();
    if (HasFatalFailure()) return;
  }
}

// With the best tables and the same markers nothing is left to differ.
TEST_F(JpegCoefficientsTest, WriteTheBytesThatLibjpegTurboWrites) {
  std::mt19937 random(503);
  int compared = 0;
  for (int i = 0; i < 400; ++i) {
    JpegRecipe recipe = RandomJpegRecipe(random, i % 10 == 0 ? 300 : 70);
    recipe.optimised = true;
    // Beyond, luma and chroma can have the same quantisers, which are then written once.
    recipe.quality = std::clamp(recipe.quality, 20, 90);
    if (recipe.colour == JpegRecipe::Colour::kRgb) continue;
    SCOPED_TRACE(recipe.Text());
    const Bytes file = MakeJpeg(recipe);
    ASSERT_TRUE(Rewrite(file, static_cast<uint32_t>(recipe.restart_interval)));
    ASSERT_EQ(written_ == file, true);
    ++compared;
  }
  EXPECT_GT(compared, 200);
}

TEST_F(JpegCoefficientsTest, KeepUnusualSampling) {
  const struct {
    int across[3];
    int down[3];
  } cases[] = {
      {{4, 1, 1}, {1, 1, 1}}, {{4, 1, 1}, {2, 1, 1}}, {{1, 1, 1}, {4, 1, 1}},
      {{1, 2, 2}, {1, 1, 1}}, {{1, 1, 2}, {2, 1, 1}}, {{3, 1, 1}, {1, 1, 1}},
  };
  for (const auto& each : cases) {
    JpegRecipe recipe;
    recipe.width = 61;
    recipe.height = 45;
    std::copy_n(each.across, 3, recipe.across);
    std::copy_n(each.down, 3, recipe.down);
    SCOPED_TRACE(recipe.Text());
    EXPECT_TRUE(Rewrite(MakeJpeg(recipe), 3)) << refusal_.text();
    if (HasFatalFailure()) return;
  }
}

TEST_F(JpegCoefficientsTest, RefuseSamplingThatDoesNotDivide) {
  JpegRecipe recipe;
  recipe.across[0] = 3;
  Bytes file = MakeJpeg(recipe);
  const std::byte frame[] = {std::byte{0xFF}, std::byte{0xC0}};
  const auto found = std::search(file.begin(), file.end(), frame, frame + 2);
  ASSERT_NE(found, file.end());
  ASSERT_EQ(found[14], std::byte{0x11});  // of the second component
  found[14] = std::byte{0x21};
  EXPECT_FALSE(Rewrite(file, 0));
  EXPECT_EQ(refusal_.code(), Code::kUnsupportedFormat);
}

TEST_F(JpegCoefficientsTest, WriteAScanAComponentWhereOneForAllWouldBeTooLarge) {
  JpegCoefficientImage image;
  image.size = {70, 40};
  image.components = 3;
  std::mt19937 random(502);
  for (uint32_t c = 0; c < 3; ++c) {
    JpegCoefficientImage::Plane& plane = image.plane[c];
    plane.across = 2;
    plane.down = 2;
    plane.blocks_across = 9;
    plane.blocks_down = 5;
    std::fill_n(plane.quantisers, kJpegCoefficients, uint16_t{7});
    plane.coefficients.resize(9 * 5 * 64);
    for (int16_t& value : plane.coefficients) value = static_cast<int16_t>(random() % 5) - 2;
  }
  ASSERT_TRUE(WriteJpeg(image, {.restart_mcus = 4}, &written_).ok());
  JpegCoefficientImage again;
  ASSERT_TRUE(ReadJpegCoefficients(written_, Limits(), &again).ok());
  for (uint32_t c = 0; c < 3; ++c) {
    EXPECT_EQ(again.plane[c].coefficients == image.plane[c].coefficients, true);
  }
}

TEST_F(JpegCoefficientsTest, RefuseDamagedFilesWithTheReason) {
  JpegRecipe recipe;
  recipe.width = recipe.height = 90;
  recipe.restart_interval = 2;
  const Bytes file = MakeJpeg(recipe);
  JpegCoefficientImage image;
  const auto read = [&](const Bytes& bytes) {
    return ReadJpegCoefficients(bytes, Limits(), &image).code();
  };
  ASSERT_EQ(read(file), Code::kOk);
  Bytes changed = file;
  changed.resize(file.size() / 2);
  EXPECT_EQ(read(changed), Code::kTruncated);
  changed.assign(file.begin(), file.end() - 2);  // without the end of the image
  EXPECT_EQ(read(changed), Code::kTruncated);
  changed = file;
  changed.insert(changed.end() - 2, 100, std::byte{0x55});
  EXPECT_EQ(read(changed), Code::kUnsupportedFormat);
  changed = file;
  const std::byte restart[] = {std::byte{0xFF}, std::byte{0xD1}};
  const auto marker = std::search(changed.begin(), changed.end(), restart, restart + 2);
  ASSERT_NE(marker, changed.end());
  marker[1] = std::byte{0xD5};
  EXPECT_EQ(read(changed), Code::kCorrupt);
  EXPECT_EQ(read({}), Code::kEmptyFile);
  EXPECT_EQ(read(Bytes(100, std::byte{0x42})), Code::kUnsupportedFormat);
}

TEST_F(JpegCoefficientsTest, HonourLimits) {
  JpegRecipe recipe;
  recipe.width = recipe.height = 200;
  const Bytes file = MakeJpeg(recipe);
  JpegCoefficientImage image;
  EXPECT_EQ(ReadJpegCoefficients(file, {.max_pixels = 39999}, &image).code(), Code::kLimitPixels);
  EXPECT_EQ(ReadJpegCoefficients(file, {.max_side = 199}, &image).code(), Code::kLimitPixels);
  EXPECT_EQ(ReadJpegCoefficients(file, {.max_decoded_bytes = 100'000}, &image).code(),
            Code::kLimitBytes);
  EXPECT_EQ(ReadJpegCoefficients(file, {.max_encoded_bytes = 1000}, &image).code(),
            Code::kLimitBytes);
  EXPECT_EQ(ReadJpegCoefficients(file, {.jpeg_memory = 100'000}, &image).code(),
            Code::kLimitMemory);
  recipe.progressive = true;
  EXPECT_EQ(ReadJpegCoefficients(MakeJpeg(recipe), {.jpeg_scans = 3}, &image).code(),
            Code::kLimitScans);
}

TEST_F(JpegCoefficientsTest, TakeNoMemoryForAFileThatOnlyAnnouncesASize) {
  JpegRecipe recipe;
  recipe.width = recipe.height = 200;
  Bytes file = MakeJpeg(recipe);
  file.resize(file.size() / 2);
  JpegCoefficientImage image;
  EXPECT_EQ(ReadJpegCoefficients(file, Limits(), &image).code(), Code::kTruncated);
  for (const auto& plane : image.plane) EXPECT_EQ(plane.coefficients.capacity(), 0u);
}

TEST_F(JpegCoefficientsTest, RefuseToWriteWhatDoesNotFitTogether) {
  JpegRecipe recipe;
  recipe.width = 50;
  JpegCoefficientImage image;
  ASSERT_TRUE(ReadJpegCoefficients(MakeJpeg(recipe), Limits(), &image).ok());
  const auto code = [&](const auto& change) {
    JpegCoefficientImage changed = image;
    change(changed);
    return WriteJpeg(changed, {}, &written_).code();
  };
  EXPECT_EQ(code([](auto&) {}), Code::kOk);
  const Code no = Code::kInvalidArgument;
  EXPECT_EQ(code([](auto& i) { i.size.width = 0; }), no);
  EXPECT_EQ(code([](auto& i) { i.size.width = 65501; }), no);
  EXPECT_EQ(code([](auto& i) { i.size.width = 57; }), no);
  EXPECT_EQ(code([](auto& i) { i.components = 2; }), no);
  EXPECT_EQ(code([](auto& i) { i.plane[0].across = 5; }), no);
  EXPECT_EQ(code([](auto& i) { i.plane[1].down = 0; }), no);
  EXPECT_EQ(code([](auto& i) { i.plane[2].coefficients.pop_back(); }), no);
  EXPECT_EQ(code([](auto& i) { i.colour = JpegColour::kRgb; }), no);  // but there is a JFIF
  EXPECT_EQ(code([](auto& i) { i.segments.push_back(std::byte{0xFF}); }), no);
  EXPECT_EQ(code([](auto& i) { i.segments[1] = std::byte{0xDB}; }), no);
  EXPECT_EQ(code([](auto& i) { i.plane[0].coefficients[1] = 1024; }), Code::kUnsupportedFormat);
}

}  // namespace
}  // namespace headrace::codecs
