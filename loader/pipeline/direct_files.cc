#include "loader/pipeline/direct_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

// The file of a run, opened once more.
io::UniqueFd OpenAgain(const Dataset& dataset, const Extent& extent) {
  const std::string path = extent.file >= 0 ? "/proc/self/fd/" + std::to_string(extent.file)
                                            : dataset.root() + "/" + extent.path;
  return io::UniqueFd(open(path.c_str(), io::kSampleOpenFlags | O_DIRECT | O_CLOEXEC));
}

}  // namespace

DirectFiles DirectFiles::Open(const Dataset& dataset) {
  DirectFiles made;
  const auto none = [](const char* why) {
    DirectFiles nothing;
    nothing.why_not_ = why;
    return nothing;
  };
  constexpr const char* kTooFew = "too few file descriptors for O_DIRECT (ulimit -n)";
  // The shards themselves have taken theirs before; the reader and others are to find some.
  if (dataset.RunCount() > io::FilesToHold()) return none(kTooFew);
  for (uint64_t run = 0; run < dataset.RunCount(); ++run) {
    if (!OpeningGoesOn()) return none(kOpeningStopped);
    const uint64_t first = dataset.RunBegin(run);
    made.begins_.push_back(first);
    if (first == dataset.RunBegin(run + 1)) {
      made.files_.emplace_back();  // a shard without samples
      continue;
    }
    const Extent extent = dataset.Locate(first);
    io::UniqueFd file = OpenAgain(dataset, extent);
    if (!file.valid()) {
      switch (errno) {
        case EINVAL: return none("the file system has no O_DIRECT");
        case EMFILE: return none(kTooFew);
        default: return none("a shard cannot be opened again for O_DIRECT");
      }
    }
    struct stat about;
    if (fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return none("no regular file");
    made.files_.push_back(std::move(file));
  }
  return made;
}

DirectRange DirectFiles::Find(uint64_t id, const Extent& extent) const {
  const auto after = std::ranges::upper_bound(begins_, id);
  const auto& file = files_[static_cast<size_t>(after - begins_.begin()) - 1];
  DirectRange range{.file = file.get(), .offset = extent.offset & ~(kBlockBytes - 1)};
  range.skip = static_cast<uint32_t>(extent.offset - range.offset);
  range.beyond = static_cast<uint32_t>((0 - (extent.offset + extent.bytes)) & (kBlockBytes - 1));
  return range;
}

}  // namespace headrace::loader
