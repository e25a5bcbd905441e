// Epochs that are not every sample once, over the C API: weights, balanced classes, lists of ids.
#include <gtest/gtest.h>
#include <headrace.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

// 24 pictures of class "a" and 6 of "b", in that order.
class ChoiceTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kPictures = 30;
  static constexpr uint32_t kCommon = 24;
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    folder_->Write("a/.keep", "");
    folder_->Write("b/.keep", "");
    for (uint32_t i = 0; i < kPictures; ++i) {
      const std::string name = std::string(i < kCommon ? "a/" : "b/") + std::to_string(100 + i);
      WritePicture(*folder_ / (name + ".jpg").c_str(), 40 + i % 7, 36 + i % 5, i);
    }
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string Config(const std::string& keys, const std::string& extra = "") {
    return SmallConfig(folder_->path(), extra, "seed = 9\n" + keys);
  }
  static std::string WithBatchSize(int count, std::string config) {
    const std::string key = "batch_size = 8";
    return config.replace(config.find(key), key.size(), "batch_size = " + std::to_string(count));
  }
  static TempFolder* folder_;
};
TempFolder* ChoiceTest::folder_ = nullptr;

hr_options WithWeights(const std::vector<double>& weights) {
  HR_INIT(hr_options, options);
  options.sample_weights = weights.data();
  options.sample_weight_count = weights.size();
  return options;
}

hr_options WithIds(const std::vector<int64_t>& ids) {
  HR_INIT(hr_options, options);
  options.sample_ids = ids.data();
  options.sample_id_count = ids.size();
  return options;
}

std::vector<int64_t> IdsOf(const std::vector<BatchValue>& batches) {
  std::vector<int64_t> ids;
  for (const BatchValue& batch : batches) {
    const std::vector<int64_t> own = batch.Ids();
    ids.insert(ids.end(), own.begin(), own.end());
  }
  return ids;
}

hr_error RefusedToOpen(const std::string& toml, const hr_options* options) {
  LoaderHandle loader;
  HR_INIT(hr_error, error);
  EXPECT_NE(OpenToml(toml, &loader, &error, options), HR_OK);
  EXPECT_EQ(loader, nullptr);
  return error;
}

TEST_F(ChoiceTest, BalancedEpochsHaveAsManyOfTheRareClass) {
  const auto loader = MustOpen(
      WithBatchSize(100, Config("weights = \"balanced\"\nepoch_samples = 4000\nworkers = 2")));
  HR_INIT(hr_length, length);
  ASSERT_EQ(hr_loader_length(loader.get(), &length, nullptr), HR_OK);
  EXPECT_EQ(length.samples, kPictures);
  EXPECT_EQ(length.epoch_samples, 4000u);
  EXPECT_EQ(length.batches_per_epoch, 40u);
  const std::vector<int64_t> ids = IdsOf(DrainEpoch(loader.get()));
  ASSERT_EQ(ids.size(), 4000u);
  const auto rare = std::count_if(ids.begin(), ids.end(), [](int64_t id) { return id >= kCommon; });
  EXPECT_NEAR(static_cast<double>(rare), 2000, 5 * 32);  // five deviations of Binomial(4000, 1/2)
}

TEST_F(ChoiceTest, RanksShareTheDrawsOfOneRun) {
  std::vector<double> weights(kPictures, 1);
  weights[3] = 20;
  const hr_options options = WithWeights(weights);
  const std::string config = WithBatchSize(4, Config("tail = \"exact\"\nepoch_samples = 50"));
  const std::vector<int64_t> alone = IdsOf(DrainEpoch(MustOpen(config, &options).get()));
  ASSERT_EQ(alone.size(), 50u);
  EXPECT_GT(std::count(alone.begin(), alone.end(), 3), 8);
  std::vector<int64_t> together(alone.size(), -1);
  for (int32_t rank = 0; rank < 3; ++rank) {
    hr_options own = options;
    own.rank = rank;
    own.world_size = 3;
    const auto batches = DrainEpoch(MustOpen(config, &own).get());
    for (size_t b = 0; b < batches.size(); ++b) {
      const std::vector<int64_t> ids = batches[b].Ids();
      const size_t first = (b * 3 + static_cast<size_t>(rank)) * 4;
      ASSERT_LE(first + ids.size(), together.size());
      std::copy(ids.begin(), ids.end(), together.begin() + static_cast<std::ptrdiff_t>(first));
    }
  }
  EXPECT_EQ(together, alone);
}

