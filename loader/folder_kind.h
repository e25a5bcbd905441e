// What a folder holds that was named instead of a configuration.
#pragma once

#include <cstdint>
#include <string>

#include "loader/config_toml.h"

namespace headrace::loader {

enum class FolderKind : uint8_t { kPictures, kTars };

// kTars: visible .tar files lie directly in it. With pictures beneath it as well either could be
// meant, which is an error. A folder that cannot be read is kPictures: whoever opens it says why.
[[nodiscard]] bool KindOfFolder(const std::string& folder, FolderKind* kind, ConfigError* error);

}  // namespace headrace::loader
