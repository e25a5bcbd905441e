#include "io/make_reader.h"

#include "io/pread_reader.h"
#include "io/uring_reader.h"

namespace headrace::io {
namespace {

MadeReader MakePread(RootFolder root, const ReaderOptions& options, std::string why) {
  return {.reader = std::make_unique<PreadReader>(std::move(root), options.queue_len),
          .why = "pread: " + std::move(why)};
}

}  // namespace

Result<MadeReader> MakeReader(const std::string& root, const ReaderOptions& options) {
  HR_ASSIGN_OR_RETURN(RootFolder folder, RootFolder::Open(root));
  if (options.choice == ReaderChoice::kPread) {
    return MakePread(std::move(folder), options, "chosen by the configuration");
  }
  UringSupport support = ProbeUring();
  if (support.usable) {
    // A folder of its own, so that the fallback has one too when the ring cannot be made.
    HR_ASSIGN_OR_RETURN(RootFolder ring_folder, RootFolder::Open(root));
    Result<std::unique_ptr<UringReader>> reader =
        UringReader::Make(std::move(ring_folder), support, {.queue_len = options.queue_len});
    if (reader.ok()) {
      support.direct_chains = (*reader)->uses_direct_chains();
      return MadeReader{.reader = std::move(reader.value()), .why = "io_uring: " + ToText(support)};
    }
    support.usable = false;
    support.status = reader.status();
  }
  if (options.choice == ReaderChoice::kUring) return support.status;
  return MakePread(std::move(folder), options, ToText(support));
}

std::string DescribeUring() {
  const UringSupport support = ProbeUring();
  return (support.usable ? "available: " : "not available: ") + ToText(support);
}

}  // namespace headrace::io
