// One list of classes for all shards of a set.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "loader/config_toml.h"
#include "loader/shards/open_shards.h"

namespace headrace::loader {

// Makes the labels of all shards mean the same: places in *classes. Labels that are numbers stay;
// names of classes are put in byte order. With `wanted`, those classes are taken in this order, and
// samples of others left out. Refuses sets in which a number means two things, and wanted classes
// that are not there.
[[nodiscard]] bool JoinClasses(std::span<const std::string> wanted, std::span<OpenShard> shards,
                               std::vector<std::string>* classes, ConfigError* error);

}  // namespace headrace::loader
