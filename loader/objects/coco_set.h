// The pictures and objects of [dataset] source = "coco" with an annotation file.
#pragma once

#include "base/log.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/objects/object_set.h"

namespace headrace::loader {

// Finds the annotation file and the folder that its pictures lie in, and brings both together.
// docs/objects.md says where it looks.
[[nodiscard]] bool ReadCocoSet(const DatasetConfig& config, const LogSink& log, ObjectSet* set,
                               ConfigError* error);

}  // namespace headrace::loader
