// loader.quarantine: the list of bad samples.
#include <gtest/gtest.h>
#include <headrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <vector>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

constexpr uint32_t kGood = 30;
std::mutex log_mutex;  // the log is called on the library's threads

std::vector<std::vector<std::string>> ReadList(const std::string& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> columns(1);
    for (const char c : line) {
      if (c == '\t') {
        columns.emplace_back();
      } else {
        columns.back() += c;
      }
    }
    rows.push_back(columns);
  }
  return rows;
}

class QuarantineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MakePictureSet(folder_, kGood);
    folder_.Write("a/90\t00\n.jpg", "no picture at all");
    folder_.Write("a/9001.png", "");
    folder_.Write("b/9002.jpg", std::string("\xff\xd8\xff", 3) + std::string(50, 'x'));
  }
  std::string Config(const std::string& keys, const std::string& extra = "") const {
    return SmallConfig(folder_.path(), extra,
                       "tail = \"exact\"\nquarantine = \"" + list_ + "\"\n" + keys);
  }

  TempFolder folder_;
  TempFolder other_;
  std::string list_ = other_ / "bad.tsv";
};

TEST_F(QuarantineTest, EachBadSampleIsListedOnceWithItsReason) {
  for (const char* mode : {"mark", "substitute"}) {
    std::filesystem::remove(list_);
    const LoaderHandle loader =
        MustOpen(Config(std::string("corrupt_budget = 1.0\non_corrupt = \"") + mode + "\""));
    for (int i = 0; i < 3; ++i) (void)DrainEpoch(loader.get());
    auto rows = ReadList(list_);
    ASSERT_EQ(rows.size(), 4u) << mode;
    const std::vector<std::string> header = {"path", "offset", "id",  "epoch",
                                             "code", "reason", "name"};
    EXPECT_EQ(rows[0], header);
    std::sort(rows.begin() + 1, rows.end());
    for (size_t i = 1; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i].size(), 7u);
      EXPECT_EQ(rows[i][0], folder_.path() + "/" + rows[i][6]);
      EXPECT_EQ(rows[i][1], "0");
      EXPECT_EQ(rows[i][3], "0");
      EXPECT_FALSE(rows[i][5].empty());
    }
    EXPECT_EQ(rows[1][6], "a/9001.png");
    EXPECT_EQ(rows[1][4], "HR_EMPTY_FILE");
    EXPECT_EQ(rows[2][6], "a/90\\t00\\n.jpg");
    EXPECT_EQ(rows[2][4], "HR_UNSUPPORTED_FORMAT");
    EXPECT_EQ(rows[3][6], "b/9002.jpg");
  }
}

TEST_F(QuarantineTest, ItIsCompleteWhenTheBudgetEndsTheRun) {
  // 33 samples in one batch, one bad id is tolerated, three are bad.
  const LoaderHandle loader =
      MustOpen(Config("corrupt_budget = 0.01\non_corrupt = \"mark\"\n"
                      "prefetch_batches = 1",
                      ""));
  HR_INIT(hr_error, error);
  hr_batch* batch = nullptr;
  hr_status status = HR_OK;
  std::set<int64_t> marked;
  while ((status = hr_loader_next(loader.get(), -1, &batch, &error)) == HR_OK) {
    const hr_batch_info info = InfoOf(batch);
    for (uint32_t i = 0; i < info.count; ++i) {
      if (info.valid[i] == 0) marked.insert(info.ids[i]);
    }
    hr_batch_release(batch);
  }
  ASSERT_EQ(status, HR_CORRUPT_BUDGET) << error.text;
  const auto rows = ReadList(list_);
  std::set<std::string> listed;
  for (size_t i = 1; i < rows.size(); ++i) listed.insert(rows[i][2]);
  EXPECT_EQ(listed.size(), rows.size() - 1);
  EXPECT_GE(listed.size(), 2u);
  EXPECT_TRUE(listed.contains(std::to_string(error.sample_id)));
  for (const int64_t id : marked) EXPECT_TRUE(listed.contains(std::to_string(id)));
}

TEST_F(QuarantineTest, ErrorModeListsTheSampleThatEndsTheRun) {
  const LoaderHandle loader = MustOpen(Config("on_corrupt = \"error\""));
  HR_INIT(hr_error, error);
  hr_batch* batch = nullptr;
  while (hr_loader_next(loader.get(), -1, &batch, &error) == HR_OK) hr_batch_release(batch);
  const auto rows = ReadList(list_);
  ASSERT_GE(rows.size(), 2u);
  EXPECT_EQ(rows[1][2], std::to_string(error.sample_id));
}

