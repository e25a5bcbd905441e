#include "loader/checkpoints/checkpoint_folder.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/clock.h"
#include "io/atomic_file.h"

namespace headrace::loader {
namespace {

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr int kLockNapMs = 20;
constexpr int kNamesMax = 100;

Status StatusOf(int error_number, const char* text) {
  return Status(CodeOfErrno(error_number), text, error_number);
}

// mkdir -p.
Status MakeFolders(const std::string& path) {
  for (size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    // An error is told by the last one: a folder above may be there and not ours to look at.
    (void)::mkdir(path.substr(0, end).c_str(), kFolderMode);
  }
  if (::mkdir(path.c_str(), kFolderMode) == 0 || errno == EEXIST) return Status();
  return StatusOf(errno, "the folder cannot be made");
}

}  // namespace

Result<CheckpointFolder> CheckpointFolder::Open(const std::string& path, uint64_t set_hash) {
  CheckpointFolder made;
  made.set_hash_ = set_hash;
  HR_TRY(MakeFolders(path));
  made.folder_.Reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!made.folder_.valid()) return StatusOf(errno, "the folder cannot be opened");
  char name[17];
  std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(set_hash));
  made.index_name_ = std::string(name) + ".hrc1";
  made.replacement_name_ = std::string(name) + ".new";
  made.lock_name_ = std::string(name) + ".lock";
  return made;
}

Result<io::UniqueFd> CheckpointFolder::MakeNameless() const {
  HR_ASSIGN_OR_RETURN(io::UniqueFd nameless, io::OpenNameless(folder_.get(), O_RDWR, kFileMode));
  if (nameless.valid()) return nameless;
  // The file system has none: then it has a name for a moment.
  char suffix[32];
  for (int i = 0; i < kNamesMax; ++i) {
    std::snprintf(suffix, sizeof suffix, ".%ld.%d.tmp", static_cast<long>(::getpid()), i);
    const std::string name = index_name_ + suffix;
    const int fd = ::openat(folder_.get(), name.c_str(),
                            O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, kFileMode);
    if (fd < 0 && errno == EEXIST) continue;
    if (fd < 0) break;
    io::UniqueFd file(fd);
    if (::unlinkat(folder_.get(), name.c_str(), 0) == 0) return file;
    break;
  }
  return StatusOf(errno, "no file can be made in the folder");
}

Result<io::UniqueFd> CheckpointFolder::Lock(int64_t wait_ns) const {
  io::UniqueFd file(::openat(folder_.get(), lock_name_.c_str(),
                             O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, kFileMode));
  if (!file.valid()) return StatusOf(errno, "the lock file cannot be made");
  const int64_t deadline_ns = NowNs() + wait_ns;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return StatusOf(errno, "cannot be locked");
    if (NowNs() >= deadline_ns) return Status(Code::kTimeout, "another process keeps it locked");
    // There is no flock with a time limit.
    (void)::poll(nullptr, 0, kLockNapMs);
  }
  return file;
}

Result<io::UniqueFd> CheckpointFolder::MakeReplacement() const {
  RemoveReplacement();
  io::UniqueFd file(::openat(folder_.get(), replacement_name_.c_str(),
                             O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!file.valid()) return StatusOf(errno, "no file can be made in the folder");
  return file;
}

Status CheckpointFolder::PutInPlace(const io::UniqueFd& replacement) const {
  std::string temporary = replacement_name_;
  return io::PutInPlace(replacement.get(), folder_.get(), index_name_, &temporary);
}

void CheckpointFolder::RemoveReplacement() const {
  (void)::unlinkat(folder_.get(), replacement_name_.c_str(), 0);
}

void CheckpointFolder::RemoveOrphan() const {
  struct stat about;
  if (::fstatat(folder_.get(), replacement_name_.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return;
  const auto lock = Lock(0);
  if (lock.ok()) RemoveReplacement();
}

}  // namespace headrace::loader
