#include "base/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/result.h"
#include "base/scope_guard.h"
#include "bindings/c/headrace.h"

namespace headrace {
namespace {

struct Pair {
  Code code;
  hr_status status;
  const char* name;
};
#define HR_PAIR(code, name) \
  Pair { Code::code, HR_##name, #name }
// Both lists, line by line. tests/meta compares them by name too, so none can be missing here.
constexpr Pair kPairs[] = {
    HR_PAIR(kOk, OK),
    HR_PAIR(kEndOfEpoch, END_OF_EPOCH),
    HR_PAIR(kTimeout, TIMEOUT),
    HR_PAIR(kStopped, STOPPED),
    HR_PAIR(kNoBuffer, NO_BUFFER),
    HR_PAIR(kInvalidArgument, INVALID_ARGUMENT),
    HR_PAIR(kReentered, REENTERED),
    HR_PAIR(kForked, FORKED),
    HR_PAIR(kConfigSyntax, CONFIG_SYNTAX),
    HR_PAIR(kConfigUnknownKey, CONFIG_UNKNOWN_KEY),
    HR_PAIR(kConfigType, CONFIG_TYPE),
    HR_PAIR(kConfigValue, CONFIG_VALUE),
    HR_PAIR(kConfigMissing, CONFIG_MISSING),
    HR_PAIR(kNotInThisVersion, NOT_IN_THIS_VERSION),
    HR_PAIR(kNotFound, NOT_FOUND),
    HR_PAIR(kPermission, PERMISSION),
    HR_PAIR(kIoError, IO_ERROR),
    HR_PAIR(kEmptyDataset, EMPTY_DATASET),
    HR_PAIR(kNotRegularFile, NOT_REGULAR_FILE),
    HR_PAIR(kFileChanged, FILE_CHANGED),
    HR_PAIR(kUnsupportedFormat, UNSUPPORTED_FORMAT),
    HR_PAIR(kCorrupt, CORRUPT),
    HR_PAIR(kTruncated, TRUNCATED),
    HR_PAIR(kEmptyFile, EMPTY_FILE),
    HR_PAIR(kLimitPixels, LIMIT_PIXELS),
    HR_PAIR(kLimitBytes, LIMIT_BYTES),
    HR_PAIR(kLimitScans, LIMIT_SCANS),
    HR_PAIR(kLimitMemory, LIMIT_MEMORY),
    HR_PAIR(kOutOfMemory, OUT_OF_MEMORY),
    HR_PAIR(kOverBudget, OVER_BUDGET),
    HR_PAIR(kSystem, SYSTEM),
    HR_PAIR(kCorruptBudget, CORRUPT_BUDGET),
    HR_PAIR(kCallbackFailed, CALLBACK_FAILED),
    HR_PAIR(kInternal, INTERNAL),
};

TEST(StatusTest, GivesEveryCodeTheNameAndNumberOfTheCApi) {
  std::set<int> numbers;
  for (const Pair& pair : kPairs) {
    EXPECT_EQ(static_cast<int>(pair.code), static_cast<int>(pair.status)) << pair.name;
    EXPECT_STREQ(CodeName(pair.code), pair.name);
    EXPECT_TRUE(numbers.insert(static_cast<int>(pair.code)).second) << pair.name;
  }
}

TEST(StatusTest, CallsOtherNumbersUnknown) {
  for (const int number : {-1, 5, 99, 206, 408, 901}) {
    EXPECT_STREQ(CodeName(static_cast<Code>(number)), "UNKNOWN") << number;
  }
}

TEST(StatusTest, FindsTheCodeThatFitsAnErrno) {
  EXPECT_EQ(CodeOfErrno(ENOENT), Code::kNotFound);
  EXPECT_EQ(CodeOfErrno(ENOTDIR), Code::kNotFound);
  EXPECT_EQ(CodeOfErrno(EACCES), Code::kPermission);
  EXPECT_EQ(CodeOfErrno(EISDIR), Code::kNotRegularFile);
  EXPECT_EQ(CodeOfErrno(ELOOP), Code::kNotRegularFile);
  EXPECT_EQ(CodeOfErrno(ENOMEM), Code::kOutOfMemory);
  EXPECT_EQ(CodeOfErrno(EIO), Code::kIoError);
}

TEST(StatusTest, KeepsWhatItWasMadeOf) {
  constexpr Status status(Code::kIoError, "read failed", EIO);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::kIoError);
  EXPECT_EQ(status.error_number(), EIO);
  EXPECT_STREQ(status.text(), "read failed");
  EXPECT_TRUE(Status().ok());
  EXPECT_STREQ(Status().text(), "");
}

Status PassOn(Status inner, bool* reached_end) {
  HR_TRY(inner);
  *reached_end = true;
  return Status();
}

TEST(StatusTest, TryReturnsTheErrorAndGoesOnWithoutOne) {
  bool reached_end = false;
  EXPECT_EQ(PassOn(Status(Code::kTruncated, "short"), &reached_end).code(), Code::kTruncated);
  EXPECT_FALSE(reached_end);
  EXPECT_TRUE(PassOn(Status(), &reached_end).ok());
  EXPECT_TRUE(reached_end);
}

Status MustBePositive(int value) {
  HR_ENSURE(value > 0, "value must be positive");
  return Status();
}

TEST(StatusTest, EnsureGivesInternalInsteadOfAnAbort) {
  EXPECT_EQ(MustBePositive(0).code(), Code::kInternal);
  EXPECT_STREQ(MustBePositive(0).text(), "value must be positive");
  EXPECT_TRUE(MustBePositive(1).ok());
}

Result<std::unique_ptr<int>> MakeInt(int value) {
  if (value < 0) return Status(Code::kInvalidArgument, "negative");
  return std::make_unique<int>(value);
}

Result<int> Twice(int value) {
  HR_ASSIGN_OR_RETURN(const auto made, MakeInt(value));
  return 2 * *made;
}

TEST(ResultTest, CarriesAMoveOnlyValueOrTheStatus) {
  EXPECT_EQ(Twice(21).value(), 42);
  EXPECT_FALSE(Twice(-1).ok());
  EXPECT_EQ(Twice(-1).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(Twice(1).status().ok());
}

TEST(ScopeGuardTest, RunsOnceUnlessDismissed) {
  int runs = 0;
  {
    ScopeGuard guard([&runs] { ++runs; });
  }
  EXPECT_EQ(runs, 1);
  {
    ScopeGuard guard([&runs] { ++runs; });
    guard.Dismiss();
  }
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace headrace
