// Files that cannot be read or decoded: nothing is lost, nothing crashes, and the user hears of it.
#include <gtest/gtest.h>
#include <headrace.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

constexpr uint32_t kGood = 30;

class BadSamplesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MakePictureSet(folder_, kGood);
    folder_.Write("a/9000.jpg", "no picture at all");
    folder_.Write("a/9001.png", "");
    folder_.Write("b/9002.jpg", std::string("\xff\xd8\xff", 3) + std::string(50, 'x'));
    // A good file cut in half.
    const std::string half = folder_ / "b/0001.jpg";
    std::filesystem::copy(half, folder_ / "b/9003.jpg");
    std::filesystem::resize_file(folder_ / "b/9003.jpg", std::filesystem::file_size(half) / 2);
  }
  std::string Config(const std::string& keys, const std::string& extra = "") const {
    return SmallConfig(folder_.path(), extra, keys + "\ntail = \"exact\"\ncorrupt_budget = 1.0");
  }
  TempFolder folder_;
};

hr_stats StatsOf(hr_loader* loader) {
  HR_INIT(hr_stats, stats);
  EXPECT_EQ(hr_loader_stats(loader, &stats, nullptr), HR_OK);
  return stats;
}

TEST_F(BadSamplesTest, I07_MarkedSlotsAreZeroAndTheirNeighboursKeepTheirBytes) {
  const LoaderHandle loader = MustOpen(Config("on_corrupt = \"mark\""));
  const auto marked = DrainEpoch(loader.get());
  std::map<int64_t, std::string> pixels;
  int zero = 0;
  for (const BatchValue& batch : marked) {
    const auto ids = batch.Ids();
    const size_t bytes = batch.images.size() / ids.size();
    for (size_t i = 0; i < ids.size(); ++i) {
      const std::string image = batch.images.substr(i * bytes, bytes);
      const std::string path = hr_loader_sample_path(loader.get(), ids[i]);
      EXPECT_EQ(batch.valid[i], path.find("/900") == std::string::npos ? 1 : 0) << path;
      if (batch.valid[i] == 0) {
        EXPECT_EQ(image, std::string(bytes, '\0'));
        ++zero;
      }
      pixels[ids[i]] = image;
    }
  }
  EXPECT_EQ(zero, 4);
  EXPECT_EQ(pixels.size(), kGood + 4);
  EXPECT_GE(StatsOf(loader.get()).marked, 4u);  // the next epoch has begun
  EXPECT_EQ(StatsOf(loader.get()).corrupt_ids, 4u);

  // The same samples in a set with substitutes: pixels of the good ones are the same.
  for (const BatchValue& batch :
       DrainEpoch(MustOpen(Config("on_corrupt = \"substitute\"")).get())) {
    const auto ids = batch.Ids();
    const size_t bytes = batch.images.size() / ids.size();
    for (size_t i = 0; i < ids.size(); ++i) {
      EXPECT_NE(batch.valid[i], 0);
      EXPECT_EQ(batch.images.substr(i * bytes, bytes), pixels[ids[i]]);
    }
  }
}

// The ids of an epoch whose substitutes are all to be samples that the caller chose.
std::set<int64_t> SubstitutesOf(const std::string& toml, const hr_options& options) {
  std::set<int64_t> substitutes;
  const LoaderHandle loader = MustOpen(toml, &options);
  for (int epoch = 0; epoch < 8; ++epoch) {
    for (const BatchValue& batch : DrainEpoch(loader.get())) {
      const auto ids = batch.Ids();
      for (size_t i = 0; i < ids.size(); ++i) {
        EXPECT_NE(batch.valid[i], 0);
        if (batch.valid[i] == 2) substitutes.insert(ids[i]);
      }
    }
  }
  return substitutes;
}

TEST_F(BadSamplesTest, SubstitutesOfAListAreOfTheList) {
  int64_t bad = -1;
  const LoaderHandle all = MustOpen(Config(""));
  for (int64_t id = 0; id < kGood + 4; ++id) {
    if (std::string(hr_loader_sample_path(all.get(), id)).ends_with("9000.jpg")) bad = id;
  }
  ASSERT_GE(bad, 0);
  const int64_t good[] = {bad == 0 ? 1 : 0, bad == 2 ? 3 : 2};
  // Mostly the bad one: more positions hold it than substitutes are tried.
  std::vector<int64_t> list(40, bad);
  list[7] = good[0];
  list[23] = good[1];
  HR_INIT(hr_options, options);
  options.sample_ids = list.data();
  options.sample_id_count = list.size();
  EXPECT_EQ(SubstitutesOf(Config("workers = 2"), options), std::set<int64_t>(good, good + 2));

  // Nothing else to take: marked, as without substitutes.
  const std::vector<int64_t> alone(8, bad);
  options.sample_ids = alone.data();
  options.sample_id_count = alone.size();
  const auto batches = DrainEpoch(MustOpen(Config("workers = 2"), &options).get());
  ASSERT_EQ(batches.size(), 1u);
  for (const auto valid : batches[0].valid) EXPECT_EQ(valid, 0);
}

