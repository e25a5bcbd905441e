// A folder that was named instead of a configuration.
#pragma once

#include <span>
#include <string>

#include "loader/config.h"
#include "loader/config_toml.h"

namespace headrace::loader {

// The configuration of a folder's data set: pictures in class folders, or with visible .tar files
// directly in it those shards. With pictures beneath it as well either could be meant, which is an
// error. A folder that cannot be read is one of pictures: whoever opens it says why. `overrides` as
// ParseConfig has them.
[[nodiscard]] bool ConfigOfFolder(const std::string& folder, std::span<const std::string> overrides,
                                  Config* config, ConfigError* error);

}  // namespace headrace::loader