TEST_F(ChoiceTest, AResumedRunGivesTheRestOfTheUnbrokenOne) {
  const std::vector<int64_t> list = {5, 5, 5, 0, 29, 28, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 17};
  const std::vector<double> weights(kPictures, 0.5);
  struct Case {
    std::string keys;
    hr_options options;
  };
  for (const Case& given :
       {Case{"", WithIds(list)}, Case{"shuffle = \"none\"\n", WithIds(list)},
        Case{"epoch_samples = 17\n", WithWeights(weights)},
        Case{"weights = \"balanced\"\nepoch_samples = 17\n", hr_options{sizeof(hr_options)}}}) {
    const std::string config = WithBatchSize(3, Config(given.keys + "tail = \"exact\"\nworkers = 2",
                                                       "[[mix]]\nop = \"mixup\"\nalpha = 0.8\n"));
    const auto unbroken = DrainEpoch(MustOpen(config, &given.options).get());
    ASSERT_EQ(unbroken.size(), 6u);
    const auto first = MustOpen(config, &given.options);
    for (size_t taken = 1; taken <= 6; ++taken) {
      Next(first.get());
      char bytes[HR_STATE_BYTES_MAX];
      size_t size = 0;
      ASSERT_EQ(hr_loader_state_save(first.get(), bytes, sizeof bytes, &size, nullptr), HR_OK);
      const auto second = MustOpen(config, &given.options);
      HR_INIT(hr_error, error);
      ASSERT_EQ(hr_loader_state_load(second.get(), bytes, size, &error), HR_OK) << error.text;
      const auto rest = DrainEpoch(second.get());
      EXPECT_EQ(rest, std::vector<BatchValue>(unbroken.begin() + static_cast<std::ptrdiff_t>(taken),
                                              unbroken.end()));
    }
  }
}

TEST_F(ChoiceTest, AStateOfOtherWeightsOrIdsIsRefused) {
  const std::vector<double> weights(kPictures, 0.5);
  std::vector<double> others = weights;
  others[7] = 0.25;
  const std::vector<int64_t> list = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<int64_t> other_list = {1, 2, 3, 4, 5, 6, 8, 7};
  const hr_options cases[] = {WithWeights(weights), WithWeights(others), WithIds(list),
                              WithIds(other_list), hr_options{sizeof(hr_options)}};
  for (const hr_options& saved : cases) {
    char bytes[HR_STATE_BYTES_MAX];
    size_t size = 0;
    const auto from = MustOpen(Config(""), &saved);
    ASSERT_EQ(hr_loader_state_save(from.get(), bytes, sizeof bytes, &size, nullptr), HR_OK);
    for (const hr_options& loaded : cases) {
      const auto to = MustOpen(Config(""), &loaded);
      HR_INIT(hr_error, error);
      const hr_status status = hr_loader_state_load(to.get(), bytes, size, &error);
      if (&saved == &loaded) {
        EXPECT_EQ(status, HR_OK) << error.text;
        continue;
      }
      EXPECT_EQ(status, HR_CONFIG_VALUE);
      EXPECT_NE(std::string(error.text).find("the weights, epoch_samples or the list of ids"),
                std::string::npos)
          << error.text;
    }
  }
}

TEST_F(ChoiceTest, TheCallersArraysAreCopied) {
  std::vector<double> weights(kPictures, 1);
  std::vector<int64_t> list = {8, 7, 6, 5, 4, 3, 2, 1};
  const hr_options weighted = WithWeights(weights);
  const hr_options listed = WithIds(list);
  const auto by_weight = MustOpen(Config(""), &weighted);
  const auto by_list = MustOpen(Config("shuffle = \"none\""), &listed);
  std::fill(weights.begin(), weights.end(), -1);
  const std::vector<int64_t> expected = list;
  std::fill(list.begin(), list.end(), -1);
  EXPECT_EQ(IdsOf(DrainEpoch(by_list.get())), expected);
  EXPECT_EQ(IdsOf(DrainEpoch(by_weight.get())).size(), 24u);
}

