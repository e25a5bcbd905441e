// Reading one sample's bytes outside of the pipeline: for tools, replay and tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "base/status.h"
#include "io/make_reader.h"
#include "loader/dataset.h"

namespace headrace::loader {

// The encoded bytes of sample `id` as they lie in the data set; `bytes` has room for as many as
// were found at open. Any thread; opens and closes the file.
Status ReadSample(const Dataset& dataset, uint64_t id, std::span<std::byte> bytes);

// For one sample after the other: a reader of the data set, and the same by it.
Result<io::MadeReader> MakeSampleReader(const Dataset& dataset);
Status ReadSample(io::Reader* reader, const Dataset& dataset, uint64_t id,
                  std::span<std::byte> bytes);

}  // namespace headrace::loader
