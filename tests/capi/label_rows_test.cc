// Manifests whose labels are rows of numbers, over the C API: what batches bring for good, bad and
// missing samples, and on leased batches.
#include <gtest/gtest.h>
#include <headrace.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

constexpr uint32_t kSamples = 21;
constexpr size_t kColumns = 2;

// The row of sample `id`.
std::vector<float> RowOf(int64_t id) {
  return {static_cast<float>(id) * 0.5f, static_cast<float>(10 - id)};
}

std::vector<float> RowsOf(const hr_batch* batch) {
  const hr_batch_info info = InfoOf(batch);
  EXPECT_EQ(info.labels, nullptr);
  EXPECT_EQ(info.classes, kColumns);
  return {info.soft_labels, info.soft_labels + size_t{info.count} * info.classes};
}

class LabelRowsTest : public ::testing::Test {
 protected:
  LabelRowsTest() {
    MakePictureSet(folder_, kSamples);
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      const std::string path = std::filesystem::relative(entry.path(), folder_.path());
      if (entry.is_regular_file() && !path.ends_with(".keep")) paths.push_back(path);
    }
    std::sort(paths.begin(), paths.end());
    EXPECT_EQ(paths.size(), kSamples);
    std::string lines = "path\tvalues\n";
    for (size_t id = 0; id < paths.size(); ++id) {
      const std::vector<float> row = RowOf(static_cast<int64_t>(id));
      lines += paths[id] + '\t' + std::to_string(row[0]) + ',' + std::to_string(row[1]) + '\n';
    }
    folder_.Write("list.tsv", lines);
    // Sample 3 is no picture.
    folder_.Write(paths[3], "no picture at all");
  }

  LoaderHandle Open(const std::string& loader_keys, const std::string& extra = "") const {
    std::string toml = SmallConfig(folder_ / "list.tsv", extra,
                                   "shuffle = \"none\"\ncorrupt_budget = 1.0\n" + loader_keys);
    return MustOpen(toml.insert(toml.find("[loader]"), "source = \"manifest\"\n"));
  }

  TempFolder folder_;
};

TEST_F(LabelRowsTest, MarkedSamplesKeepTheirRowAndPaddingHasZeros) {
  const LoaderHandle loader = Open("tail = \"pad\"\non_corrupt = \"mark\"\n");
  for (size_t b = 0; b < 3; ++b) {
    const BatchHandle batch = Next(loader.get());
    const std::vector<float> rows = RowsOf(batch.get());
    ASSERT_EQ(rows.size(), 8 * kColumns);
    for (size_t i = 0; i < 8; ++i) {
      const size_t id = 8 * b + i;
      const std::vector<float> wanted =
          id < kSamples ? RowOf(static_cast<int64_t>(id)) : std::vector<float>{0, 0};
      EXPECT_EQ((std::vector<float>{rows[2 * i], rows[2 * i + 1]}), wanted) << id;
    }
  }
}

TEST_F(LabelRowsTest, ASubstituteBringsItsOwnRow) {
  const LoaderHandle loader = Open("on_corrupt = \"substitute\"\n");
  const BatchHandle batch = Next(loader.get());
  const hr_batch_info info = InfoOf(batch.get());
  const std::vector<float> rows = RowsOf(batch.get());
  EXPECT_EQ(info.valid[3], 2);
  EXPECT_NE(info.ids[3], 3);
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ((std::vector<float>{rows[2 * i], rows[2 * i + 1]}), RowOf(info.ids[i])) << i;
  }
}

TEST_F(LabelRowsTest, ALeasedBatchMixesItsRowsInPlaceAndTakesNoSmoothing) {
  const LoaderHandle loader = Open("on_corrupt = \"substitute\"\n", "[output]\nkeep_u8 = true\n");
  const BatchHandle batch = Next(loader.get());
  const std::vector<float> clean = RowsOf(batch.get());
  const std::vector<float> maps(8 * 16, 1.0f);
  HR_INIT(hr_rmix_config, config);
  HR_INIT(hr_error, error);
  config.pairing = HR_RMIX_PERMUTE;  // cycles of any length
  config.label_smoothing = 0.1;
  const BatchValue before = ValueOf(batch.get());
  EXPECT_EQ(hr_batch_rmix(batch.get(), &config, maps.data(), 4, 4, 16, nullptr, nullptr, &error),
            HR_INVALID_ARGUMENT);
  EXPECT_NE(std::string(error.text).find("label_smoothing: expected 0"), std::string::npos);
  EXPECT_EQ(ValueOf(batch.get()), before);
  config.label_smoothing = 0;
  ASSERT_EQ(hr_batch_rmix(batch.get(), &config, maps.data(), 4, 4, 16, nullptr, nullptr, &error),
            HR_OK)
      << error.text;
  const hr_batch_info info = InfoOf(batch.get());
  const std::vector<float> mixed = RowsOf(batch.get());
  int changed = 0;
  for (size_t i = 0; i < mixed.size(); ++i) {
    const size_t row = i / kColumns;
    const double lam = info.lambda[row];
    const auto other = static_cast<size_t>(info.partner[row]);
    EXPECT_EQ(mixed[i], static_cast<float>(lam * clean[i] +
                                           (1.0 - lam) * clean[other * kColumns + i % kColumns]));
    changed += mixed[i] != clean[i];
  }
  EXPECT_GT(changed, 4);
}

}  // namespace
}  // namespace headrace::testing
