// hr_scan: what is in a data set, and what is broken in it.
#include <gtest/gtest.h>
#include <headrace.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

struct Found {
  int32_t kind = 0;
  int64_t id = 0;
  std::string path;
  uint64_t group = 0;
  int32_t code = 0;
  std::string text;
  friend bool operator==(const Found&, const Found&) = default;
};

struct Scanned {
  hr_status status = HR_OK;
  std::string error;
  hr_scan_report report = {};
  std::vector<Found> findings;
};

void KeepFinding(void* context, const hr_scan_finding* finding) {
  static_cast<std::vector<Found>*>(context)->push_back(
      {finding->kind, finding->id, finding->path, finding->group, finding->code, finding->text});
}

Scanned Scan(const std::string& path, uint32_t workers = 0,
             const std::vector<const char*>& overrides = {}) {
  Scanned out;
  HR_INIT(hr_options, options);
  options.overrides = overrides.data();
  options.override_count = static_cast<uint32_t>(overrides.size());
  HR_INIT(hr_scan_options, scan);
  scan.workers = workers;
  scan.finding = KeepFinding;
  scan.finding_context = &out.findings;
  out.report.struct_size = sizeof(out.report);
  HR_INIT(hr_error, error);
  out.status = hr_scan(path.c_str(), &options, &scan, &out.report, &error);
  out.error = error.text;
  return out;
}

class ScanTest : public ::testing::Test {
 protected:
  void SetUp() override { MakePictureSet(folder_, 30); }  // 10 PNG, 20 JPEG
  TempFolder folder_;
};

TEST_F(ScanTest, CountsWhatAGoodSetHas) {
  const Scanned scanned = Scan(folder_.path());
  ASSERT_EQ(scanned.status, HR_OK) << scanned.error;
  const hr_scan_report& report = scanned.report;
  EXPECT_EQ(report.samples, 30u);
  EXPECT_EQ(report.seen, 30u);
  EXPECT_EQ(report.good, 30u);
  EXPECT_EQ(report.broken, 0u);
  EXPECT_EQ(report.png, 10u);
  EXPECT_EQ(report.jpeg, 20u);
  EXPECT_EQ(report.rgb, 30u);
  EXPECT_EQ(report.width.least, 40u);
  EXPECT_EQ(report.width.most, 62u);
  EXPECT_EQ(report.height.least, 36u);
  EXPECT_EQ(report.height.most, 52u);
  EXPECT_EQ(report.megapixels[0], 30u);
  EXPECT_EQ(report.cancelled, 0u);
  EXPECT_TRUE(scanned.findings.empty());
}

TEST_F(ScanTest, FindsBrokenFilesAndCopiesWhateverTheWorkers) {
  folder_.Write("a/9000.jpg", "no picture at all");
  folder_.Write("a/9001.png", "");
  std::filesystem::copy(folder_ / "a/0002.jpg", folder_ / "b/copy.jpg");
  std::filesystem::copy(folder_ / "a/0002.jpg", folder_ / "b/copy2.jpg");
  std::filesystem::copy(folder_ / "b/0001.jpg", folder_ / "a/another.jpg");
  std::filesystem::copy(folder_ / "b/0005.jpg", folder_ / "b/cut.jpg");
  std::filesystem::resize_file(folder_ / "b/cut.jpg",
                               std::filesystem::file_size(folder_ / "b/cut.jpg") / 2);
  const Scanned one = Scan(folder_.path(), 1);
  ASSERT_EQ(one.status, HR_OK) << one.error;
  EXPECT_EQ(one.report.broken, 3u);
  EXPECT_EQ(one.report.over_limits, 0u);
  EXPECT_EQ(one.report.duplicate_groups, 2u);
  EXPECT_EQ(one.report.duplicate_samples, 3u);
  ASSERT_EQ(one.findings.size(), 3u + 5u);
  EXPECT_EQ(one.findings[0].path, "a/9000.jpg");
  EXPECT_EQ(one.findings[0].code, HR_UNSUPPORTED_FORMAT);
  EXPECT_EQ(one.findings[1].path, "a/9001.png");
  EXPECT_EQ(one.findings[1].code, HR_EMPTY_FILE);
  EXPECT_EQ(one.findings[2].path, "b/cut.jpg");
  EXPECT_EQ(one.findings[2].code, HR_TRUNCATED);
  const char* groups[] = {"a/0002.jpg", "b/copy.jpg", "b/copy2.jpg", "a/another.jpg", "b/0001.jpg"};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(one.findings[3 + i].kind, HR_SCAN_DUPLICATE);
    EXPECT_EQ(one.findings[3 + i].path, groups[i]);
    EXPECT_EQ(one.findings[3 + i].group, i < 3 ? 0u : 1u);
  }
  EXPECT_EQ(Scan(folder_.path(), 5).findings, one.findings);
}

