// [decode] jpeg = "fast" against "exact": the same picture, in other arithmetic.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "loader/big_image_area.h"
#include "loader/sample_processor.h"
#include "tests/unit/codecs/codec_fixture.h"
#include "tests/unit/codecs/jpeg_maker.h"

namespace headrace::loader {
namespace {

using codecs::Bytes;
using codecs::JpegRecipe;

// One mode's processor and the bytes that it gives.
class Mode {
 public:
  Mode(JpegMode mode, const AugmentProgram& program)
      : area_(std::move(*BigImageArea::Make(Limits().max_decoded_bytes))),
        processor_(std::move(*SampleProcessor::Make(Limits(), {.jpeg = mode}, program,
                                                    uint64_t{48} << 20, area_.get()))),
        table_(simd::MakeConvertTable(simd::Dtype::kU8, simd::Layout::kNhwc, 3, nullptr, nullptr)) {
  }

  // RGB, rows without gaps; empty on failure.
  std::vector<uint8_t> Run(const Bytes& file, uint64_t id, bool* planes = nullptr) {
    std::vector<uint8_t> bytes;
    ProcessTiming timing;
    const Status status = processor_->Process(
        file, {.seed = 5, .epoch = 1, .id = id}, 1, nullptr, nullptr, &timing,
        [&](uint32_t, const ProcessedPicture& picture) {
          const ConstImageView& first = picture.plane_count > 0 ? picture.planes[0] : picture.rgb;
          bytes.resize(size_t{first.width} * first.height * 3);
          picture.ConvertTo(table_, bytes.data());
          if (planes != nullptr) *planes = picture.plane_count > 0;
        });
    EXPECT_TRUE(status.ok()) << status.text();
    return bytes;
  }

 private:
  std::unique_ptr<BigImageArea> area_;
  std::unique_ptr<SampleProcessor> processor_;
  simd::ConvertTable table_;
};

std::unique_ptr<AugmentProgram> Program(const std::string& toml) {
  Config config;
  ConfigError error;
  const std::string whole = "[dataset]\npath = \"x\"\n" + toml;
  std::unique_ptr<AugmentProgram> program;
  EXPECT_TRUE(ParseConfig({.text = whole}, &config, &error)) << error.text;
  EXPECT_TRUE(AugmentProgram::Make(config.augment, {}, false, &program, &error)) << error.text;
  return program;
}

struct Difference {
  double sum = 0;
  double squares = 0;
  double samples = 0;

  void Add(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      const double d = std::abs(int{a[i]} - int{b[i]});
      sum += d;
      squares += d * d;
    }
    samples += static_cast<double>(a.size());
  }
  double mean() const { return sum / samples; }
  double psnr() const { return 10 * std::log10(255.0 * 255.0 * samples / squares); }
};

constexpr char kTraining[] =
    "[[augment]]\nop = \"random_resized_crop\"\nsize = 224\n"
    "[[augment]]\nop = \"random_horizontal_flip\"\n";
constexpr char kEvaluation[] =
    "[[augment]]\nop = \"resize\"\nsize = 256\n[[augment]]\nop = \"center_crop\"\nsize = 224\n";

TEST(FastDecodeTest, IsWithinItsBoundsOnPhotographs) {
  if (!codecs::HasSamples("imagenet-mini")) {
    GTEST_SKIP() << "no sample images in " HEADRACE_DATA_DIR;
  }
  for (const char* toml : {kTraining, kEvaluation}) {
    const auto program = Program(toml);
    Mode fast(JpegMode::kFast, *program);
    Mode exact(JpegMode::kExact, *program);
    Difference all;
    Difference halved;
    uint64_t id = 0;
    for (const codecs::TableRow& row :
         codecs::ReadTable(std::string(HEADRACE_DATA_DIR) + "/imagenet-mini/manifest.tsv")) {
      const Bytes file = codecs::ReadSample("imagenet-mini/" + row.at("file"));
      const std::vector<uint8_t> a = fast.Run(file, id);
      const std::vector<uint8_t> b = exact.Run(file, id);
      all.Add(a, b);
      if (row.at("subsampling") == "420") halved.Add(a, b);
      ++id;
    }
    EXPECT_LE(all.mean(), 0.6);
    EXPECT_GE(all.psnr(), 50);
    EXPECT_GE(halved.psnr(), 49);
    RecordProperty("mean", std::to_string(all.mean()));
    std::printf("mean %.3f, PSNR %.1f dB, 4:2:0 %.1f dB\n", all.mean(), all.psnr(), halved.psnr());
  }
}

// A plane that is off by a sample, or looks at the wrong neighbour, shows on smooth pictures.
TEST(FastDecodeTest, HoldsForEverySamplingAndOrientation) {
  const auto program =
      Program("[[augment]]\nop = \"random_resized_crop\"\nsize = [40, 56]\nscale = [0.3, 1.0]\n");
  Mode fast(JpegMode::kFast, *program);
  Mode exact(JpegMode::kExact, *program);
  std::mt19937 random(501);
  for (int i = 0; i < 600; ++i) {
    JpegRecipe recipe = codecs::RandomJpegRecipe(random, 150);
    recipe.width += 20;
    recipe.height += 20;
    recipe.content = JpegRecipe::Content::kSmooth;
    recipe.quality = 95;
    if (recipe.colour == JpegRecipe::Colour::kRgb) recipe.colour = JpegRecipe::Colour::kYcc;
    const auto orientation = static_cast<uint8_t>(1 + i % 8);
    SCOPED_TRACE(testing::Message() << recipe.Text() << " orientation " << int{orientation});
    const Bytes file = codecs::WithOrientation(codecs::MakeJpeg(recipe), orientation);
    bool planes = false;
    Difference difference;
    difference.Add(fast.Run(file, static_cast<uint64_t>(i), &planes),
                   exact.Run(file, static_cast<uint64_t>(i)));
    EXPECT_TRUE(planes);
    ASSERT_LE(difference.mean(), 0.9);
    ASSERT_GE(difference.psnr(), 46);
  }
}

TEST(FastDecodeTest, AppliesOnlyWhereItMay) {
  const auto flips_first = Program(
      "[[augment]]\nop = \"random_horizontal_flip\"\n[[augment]]\nop = \"center_crop\"\nsize = "
      "9\n");
  EXPECT_TRUE(flips_first->planes_allowed());
  const auto program = Program(kTraining);
  Mode fast(JpegMode::kFast, *program);
  bool planes = true;
  JpegRecipe recipe;
  recipe.colour = JpegRecipe::Colour::kRgb;
  (void)fast.Run(codecs::MakeJpeg(recipe), 1, &planes);
  EXPECT_FALSE(planes);
  recipe.colour = JpegRecipe::Colour::kYcc;
  recipe.progressive = true;
  (void)fast.Run(codecs::MakeJpeg(recipe), 1, &planes);
  EXPECT_TRUE(planes);
}

// What libjpeg-turbo has to decode goes the same way.
TEST(FastDecodeTest, ProgressiveFilesGiveTheBytesOfSequentialOnes) {
  const auto program = Program(kTraining);
  Mode fast(JpegMode::kFast, *program);
  std::mt19937 random(502);
  for (uint64_t i = 0; i < 60; ++i) {
    JpegRecipe recipe = codecs::RandomJpegRecipe(random, 200);
    SCOPED_TRACE(recipe.Text());
    const std::vector<uint8_t> sequential = fast.Run(codecs::MakeJpeg(recipe), i);
    recipe.progressive = true;
    ASSERT_EQ(fast.Run(codecs::MakeJpeg(recipe), i), sequential);
  }
}

}  // namespace
}  // namespace headrace::loader
