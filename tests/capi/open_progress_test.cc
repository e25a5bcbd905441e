// hr_options.progress: hears how far an opening is, and ends it. The same of hr_index.
#include <gtest/gtest.h>
#include <headrace.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

// Counts the calls; the answer of each is no until `end_at`.
struct Waiting {
  int end_at = INT32_MAX;
  int calls = 0;
  bool other_thread = false;
  hr_job_progress last = {};
  const std::thread::id thread = std::this_thread::get_id();

  static int OnProgress(void* context, const hr_job_progress* progress) {
    auto* self = static_cast<Waiting*>(context);
    self->other_thread = self->other_thread || std::this_thread::get_id() != self->thread;
    self->last = *progress;
    return ++self->calls >= self->end_at ? 1 : 0;
  }
};

class OpenProgressTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MakePictureSet(folder_, 30);
    options_.struct_size = sizeof options_;
    options_.progress = Waiting::OnProgress;
    options_.progress_context = &waiting_;
  }
  hr_status Open() { return OpenToml(SmallConfig(folder_.path()), &loader_, &error_, &options_); }

  TempFolder folder_;
  Waiting waiting_;
  hr_options options_ = {};
  LoaderHandle loader_;
  hr_error error_ = {sizeof(hr_error)};
};

TEST_F(OpenProgressTest, IsCalledOnTheCallersThread) {
  ASSERT_EQ(Open(), HR_OK) << error_.text;
  EXPECT_GE(waiting_.calls, 1);
  EXPECT_FALSE(waiting_.other_thread);
  EXPECT_EQ(waiting_.last.struct_size, sizeof(hr_job_progress));
  EXPECT_EQ(waiting_.last.samples, 0u);
  // Not after open.
  const int calls = waiting_.calls;
  Next(loader_.get());
  EXPECT_EQ(waiting_.calls, calls);
}

TEST_F(OpenProgressTest, EndsTheOpening) {
  waiting_.end_at = 1;
  EXPECT_EQ(Open(), HR_STOPPED);
  EXPECT_EQ(loader_, nullptr);
  EXPECT_EQ(error_.code, HR_STOPPED);
  EXPECT_STREQ(error_.text, "<toml>: stopped by the caller");
  EXPECT_EQ(waiting_.calls, 1);
  waiting_.end_at = INT32_MAX;
  EXPECT_EQ(Open(), HR_OK) << error_.text;
}

// A log line of an opening in which another loader is used.
struct UsesAnother {
  hr_loader* other;
  std::string state = std::string(HR_STATE_BYTES_MAX, '\0');
  bool inside = false;
  int progress_inside = 0;
  int lines = 0;

  static void OnLog(void* context, hr_log_level /*level*/, const char* /*text*/) {
    auto* self = static_cast<UsesAnother*>(context);
    self->inside = true;
    // Longer than progress is apart.
    std::this_thread::sleep_for(std::chrono::milliseconds(self->lines++ == 0 ? 80 : 0));
    EXPECT_EQ(
        hr_loader_state_save(self->other, self->state.data(), self->state.size(), nullptr, nullptr),
        HR_OK);
    self->inside = false;
  }
  static int OnProgress(void* context, const hr_job_progress* /*progress*/) {
    auto* self = static_cast<UsesAnother*>(context);
    if (self->inside) ++self->progress_inside;
    return self->inside ? 1 : 0;
  }
};

TEST_F(OpenProgressTest, IsNotOfAnotherLoaderThatALogLineUses) {
  const std::string text = SmallConfig(folder_.path());
  LoaderHandle other;
  LoaderHandle calm;
  ASSERT_EQ(OpenToml(text, &other, &error_), HR_OK) << error_.text;
  ASSERT_EQ(OpenToml(text, &calm, &error_), HR_OK) << error_.text;
  std::string wanted(HR_STATE_BYTES_MAX, '\0');
  ASSERT_EQ(hr_loader_state_save(calm.get(), wanted.data(), wanted.size(), nullptr, &error_),
            HR_OK);
  UsesAnother uses{other.get()};
  options_.log = UsesAnother::OnLog;
  options_.log_context = &uses;
  options_.progress = UsesAnother::OnProgress;
  options_.progress_context = &uses;
  ASSERT_EQ(Open(), HR_OK) << error_.text;
  EXPECT_GT(uses.lines, 0);
  EXPECT_EQ(uses.progress_inside, 0);
  EXPECT_EQ(uses.state, wanted);
}

TEST_F(OpenProgressTest, ACallerWhoDoesNotKnowItGetsNone) {
  options_.struct_size = offsetof(hr_options, progress);
  ASSERT_EQ(Open(), HR_OK) << error_.text;
  EXPECT_EQ(waiting_.calls, 0);
}

TEST_F(OpenProgressTest, EndsAnIndexWithoutATrace) {
  const TempFolder pack;
  ASSERT_EQ(hr_pack(folder_.path().c_str(), pack.path().c_str(), nullptr, nullptr, &error_), HR_OK)
      << error_.text;
  const std::string path = pack / "000000.tar";
  std::filesystem::remove(path + ".hri");
  HR_INIT(hr_index_options, options);
  options.progress = Waiting::OnProgress;
  options.progress_context = &waiting_;
  HR_INIT(hr_index_report, report);
  waiting_.end_at = 1;
  EXPECT_EQ(hr_index(path.c_str(), &options, &report, &error_), HR_STOPPED);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(pack.path())) {
    files += entry.path().empty() ? 0 : 1;
  }
  EXPECT_EQ(files, 1u);
  waiting_.end_at = INT32_MAX;
  ASSERT_EQ(hr_index(path.c_str(), &options, &report, &error_), HR_OK) << error_.text;
  EXPECT_EQ(report.written, 1u);
  EXPECT_EQ(report.samples, 30u);
  EXPECT_FALSE(waiting_.other_thread);
}

}  // namespace
}  // namespace headrace::testing
