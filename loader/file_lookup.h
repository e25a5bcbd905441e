// Sizes and times of many files at once, as the opening of a list of files needs them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "loader/config_toml.h"

namespace headrace::loader {

struct FoundFile {
  uint64_t bytes = 0;
  int64_t mtime_ns = 0;
  int error_number = 0;     // of the system, when it cannot be found
  bool is_regular = false;  // else it has no bytes to read
};

// Fills found[i] for the file at path_of(i), relative to the folder `root`. path_of is called by
// several threads at once. Over a network each answer is a round trip, so up to 16 threads ask; a
// thread that cannot be started is done without. False when the opening is ended (OpenWatch).
[[nodiscard]] bool LookUpFiles(int root, const std::function<const char*(uint64_t)>& path_of,
                               std::span<FoundFile> found, ConfigError* error);

}  // namespace headrace::loader