TEST_F(BadSamplesTest, SubstitutesByWeightAreOfSomeWeight) {
  std::vector<double> weights(kGood + 4, 0.0);
  const LoaderHandle all = MustOpen(Config(""));
  std::set<int64_t> good;
  for (int64_t id = 0; id < kGood + 4; ++id) {
    const std::string path = hr_loader_sample_path(all.get(), id);
    const bool bad = path.find("/900") != std::string::npos;
    if (!bad && (good.size() == 2 || id % 5 != 0)) continue;
    weights[static_cast<size_t>(id)] = bad ? 0.25 : 3.0;
    if (!bad) good.insert(id);
  }
  ASSERT_EQ(good.size(), 2u);
  HR_INIT(hr_options, options);
  options.sample_weights = weights.data();
  options.sample_weight_count = weights.size();
  const std::string keys = "epoch_samples = 48\nworkers = 2";
  EXPECT_EQ(SubstitutesOf(Config(keys), options), good);
  EXPECT_EQ(DrainEpoch(MustOpen(Config(keys), &options).get()),
            DrainEpoch(MustOpen(Config("epoch_samples = 48\nworkers = 1"), &options).get()));
}

TEST_F(BadSamplesTest, SubstitutesDoNotDependOnWorkers) {
  const auto one = DrainEpoch(MustOpen(Config("workers = 1")).get());
  size_t substitutes = 0;
  for (const BatchValue& batch : one) {
    for (const char valid : batch.valid) substitutes += valid == 2;
  }
  EXPECT_EQ(substitutes, 4u);
  EXPECT_EQ(DrainEpoch(MustOpen(Config("workers = 5")).get()), one);
  EXPECT_EQ(DrainEpoch(MustOpen(Config("workers = 2\nreader = \"pread\"")).get()), one);
}

TEST_F(BadSamplesTest, ErrorModeEndsTheRunAtTheBatchAndNamesTheFile) {
  std::set<std::string> texts;
  std::set<size_t> batches;
  for (int workers : {1, 2, 5}) {
    const LoaderHandle loader =
        MustOpen(Config("on_corrupt = \"error\"\nworkers = " + std::to_string(workers)));
    HR_INIT(hr_error, error);
    hr_batch* batch = nullptr;
    size_t good = 0;
    hr_status status = HR_OK;
    while ((status = hr_loader_next(loader.get(), -1, &batch, &error)) == HR_OK) {
      hr_batch_release(batch);
      ++good;
    }
    EXPECT_NE(status, HR_END_OF_EPOCH);
    EXPECT_NE(std::string(error.text).find("/900"), std::string::npos) << error.text;
    EXPECT_GE(error.sample_id, 0);
    batches.insert(good);
    texts.insert(error.text);
    hr_error again = error;
    EXPECT_EQ(hr_loader_next(loader.get(), -1, &batch, &again), status);
    EXPECT_STREQ(again.text, error.text);
  }
  EXPECT_EQ(batches.size(), 1u) << "how far a run comes depends on the number of workers";
  EXPECT_EQ(texts.size(), 1u);
}

TEST_F(BadSamplesTest, MoreBadFilesThanTheBudgetEndTheRun) {
  std::set<std::string> texts;
  std::set<int> batches;
  for (const char* workers : {"1", "2", "6"}) {
    const LoaderHandle loader = MustOpen(
        SmallConfig(folder_.path(), "",
                    std::string("corrupt_budget = 0.05\ntail = \"exact\"\nworkers = ") + workers));
    HR_INIT(hr_error, error);
    hr_status status = HR_OK;
    int good = -1;
    while (status == HR_OK) {  // 34 samples: 2 are tolerated, 4 are bad
      hr_batch* batch = nullptr;
      status = hr_loader_next(loader.get(), -1, &batch, &error);
      hr_batch_release(batch);
      ++good;
    }
    EXPECT_EQ(status, HR_CORRUPT_BUDGET);
    EXPECT_NE(std::string(error.text).find("corrupt_budget"), std::string::npos) << error.text;
    texts.insert(error.text);
    batches.insert(good);
  }
  EXPECT_EQ(batches.size(), 1u) << "how far a run comes depends on the number of workers";
  EXPECT_EQ(texts.size(), 1u);
}

