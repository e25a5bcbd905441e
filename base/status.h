// Status: what went wrong, in 16 bytes, without an allocation.
//
// A Status is a code, the errno that caused it (0 when none) and a static text that says what was
// found and what was expected. It never carries a path or a sample number: bad files come by the
// thousand, and the boundary that knows the sample adds its name.
#pragma once

#include <cstdint>

namespace headrace {

// Codes are numbered in groups, never reused; bindings/c/headrace.h repeats the numbers as
// hr_status and a test compares the two lists by name.
enum class Code : int32_t {
  kOk = 0,
  // Not errors: what `next` answers when there is no batch.
  kEndOfEpoch = 1,
  kTimeout = 2,
  kStopped = 3,
  kNoBuffer = 4,
  // The caller: arguments and call order.
  kInvalidArgument = 100,
  kReentered = 101,
  kForked = 102,
  // Configuration.
  kConfigSyntax = 200,
  kConfigUnknownKey = 201,
  kConfigType = 202,
  kConfigValue = 203,
  kConfigMissing = 204,
  kNotInThisVersion = 205,
  // Places: files and folders.
  kNotFound = 300,
  kPermission = 301,
  kIoError = 302,
  kEmptyDataset = 303,
  kNotRegularFile = 304,
  kFileChanged = 305,
  // Samples: encoded bytes.
  kUnsupportedFormat = 400,
  kCorrupt = 401,
  kTruncated = 402,
  kEmptyFile = 403,
  kLimitPixels = 404,
  kLimitBytes = 405,
  kLimitScans = 406,
  kLimitMemory = 407,
  // Resources.
  kOutOfMemory = 500,
  kOverBudget = 501,
  kSystem = 502,
  kCorruptBudget = 503,
  // The user's callbacks.
  kCallbackFailed = 600,
  // Our bug: no input may cause it.
  kInternal = 900,
};

// The C name of a code without its prefix ("END_OF_EPOCH"), "UNKNOWN" for other numbers.
const char* CodeName(Code code);

class [[nodiscard]] Status {
 public:
  constexpr Status() = default;
  // `text` is kept, not copied: a string literal, or what lives as long as the data set.
  constexpr Status(Code code, const char* text, int error_number = 0)
      : code_(code), errno_(error_number), text_(text) {}

  constexpr bool ok() const { return code_ == Code::kOk; }
  constexpr Code code() const { return code_; }
  constexpr int error_number() const { return errno_; }
  constexpr const char* text() const { return text_; }

 private:
  Code code_ = Code::kOk;
  int32_t errno_ = 0;
  const char* text_ = "";
};
static_assert(sizeof(Status) == 16);

// The code that fits an errno of open, read or stat.
Code CodeOfErrno(int error_number);

}  // namespace headrace

// Returns from the enclosing function when `expr` is not ok.
#define HR_TRY(expr)                           \
  do {                                         \
    ::headrace::Status hr_try_status = (expr); \
    if (!hr_try_status.ok()) [[unlikely]]      \
      return hr_try_status;                    \
  } while (false)
