// Whether a shard is the one that an index of a pack was written for.
#pragma once

#include "base/status.h"
#include "loader/shards/shard_index.h"

namespace headrace::loader {

// Looks at the headers of the first and the last record, since an index of a pack knows its shard
// by nothing but the size. `file`: the shard, open for reading. kOk, or kFileChanged. Cost: two
// reads of the index, two of the shard.
Status CheckRecords(int file, const ShardIndex& index);

}  // namespace headrace::loader
