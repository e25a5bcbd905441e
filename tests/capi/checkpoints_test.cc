// Where checkpoints go: the user's caches, a folder of the configuration, or nowhere.
#include <gtest/gtest.h>
#include <headrace.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

// A variable as the test wants it, until the end of the test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = getenv(name)) before_ = before;
    value != nullptr ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Variable() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class CheckpointsTest : public ::testing::Test {
 protected:
  CheckpointsTest() { MakePictureSet(set_, 16); }

  LoaderHandle Open(const std::string& checkpoints = "auto") {
    log_.clear();
    HR_INIT(hr_options, options);
    options.log = [](void* context, hr_log_level, const char* text) {
      static_cast<std::vector<std::string>*>(context)->push_back(text);
    };
    options.log_context = &log_;
    return MustOpen(SmallConfig(set_.path(), "[decode]\ncheckpoints = \"" + checkpoints + "\"\n"),
                    &options);
  }
  // Log lines about checkpoints.
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const std::string& line : log_) {
      if (line.find("checkpoints") != std::string::npos) lines.push_back(line);
    }
    return lines;
  }

  TempFolder set_;
  TempFolder temp_;
  std::vector<std::string> log_;
};

TEST_F(CheckpointsTest, GoToTheUsersCaches) {
  const Variable home("HOME", (temp_ / "home").c_str());
  const auto expect_in = [this](const std::string& folder) {
    const LoaderHandle loader = Open();
    ASSERT_EQ(Lines().size(), 1u);
    EXPECT_NE(Lines()[0].find(folder + "/"), std::string::npos) << Lines()[0];
    EXPECT_NE(Lines()[0].find("0 of 16 samples"), std::string::npos) << Lines()[0];
    struct stat about;
    ASSERT_EQ(stat(folder.c_str(), &about), 0) << folder;
    EXPECT_EQ(about.st_mode & 07777, 0700u);
  };
  {
    const Variable xdg("XDG_CACHE_HOME", (temp_ / "xdg").c_str());
    expect_in(temp_ / "xdg/headrace/checkpoints");
    EXPECT_FALSE(std::filesystem::exists(temp_ / "home"));
  }
  for (const char* none : {"", "relative/path", static_cast<const char*>(nullptr)}) {
    // Samples of the round before may have been decoded before its loader was closed.
    std::filesystem::remove_all(temp_ / "home");
    const Variable xdg("XDG_CACHE_HOME", none);
    expect_in(temp_ / "home/.cache/headrace/checkpoints");
  }
}

TEST_F(CheckpointsTest, AreOffWithOneLineWhenThereIsNoCache) {
  const Variable xdg("XDG_CACHE_HOME", nullptr);
  {
    const Variable home("HOME", nullptr);
    const LoaderHandle loader = Open();
    ASSERT_EQ(Lines().size(), 1u);
    EXPECT_NE(Lines()[0].find("are off: neither"), std::string::npos) << Lines()[0];
    EXPECT_EQ(DrainEpoch(loader.get()).size(), 2u);
  }
  temp_.Write("file", "x");
  const Variable home("HOME", (temp_ / "file").c_str());
  const LoaderHandle loader = Open();
  ASSERT_EQ(Lines().size(), 1u);
  EXPECT_NE(Lines()[0].find("are off: " + temp_ / "file"), std::string::npos) << Lines()[0];
  EXPECT_EQ(DrainEpoch(loader.get()).size(), 2u);
}

TEST_F(CheckpointsTest, GoToAFolderOfTheConfiguration) {
  const Variable xdg("XDG_CACHE_HOME", (temp_ / "xdg").c_str());
  { const LoaderHandle loader = Open(temp_ / "mine/deep"); }
  EXPECT_TRUE(std::filesystem::is_directory(temp_ / "mine/deep"));
  { const LoaderHandle loader = Open("off"); }
  EXPECT_TRUE(Lines().empty());
  EXPECT_FALSE(std::filesystem::exists(temp_ / "xdg"));
}

TEST_F(CheckpointsTest, AFolderOfTheConfigurationThatCannotBeUsedIsAnError) {
  temp_.Write("file", "x");
  LoaderHandle loader;
  HR_INIT(hr_error, error);
  EXPECT_EQ(OpenToml(SmallConfig(set_.path(),
                                 "[decode]\ncheckpoints = \"" + temp_ / "file/mine" + "\"\n"),
                     &loader, &error),
            HR_CONFIG_VALUE);
  const std::string text = error.text;
  for (const std::string part : {"[decode] checkpoints: ", "file/mine", "Not a directory", "off"}) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
}

TEST_F(CheckpointsTest, ThePlanCountsThem) {
  const auto memory_of = [this](const std::string& checkpoints) {
    const LoaderHandle loader = Open(checkpoints);
    HR_INIT(hr_memory, memory);
    EXPECT_EQ(hr_loader_memory(loader.get(), &memory, nullptr), HR_OK);
    EXPECT_EQ(memory.total_bytes, memory.batch_bytes + memory.lane_bytes + memory.scratch_bytes +
                                      memory.big_image_bytes + memory.index_bytes +
                                      memory.other_bytes);
    return memory;
  };
  EXPECT_GT(memory_of(temp_ / "mine").index_bytes, memory_of("off").index_bytes + 128 * 1024);
}

TEST_F(CheckpointsTest, NoFileIsLeftOpenAndAnOlderCallersStatsAreNotOverrun) {
  const auto open_files = [] {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      count += entry.path().empty() ? 0 : 1;
    }
    return count;
  };
  { const LoaderHandle once = Open(temp_ / "mine"); }  // libraries open theirs
  const size_t before = open_files();
  {
    const LoaderHandle loader = Open(temp_ / "mine");
    DrainEpoch(loader.get());
    HR_INIT(hr_stats, stats);
    stats.struct_size = offsetof(hr_stats, checkpoints_read);
    stats.checkpoints_read = 77;
    EXPECT_EQ(hr_loader_stats(loader.get(), &stats, nullptr), HR_OK);
    EXPECT_EQ(stats.batches, 2u);
    EXPECT_EQ(stats.checkpoints_read, 77u);
  }
  EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace headrace::testing