TEST_F(ScanTest, LimitsHoldAndAreCountedApart) {
  const Scanned scanned = Scan(folder_.path(), 2, {"limits.max_side=50"});
  ASSERT_EQ(scanned.status, HR_OK) << scanned.error;
  EXPECT_GT(scanned.report.over_limits, 0u);
  EXPECT_EQ(scanned.report.broken, scanned.report.over_limits);
  for (const Found& found : scanned.findings) EXPECT_EQ(found.code, HR_LIMIT_PIXELS);
}

TEST_F(ScanTest, TakesAConfigurationAndAFlatFolder) {
  folder_.Write("set.toml", SmallConfig("."));
  EXPECT_EQ(Scan(folder_ / "set.toml").report.good, 30u);
  const Scanned flat = Scan(folder_ / "a");
  EXPECT_EQ(flat.status, HR_OK) << flat.error;
  EXPECT_EQ(flat.report.good, 15u);
}

TEST_F(ScanTest, SaysWhatItCannotRead) {
  folder_.Write("text.txt", "x");
  std::filesystem::create_directory(folder_ / "empty");
  EXPECT_EQ(Scan(folder_ / "nothing").status, HR_NOT_FOUND);
  EXPECT_EQ(Scan(folder_ / "text.txt").status, HR_CONFIG_VALUE);
  EXPECT_EQ(Scan(folder_ / "empty").status, HR_EMPTY_DATASET);
  EXPECT_EQ(Scan(folder_.path(), 1, {"limits.max_sides=50"}).status, HR_CONFIG_UNKNOWN_KEY);
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_scan(nullptr, nullptr, nullptr, nullptr, &error), HR_INVALID_ARGUMENT);
  EXPECT_EQ(hr_scan(folder_.path().c_str(), nullptr, nullptr, nullptr, &error), HR_OK);
}

TEST_F(ScanTest, TheProgressCallbackSeesTheEndAndCanCancel) {
  struct Seen {
    uint64_t done = 0;
    uint64_t total = 0;
    int answer = 0;
  };
  for (const int answer : {0, 1}) {
    Seen seen{.answer = answer};
    HR_INIT(hr_scan_options, scan);
    scan.workers = 1;
    scan.progress = [](void* context, const hr_job_progress* told) {
      auto* progress = static_cast<Seen*>(context);
      progress->done = told->samples_done;
      progress->total = told->samples;
      return progress->answer;
    };
    scan.progress_context = &seen;
    HR_INIT(hr_scan_report, report);
    HR_INIT(hr_error, error);
    const hr_status status = hr_scan(folder_.path().c_str(), nullptr, &scan, &report, &error);
    EXPECT_EQ(seen.total, 30u);
    EXPECT_EQ(report.samples, 30u);
    if (answer == 0) {
      EXPECT_EQ(status, HR_OK);
      EXPECT_EQ(seen.done, 30u);
    } else {
      // A set that is through before the first question is not cancelled by its answer.
      EXPECT_TRUE(status == HR_STOPPED || (status == HR_OK && report.seen == 30)) << error.text;
      EXPECT_EQ(report.cancelled, status == HR_STOPPED ? 1u : 0u);
    }
  }
}

TEST_F(ScanTest, ReadsThePictureSetsOfTheTests) {
  const std::string data = HEADRACE_DATA_DIR;
  if (!std::filesystem::exists(data + "/corrupt")) GTEST_SKIP() << "no sample images in " << data;
  const Scanned scanned = Scan(data + "/formats");
  ASSERT_EQ(scanned.status, HR_OK) << scanned.error;
  EXPECT_EQ(scanned.report.webp, 10u);
  EXPECT_GT(scanned.report.cmyk, 0u);
  EXPECT_GT(scanned.report.grey, 0u);
  EXPECT_GT(scanned.report.progressive, 0u);
  EXPECT_GT(scanned.report.turned, 0u);
  const Scanned corrupt = Scan(data + "/corrupt");  // pictures lie directly in it
  ASSERT_EQ(corrupt.status, HR_OK) << corrupt.error;
  EXPECT_EQ(corrupt.report.samples, 89u);
  EXPECT_GT(corrupt.report.broken, 40u);
  EXPECT_GT(corrupt.report.over_limits, 3u);
}

}  // namespace
}  // namespace headrace::testing
