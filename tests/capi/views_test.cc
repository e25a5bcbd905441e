// Several views of a sample in one batch: what they share, and what each has to itself.
#include <gtest/gtest.h>
#include <headrace.h>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

constexpr char kAugMix[] = "[[augment]]\nop = \"aug_mix\"\nviews = 3\n";
constexpr char kErasing[] =
    "[[augment]]\nop = \"random_erasing\"\np = 1.0\nscale = [0.2, 0.3]\nvalue = 255\n";
constexpr char kCutMix[] = "[[mix]]\nop = \"cutmix\"\nalpha = 1.0\n";

class ViewsTest : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    MakePictureSet(*folder_, 21);
  }
  static void TearDownTestSuite() { delete folder_; }

  static LoaderHandle Open(const std::string& extra, const std::string& loader_keys = "") {
    return MustOpen(SmallConfig(folder_->path(),
                                std::string("[[augment]]\nop = \"resize\"\nsize = 12\n") + extra +
                                    "[decode]\njpeg = \"" + GetParam() + "\"\n",
                                loader_keys));
  }
  static std::string View(const BatchValue& batch, size_t view) {
    const size_t bytes = batch.images.size() / 3;
    return batch.images.substr(view * bytes, bytes);
  }
  static TempFolder* folder_;
};
TempFolder* ViewsTest::folder_ = nullptr;

TEST_P(ViewsTest, TheFirstIsTheCleanPictureAndTheOthersDiffer) {
  for (const char* mix : {"", kCutMix}) {
    // The last batch is short: views lie as far apart as it has rows.
    const auto clean = DrainEpoch(Open(mix, "tail = \"exact\"").get());
    const auto views =
        DrainEpoch(Open(std::string(kAugMix) + kErasing + mix, "tail = \"exact\"").get());
    ASSERT_EQ(views.size(), clean.size());
    for (size_t b = 0; b < views.size(); ++b) {
      ASSERT_EQ(views[b].images.size(), 3 * clean[b].images.size());
      EXPECT_EQ(View(views[b], 0), clean[b].images) << "batch " << b;
      EXPECT_NE(View(views[b], 1), clean[b].images);
      EXPECT_NE(View(views[b], 1), View(views[b], 2));
      EXPECT_EQ(views[b].labels, clean[b].labels);
      EXPECT_EQ(views[b].lambda, clean[b].lambda);
      EXPECT_EQ(views[b].partner, clean[b].partner);
    }
  }
}

TEST_P(ViewsTest, I03_BytesDoNotDependOnWorkers) {
  const std::string extra = std::string(kAugMix) + kErasing + kCutMix;
  const auto expected = DrainEpoch(Open(extra, "workers = 1").get());
  EXPECT_EQ(DrainEpoch(Open(extra, "workers = 3").get()), expected);
}

TEST_P(ViewsTest, ABatchSaysHowManyThereAre) {
  const LoaderHandle loader = Open(kAugMix);
  hr_batch* batch = nullptr;
  ASSERT_EQ(hr_loader_next(loader.get(), -1, &batch, nullptr), HR_OK);
  HR_INIT(hr_batch_info, info);
  ASSERT_EQ(hr_batch_view(batch, &info, nullptr), HR_OK);
  EXPECT_EQ(info.views, 3u);
  EXPECT_EQ(info.count, 8u);
  EXPECT_EQ(info.images_bytes, uint64_t{3} * 8 * 3 * info.height * info.width * 4);
  hr_batch_release(batch);
}

TEST_P(ViewsTest, PaddingAndBadSamplesAreZeroInAllViews) {
  TempFolder folder;
  MakePictureSet(folder, 10);
  folder.Write("a/0008.png", "not a picture");
  const LoaderHandle loader = MustOpen(SmallConfig(
      folder.path(), kAugMix,
      "shuffle = \"none\"\ntail = \"pad\"\non_corrupt = \"mark\"\ncorrupt_budget = 1.0"));
  size_t zeros = 0;
  for (const BatchValue& batch : DrainEpoch(loader.get())) {
    const size_t bytes = batch.images.size() / 3 / batch.valid.size();
    for (size_t row = 0; row < batch.valid.size(); ++row) {
      if (batch.valid[row] != 0) continue;
      for (size_t view = 0; view < 3; ++view) {
        EXPECT_EQ(batch.images.substr((view * batch.valid.size() + row) * bytes, bytes),
                  std::string(bytes, '\0'));
        ++zeros;
      }
    }
  }
  EXPECT_EQ(zeros, 3u * 6);  // one bad sample and five of padding
}

INSTANTIATE_TEST_SUITE_P(Arithmetic, ViewsTest, ::testing::Values("exact", "fast"),
                         [](const auto& mode) { return std::string(mode.param); });

}  // namespace
}  // namespace headrace::testing