TEST_F(QuarantineTest, LoadersShareAFileAndItsHeaderStandsOnce) {
  const std::string config = Config("corrupt_budget = 1.0\non_corrupt = \"mark\"");
  const LoaderHandle one = MustOpen(config);
  const LoaderHandle two = MustOpen(config);
  (void)DrainEpoch(one.get());
  (void)DrainEpoch(two.get());
  const auto rows = ReadList(list_);
  ASSERT_EQ(rows.size(), 7u);
  for (size_t i = 1; i < rows.size(); ++i) EXPECT_EQ(rows[i].size(), 7u);
  EXPECT_EQ(std::count(rows.begin(), rows.end(), rows[0]), 1);
}

TEST_F(QuarantineTest, AFileThatCannotBeOpenedIsAnErrorThatNamesKeyAndPath) {
  ASSERT_EQ(mkfifo((other_ / "pipe").c_str(), 0600), 0);
  for (const std::string& path : {other_ / "none/bad.tsv", other_.path(), other_ / "pipe"}) {
    list_ = path;
    LoaderHandle loader;
    HR_INIT(hr_error, error);
    EXPECT_EQ(OpenToml(Config(""), &loader, &error), HR_CONFIG_VALUE);
    EXPECT_NE(std::string(error.text).find("[loader] quarantine"), std::string::npos) << error.text;
    EXPECT_NE(std::string(error.text).find(path), std::string::npos) << error.text;
  }
}

TEST_F(QuarantineTest, ADiskThatIsFullAtOpenIsAnError) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  list_ = "/dev/full";
  LoaderHandle loader;
  HR_INIT(hr_error, error);
  EXPECT_EQ(OpenToml(Config(""), &loader, &error), HR_CONFIG_VALUE);
  EXPECT_NE(std::string(error.text).find("/dev/full"), std::string::npos) << error.text;
}

TEST_F(QuarantineTest, AListThatCannotGrowIsOneWarningAndTheRunGoesOn) {
  std::string log;
  HR_INIT(hr_options, options);
  options.log = [](void* context, hr_log_level level, const char* text) {
    if (level != HR_LOG_WARNING) return;
    const std::lock_guard lock(log_mutex);
    static_cast<std::string*>(context)->append(text).append("\n");
  };
  options.log_context = &log;
  const LoaderHandle loader =
      MustOpen(Config("corrupt_budget = 1.0\non_corrupt = \"mark\""), &options);
  struct rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = before;
  small.rlim_cur = std::filesystem::file_size(list_) + 10;
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  size_t batches = 0;
  for (int epoch = 0; epoch < 2; ++epoch) batches += DrainEpoch(loader.get()).size();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  EXPECT_EQ(batches, 10u);
  const std::lock_guard lock(log_mutex);
  const size_t first = log.find(list_);
  ASSERT_NE(first, std::string::npos) << log;
  EXPECT_EQ(log.find(list_, first + 1), std::string::npos) << log;
}

// Mixing passes marked samples over: they keep their zeros and are nobody's partner.
TEST_F(QuarantineTest, I07_MarkedSamplesTakeNoPartInMixing) {
  for (const std::string& mix :
       {std::string("op = \"mixup\"\nalpha = 1.0"),
        std::string("op = \"mixup\"\nmode = \"element\""),
        std::string("op = \"cutmix\"\nalpha = 1.0"),
        std::string("op = \"cutmix\"\nmode = \"pair\""),
        std::string("op = \"mixup\"\npartner = \"perm\""), std::string("op = \"rmix\"")}) {
    const LoaderHandle loader =
        MustOpen(Config("corrupt_budget = 1.0\non_corrupt = \"mark\"\n", "[[mix]]\n" + mix + "\n"));
    int marked = 0;
    for (int epoch = 0; epoch < 4; ++epoch) {
      for (;;) {
        hr_batch* batch = nullptr;
        if (hr_loader_next(loader.get(), -1, &batch, nullptr) != HR_OK) break;
        const BatchHandle lease(batch);
        const hr_batch_info info = InfoOf(batch);
        const size_t bytes = info.images_bytes / info.count;
        for (uint32_t i = 0; i < info.count; ++i) {
          EXPECT_NE(info.valid[static_cast<uint32_t>(info.partner[i])] == 0 &&
                        info.partner[i] != static_cast<int32_t>(i),
                    true)
              << mix;
          if (info.valid[i] != 0) continue;
          ++marked;
          EXPECT_EQ(info.partner[i], static_cast<int32_t>(i)) << mix;
          EXPECT_EQ(info.lambda[i], 1.0f) << mix;
          const auto* image = static_cast<const char*>(info.images) + i * bytes;
          EXPECT_TRUE(std::all_of(image, image + bytes, [](char c) { return c == 0; })) << mix;
        }
      }
    }
    EXPECT_EQ(marked, 12) << mix;
  }
}

}  // namespace
}  // namespace headrace::testing
