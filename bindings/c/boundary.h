// The fence between C++ and C: no exception crosses it, every error becomes an hr_error.
#pragma once

#include <headrace.h>

#include <exception>
#include <new>
#include <string_view>

#include "base/status.h"
#include "loader/config_toml.h"

namespace headrace::capi {

// Fills *error, if there is one, and returns the code. Text that does not fit is cut at a
// character.
hr_status SetError(hr_error* error, Code code, std::string_view text, int errno_value = 0,
                   int64_t sample_id = -1);
inline hr_status SetError(hr_error* error, const Status& status) {
  return SetError(error, status.code(), status.text(), status.error_number());
}

inline hr_status SetError(hr_error* error, const loader::ConfigError& config_error) {
  return SetError(error, config_error.code, config_error.text, config_error.error_number);
}

// Runs body() -> hr_status and turns what it throws into a code.
template <class Body>
hr_status Fence(hr_error* error, Body body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return SetError(error, Code::kOutOfMemory, "out of memory");
  } catch (const std::exception& e) {
    return SetError(error, Code::kInternal, e.what());
  } catch (...) {
    return SetError(error, Code::kInternal, "an unknown exception");
  }
}

// Whether a struct of the caller can be read or filled: it begins with struct_size; a longer one (a
// newer caller's) is accepted if the tail that we do not know is zero.
bool StructFits(const void* object, size_t known_bytes);

// Whether Fill will take `out`, or there is none: to be asked before anything is done.
template <class T>
bool CanFill(const T* out) {
  return out == nullptr || out->struct_size >= sizeof(out->struct_size);
}

// Copies `value` into the caller's struct, at most as much of it as the caller knows, keeping its
// struct_size.
void FillStruct(void* out, const void* value, size_t known_bytes);

template <class T>
hr_status Fill(T* out, const T& value, hr_error* error) {
  if (out == nullptr || out->struct_size < sizeof(uint32_t)) {
    return SetError(error, Code::kInvalidArgument,
                    "the output struct is NULL or its struct_size is not set");
  }
  FillStruct(out, &value, sizeof(T));
  return HR_OK;
}

// Copies what the caller's struct holds into *value, zeros for what it is too old to know.
template <class T>
bool Read(const T* in, T* value) {
  *value = {};
  if (in == nullptr) return true;
  if (!StructFits(in, sizeof(T))) return false;
  const size_t bytes = in->struct_size < sizeof(T) ? in->struct_size : sizeof(T);
  __builtin_memcpy(value, in, bytes);
  return true;
}

// Writes a text to the caller's buffer by the size protocol of the API.
hr_status GiveText(std::string_view text, char* out, size_t capacity, size_t* needed,
                   hr_error* error);

}  // namespace headrace::capi
