// What a tool that takes "CONFIG or PATH" is to read.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/log.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/dataset.h"

namespace headrace::loader {

// `path` names a configuration (.toml), whose data set it is; or a folder of pictures; or a tar
// (.tar), or a folder with tars directly in it, which are read as a tar data set. `overrides` as
// ParseConfig has them.
[[nodiscard]] bool ConfigOfPath(const std::string& path, std::span<const std::string> overrides,
                                Config* config, ConfigError* error);

// The data set of ConfigOfPath. A folder without class folders, which no loader would take, is read
// too when `path` names it: its pictures directly, all of one class.
[[nodiscard]] bool OpenPath(const std::string& path, const Config& config, const LogSink& log,
                            std::unique_ptr<Dataset>* dataset, ConfigError* error);

}  // namespace headrace::loader