TEST(BadSetTest, I24_ASetOfBadFilesAloneStillEndsItsEpoch) {
  TempFolder folder;
  for (int i = 0; i < 20; ++i) folder.Write("a/" + std::to_string(i) + ".jpg", "rubbish");
  for (const char* mode : {"mark", "substitute"}) {
    const LoaderHandle loader = MustOpen(SmallConfig(
        folder.path(), "[[mix]]\nop = \"mixup\"\nalpha = 1.0\n",
        std::string("corrupt_budget = 1.0\ntail = \"exact\"\non_corrupt = \"") + mode + "\""));
    const auto batches = DrainEpoch(loader.get());
    ASSERT_EQ(batches.size(), 3u);
    for (const BatchValue& batch : batches) {
      EXPECT_EQ(batch.valid, std::string(batch.valid.size(), '\0'));
    }
  }
}

TEST(BadSetTest, I20_ASetThatFailsBeforeAnyReadStopsAndChangesEpochsAtOnce) {
  TempFolder folder;
  MakePictureSet(folder, 40, Kinds::kPngOnly);
  HR_INIT(hr_options, options);
  const char* overrides[] = {"limits.max_encoded_bytes=16"};
  options.overrides = overrides;
  options.override_count = 1;
  const LoaderHandle none = MustOpen(
      SmallConfig(folder.path(), "", "corrupt_budget = 1.0\non_corrupt = \"mark\""), &options);
  for (uint32_t epoch = 0; epoch < 20; ++epoch) {
    ASSERT_EQ(hr_loader_set_epoch(none.get(), epoch, nullptr), HR_OK);
    EXPECT_EQ(DrainEpoch(none.get()).size(), 5u);
  }
}

TEST(BadSetTest, I08_FilesThatVanishShrinkOrGrowAfterOpen) {
  TempFolder folder;
  MakePictureSet(folder, 40, Kinds::kJpegOnly);
  const std::string config = SmallConfig(
      folder.path(), "",
      "corrupt_budget = 1.0\ntail = \"exact\"\non_corrupt = \"mark\"\nprefetch_batches = 1");
  const LoaderHandle loader = MustOpen(config);
  (void)DrainEpoch(loader.get());
  const std::string victim = folder / "a/0000.jpg";
  std::filesystem::remove(victim);
  std::filesystem::resize_file(folder / "a/0002.jpg", 10);
  std::filesystem::resize_file(folder / "a/0004.jpg", 3 << 20);  // zeros after the picture
  std::filesystem::resize_file(folder / "a/0006.jpg", 9 << 20);  // more than max_encoded_bytes
  std::filesystem::remove(folder / "a/0008.jpg");
  ASSERT_EQ(mkfifo((folder / "a/0008.jpg").c_str(), 0600), 0);
  ASSERT_EQ(hr_loader_set_epoch(loader.get(), 5, nullptr), HR_OK);
  std::map<std::string, char> valid;
  for (const BatchValue& batch : DrainEpoch(loader.get())) {
    const auto ids = batch.Ids();
    for (size_t i = 0; i < ids.size(); ++i) {
      valid[hr_loader_sample_path(loader.get(), ids[i])] = batch.valid[i];
    }
  }
  ASSERT_EQ(valid.size(), 40u);
  for (const auto& [path, value] : valid) {
    const bool bad = path == "a/0000.jpg" || path == "a/0002.jpg" || path == "a/0006.jpg" ||
                     path == "a/0008.jpg";
    EXPECT_EQ(value, bad ? 0 : 1) << path;
  }
}

TEST(BadSetTest, LargeFilesAndPicturesTakeTheSharedArea) {
  TempFolder folder;
  MakePictureSet(folder, 300, Kinds::kPngOnly);
  // Noise does not compress: 1.9 MB encoded, and 630,000 pixels where the scratch holds 100,000.
  for (uint32_t i = 0; i < 3; ++i) {
    std::vector<uint8_t> pixels(900 * 700 * 3);
    uint32_t state = i + 1;
    for (uint8_t& p : pixels) {
      state = state * 1664525u + 1013904223u;
      p = static_cast<uint8_t>(state >> 24);
    }
    HR_INIT(hr_image, image);
    image.width = 900;
    image.height = 700;
    image.channels = 3;
    image.stride_bytes = 2700;
    image.pixels = pixels.data();
    const std::string path = folder / ("b/large" + std::to_string(i) + ".png");
    ASSERT_EQ(hr_image_write(path.c_str(), &image, 0, nullptr), HR_OK);
    ASSERT_GT(std::filesystem::file_size(path), 1u << 20);
  }
  const std::string toml = SmallConfig(folder.path(), "", "tail = \"exact\"\nworkers = 3");
  HR_INIT(hr_options, options);
  const char* overrides[] = {"limits.scratch_pixels=100000"};
  options.overrides = overrides;
  options.override_count = 1;
  const auto small = DrainEpoch(MustOpen(toml, &options).get());
  EXPECT_EQ(DrainEpoch(MustOpen(toml).get()), small);
  for (const BatchValue& batch : small) {
    EXPECT_EQ(batch.valid, std::string(batch.valid.size(), '\1'));
  }
}

}  // namespace
}  // namespace headrace::testing
