#include "loader/sample_read.h"

#include "base/check.h"
#include "io/make_reader.h"

namespace headrace::loader {

Status ReadSample(const Dataset& dataset, uint64_t id, std::span<std::byte> bytes) {
  const Extent extent = dataset.Locate(id);
  auto made = io::MakeReader(dataset.root(), {.choice = io::ReaderChoice::kPread});
  if (!made.ok()) return made.status();
  (void)made->reader->Submit({.path = extent.path,
                              .file = extent.file,
                              .offset = extent.offset,
                              .expected_bytes = extent.bytes,
                              .buffer = bytes,
                              .whole_file = false});
  io::ReadCompletion completion;
  HR_ENSURE(made->reader->Reap({&completion, 1}, -1) == 1, "the read of a sample gave no result");
  return completion.status;
}

}  // namespace headrace::loader
