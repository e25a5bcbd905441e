#include "bindings/c/boundary.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace headrace::capi {

hr_status SetError(hr_error* error, Code code, std::string_view text, int errno_value,
                   int64_t sample_id) {
  const auto status = static_cast<hr_status>(code);
  if (error == nullptr) return status;
  hr_error filled = {};
  filled.code = status;
  filled.errno_value = errno_value;
  filled.sample_id = sample_id;
  size_t length = std::min(text.size(), sizeof(filled.text) - 1);
  // Not in the middle of a UTF-8 character: continuation bytes are 10xxxxxx.
  while (length < text.size() && length > 0 &&
         (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) {
    --length;
  }
  memcpy(filled.text, text.data(), length);
  // An hr_error whose size was never set is taken as this version's: errors must reach people.
  if (error->struct_size == 0) error->struct_size = sizeof(hr_error);
  FillStruct(error, &filled, sizeof(filled));
  return status;
}

bool StructFits(const void* object, size_t known_bytes) {
  uint32_t size = 0;
  memcpy(&size, object, sizeof(size));
  // No struct of ours will be this large: it was never set.
  constexpr uint32_t kStructBytesMax = 4096;
  if (size < sizeof(uint32_t) || size > kStructBytesMax) return false;
  const auto* bytes = static_cast<const unsigned char*>(object);
  for (size_t i = known_bytes; i < size; ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

void FillStruct(void* out, const void* value, size_t known_bytes) {
  uint32_t size = 0;
  memcpy(&size, out, sizeof(size));
  const size_t bytes = std::min<size_t>(size, known_bytes);
  if (bytes <= sizeof(size)) return;
  memcpy(static_cast<char*>(out) + sizeof(size), static_cast<const char*>(value) + sizeof(size),
         bytes - sizeof(size));
}

hr_status GiveText(std::string_view text, char* out, size_t capacity, size_t* needed,
                   hr_error* error) {
  if (needed != nullptr) *needed = text.size() + 1;
  if (out == nullptr || capacity == 0) return HR_OK;
  const size_t length = std::min(text.size(), capacity - 1);
  memcpy(out, text.data(), length);
  out[length] = '\0';
  if (length == text.size()) return HR_OK;
  return SetError(error, Code::kInvalidArgument, "the text buffer is too small; see *needed");
}

}  // namespace headrace::capi

const char* hr_version(void) {
#define HR_TEXT_INNER(x) #x
#define HR_TEXT(x) HR_TEXT_INNER(x)
  return HR_TEXT(HR_VERSION_MAJOR) "." HR_TEXT(HR_VERSION_MINOR) "." HR_TEXT(HR_VERSION_PATCH);
}

const char* hr_status_name(hr_status status) {
  // One list of names: the C name is the code's with a prefix.
  switch (status) {
#define HR_NAME(name) \
  case name: return #name
    HR_NAME(HR_OK);
    HR_NAME(HR_END_OF_EPOCH);
    HR_NAME(HR_TIMEOUT);
    HR_NAME(HR_STOPPED);
    HR_NAME(HR_NO_BUFFER);
    HR_NAME(HR_INVALID_ARGUMENT);
    HR_NAME(HR_REENTERED);
    HR_NAME(HR_FORKED);
    HR_NAME(HR_CONFIG_SYNTAX);
    HR_NAME(HR_CONFIG_UNKNOWN_KEY);
    HR_NAME(HR_CONFIG_TYPE);
    HR_NAME(HR_CONFIG_VALUE);
    HR_NAME(HR_CONFIG_MISSING);
    HR_NAME(HR_NOT_IN_THIS_VERSION);
    HR_NAME(HR_NOT_FOUND);
    HR_NAME(HR_PERMISSION);
    HR_NAME(HR_IO_ERROR);
    HR_NAME(HR_EMPTY_DATASET);
    HR_NAME(HR_NOT_REGULAR_FILE);
    HR_NAME(HR_FILE_CHANGED);
    HR_NAME(HR_UNSUPPORTED_FORMAT);
    HR_NAME(HR_CORRUPT);
    HR_NAME(HR_TRUNCATED);
    HR_NAME(HR_EMPTY_FILE);
    HR_NAME(HR_LIMIT_PIXELS);
    HR_NAME(HR_LIMIT_BYTES);
    HR_NAME(HR_LIMIT_SCANS);
    HR_NAME(HR_LIMIT_MEMORY);
    HR_NAME(HR_OUT_OF_MEMORY);
    HR_NAME(HR_OVER_BUDGET);
    HR_NAME(HR_SYSTEM);
    HR_NAME(HR_CORRUPT_BUDGET);
    HR_NAME(HR_CALLBACK_FAILED);
    HR_NAME(HR_INTERNAL);
#undef HR_NAME
  }
  return "HR_UNKNOWN";
}
