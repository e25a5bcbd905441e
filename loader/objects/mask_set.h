// The pictures and objects of [dataset] masks: a PNG label mask beside each picture.
#pragma once

#include "base/limits.h"
#include "base/log.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/objects/object_set.h"

namespace headrace::loader {

// Lists the pictures, finds and decodes the mask of each. docs/objects.md says where it looks and
// what the colours mean.
[[nodiscard]] bool ReadMaskSet(const DatasetConfig& config, const Limits& limits,
                               const LogSink& log, ObjectSet* set, ConfigError* error);

}  // namespace headrace::loader