TEST_F(ChoiceTest, ThePlanCountsTheTable) {
  const auto index_bytes = [](const std::string& config, const hr_options* options) {
    HR_INIT(hr_memory, memory);
    const auto loader = MustOpen(config, options);
    EXPECT_EQ(hr_loader_memory(loader.get(), &memory, nullptr), HR_OK);
    return memory.index_bytes;
  };
  const std::vector<int64_t> list(1000, 4);
  const hr_options options = WithIds(list);
  const uint64_t plain = index_bytes(Config(""), nullptr);
  EXPECT_EQ(index_bytes(Config("weights = \"balanced\""), nullptr), plain + 16 * kPictures);
  EXPECT_EQ(index_bytes(Config(""), &options), plain + 8 * 1000);
}

TEST_F(ChoiceTest, AListThatDoesNotFitInTheBudgetIsRefused) {
  HR_INIT(hr_memory, memory);
  const auto loader = MustOpen(Config("workers = 1"));
  ASSERT_EQ(hr_loader_memory(loader.get(), &memory, nullptr), HR_OK);
  const std::vector<int64_t> list(1 << 20, 0);
  hr_options options = WithIds(list);
  const std::string bound = "loader.max_host_bytes=" + std::to_string(memory.total_bytes + 65536);
  const char* const overrides[] = {bound.c_str()};
  options.overrides = overrides;
  options.override_count = 1;
  EXPECT_EQ(RefusedToOpen(Config("workers = 1"), &options).code, HR_OVER_BUDGET);
  options.sample_id_count = 30;
  MustOpen(Config("workers = 1"), &options);
}

TEST_F(ChoiceTest, WrongChoicesAreConfigurationErrors) {
  const std::vector<double> few(3, 1);
  hr_options options = WithWeights(few);
  hr_error error = RefusedToOpen(Config(""), &options);
  EXPECT_EQ(error.code, HR_CONFIG_VALUE);
  EXPECT_NE(std::string(error.text)
                .find("found 3 weights, expected one for each of the data set's "
                      "30 samples"),
            std::string::npos)
      << error.text;
  const std::vector<int64_t> beyond = {0, 30};
  options = WithIds(beyond);
  error = RefusedToOpen(Config(""), &options);
  EXPECT_NE(std::string(error.text).find("found 30 at index 1"), std::string::npos) << error.text;
  options.sample_ids = nullptr;
  error = RefusedToOpen(Config(""), &options);
  EXPECT_EQ(error.code, HR_INVALID_ARGUMENT);
  error = RefusedToOpen(Config("weights = \"balanced\"\nshuffle = \"none\""), nullptr);
  EXPECT_NE(std::string(error.text).find("[loader] shuffle: found \"none\""), std::string::npos)
      << error.text;
  // Whoever asks for draws, and wherever the order comes from, it is the same text.
  const std::string drawn =
      "[loader] shuffle: found \"none\"; allowed: \"full\", as draws by weight have no other order";
  EXPECT_TRUE(std::string(error.text).ends_with(": " + drawn)) << error.text;
  const char* const overrides[] = {"loader.shuffle=none"};
  hr_options with_override = {};
  with_override.struct_size = sizeof with_override;
  with_override.overrides = overrides;
  with_override.override_count = 1;
  error = RefusedToOpen(Config("weights = \"balanced\""), &with_override);
  EXPECT_TRUE(std::string(error.text).ends_with(": " + drawn)) << error.text;
  const std::vector<double> weights(kPictures, 1);
  options = WithWeights(weights);
  error = RefusedToOpen(Config("shuffle = \"none\""), &options);
  EXPECT_TRUE(std::string(error.text).ends_with(": " + drawn)) << error.text;
  error = RefusedToOpen(Config("weights = \"balance\""), nullptr);
  EXPECT_NE(std::string(error.text).find("did you mean \"balanced\"?"), std::string::npos)
      << error.text;
}

}  // namespace
}  // namespace headrace::testing
