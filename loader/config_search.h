// The [search] table alone, of a configuration that need not be whole.
#pragma once

#include <span>
#include <string>

#include "loader/config_toml.h"

namespace headrace::loader {

// Of TOML text: only [search] is looked at, so that neither the data set nor a policy that the
// search is yet to find has to be there. Without [search]: AutoAugment's space.
[[nodiscard]] bool ParseSearch(const ConfigSource& source, SearchConfig* search,
                               ConfigError* error);
// Reads the file (at most 1 MiB) first.
[[nodiscard]] bool ParseSearchFile(const std::string& path, std::span<const std::string> overrides,
                                   SearchConfig* search, ConfigError* error);

// The ops of a search that names none: AutoAugment's, without pairing of samples, and identity.
// timm has no cutout.
std::span<const PolicyOp> SearchOps(PolicyProfile profile);

}  // namespace headrace::loader
