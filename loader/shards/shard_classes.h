// One list of classes for all shards of a set.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "loader/config_toml.h"
#include "loader/shards/open_shards.h"

namespace headrace::loader {

// Adds the classes of one more shard to those that are known, by their numbers; a name may be empty
// in either. A name from the texts of a pack is that of its index with U+FFFD for what is no UTF-8:
// those are one class, and the index is right. False: a number has two names.
bool MergeByNumber(const std::vector<std::string>& more, std::vector<std::string>* classes);

// Makes the labels of all shards mean the same: places in *classes. Labels that are numbers stay;
// names of classes are put in byte order. With `wanted`, those classes are taken in this order, and
// samples of others left out. Where shards have two names for a number, names count, which `log` is
// told. Refuses sets in which a number means two things, and wanted classes that are not there.
[[nodiscard]] bool JoinClasses(std::span<const std::string> wanted, std::span<OpenShard> shards,
                               const LogSink& log, std::vector<std::string>* classes,
                               ConfigError* error);

}  // namespace headrace::loader
