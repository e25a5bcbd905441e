#include "io/atomic_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/checked_math.h"

namespace headrace::io {
namespace {

constexpr mode_t kMode = 0666;  // less the user's mask
constexpr int kNamesMax = 1000;
constexpr size_t kWriteBytesMax = size_t{1} << 30;

Status StatusOf(int error_number, const char* text) {
  return Status(CodeOfErrno(error_number), text, error_number);
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string TemporaryName(const std::string& name, int number) {
  char suffix[48];
  std::snprintf(suffix, sizeof suffix, "%s%ld.%d", AtomicFile::kTemporaryMark,
                static_cast<long>(::getpid()), number);
  return name + suffix;
}

// Gives a nameless file one beside `beside`.
Status LinkTemporary(int file, int folder, const std::string& beside, std::string* temporary) {
  char self[48];
  std::snprintf(self, sizeof self, "/proc/self/fd/%d", file);
  for (int i = 0; i < kNamesMax; ++i) {
    std::string name = TemporaryName(beside, i);
    if (::linkat(AT_FDCWD, self, folder, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      *temporary = std::move(name);
      return {};
    }
    if (errno != EEXIST) return StatusOf(errno, "could not be put in place");
  }
  return StatusOf(EEXIST, "no name is left for a file beside it");
}

uint64_t FileBytesMax() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return INT64_MAX;
  return limit.rlim_cur;
}

}  // namespace

Result<AtomicFile> AtomicFile::Make(const std::string& path) {
  AtomicFile made;
  made.name_ = path.substr(path.rfind('/') + 1);  // npos + 1 is 0: no folder in the path
  made.bytes_max_ = FileBytesMax();
  const std::string folder = FolderOf(path);
  made.folder_.Reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!made.folder_.valid() && errno == EACCES) {
    // It may still be one to write to; it cannot be synced then.
    made.folder_.Reset(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  if (!made.folder_.valid()) return StatusOf(errno, "the folder cannot be opened");
  // A nameless file gets its name by way of /proc, at the end.
  if (::access("/proc/self/fd", X_OK) != 0) {
    HR_TRY(made.MakeNamed());
    return made;
  }
  HR_ASSIGN_OR_RETURN(made.file_, OpenNameless(made.folder_.get(), O_WRONLY, kMode));
  if (!made.file_.valid()) HR_TRY(made.MakeNamed());
  return made;
}

Status AtomicFile::MakeNamed() {
  for (int i = 0; i < kNamesMax; ++i) {
    std::string name = TemporaryName(name_, i);
    const int fd = ::openat(folder_.get(), name.c_str(),
                            O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, kMode);
    if (fd < 0 && errno == EEXIST) continue;
    if (fd < 0) return StatusOf(errno, "no file can be made in the folder");
    file_.Reset(fd);
    temporary_ = std::move(name);
    return {};
  }
  return StatusOf(EEXIST, "no name is left for a file beside it");
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) (void)::unlinkat(folder_.get(), temporary_.c_str(), 0);
}

Status AtomicFile::Write(std::span<const std::byte> bytes) {
  if (SaturatingAdd(bytes_, bytes.size()) > bytes_max_) {
    return StatusOf(EFBIG, "could not be written");
  }
  while (!bytes.empty()) {
    const ssize_t done = ::write(file_.get(), bytes.data(), std::min(bytes.size(), kWriteBytesMax));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return StatusOf(errno, "could not be written");
    bytes = bytes.subspan(static_cast<size_t>(done));
    bytes_ += static_cast<uint64_t>(done);
  }
  return {};
}

Status AtomicFile::Commit() {
  HR_TRY(PutInPlace(file_.get(), folder_.get(), name_, &temporary_));
  file_.Reset();
  return {};
}

Result<UniqueFd> OpenNameless(int folder, int access, unsigned mode) {
  UniqueFd file(::openat(folder, ".", O_TMPFILE | access | O_CLOEXEC, mode));
  // Not every file system can (EOPNOTSUPP; EISDIR where the kernel does not know the flag).
  const bool cannot = !file.valid() && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL ||
                                        errno == ENOENT);
  if (file.valid() || cannot) return file;
  return StatusOf(errno, "no file can be made in the folder");
}

Status PutInPlace(int file, int folder, const std::string& name, std::string* temporary) {
  // The bytes first, then the names.
  if (::fsync(file) != 0) return StatusOf(errno, "could not be written");
  if (temporary->empty()) HR_TRY(LinkTemporary(file, folder, name, temporary));
  if (::renameat(folder, temporary->c_str(), folder, name.c_str()) != 0) {
    return StatusOf(errno, "could not be put in place");
  }
  temporary->clear();
  // From here on the new file is there. Not every file system can sync a folder, and none without
  // the right to read it (EBADF, of O_PATH); one that can and fails may have lost the new name by
  // the next start.
  if (::fsync(folder) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EBADF) {
    return StatusOf(errno, "is in place, but its folder could not be synced");
  }
  return {};
}

Status WriteFileAtomically(const std::string& path, std::span<const std::byte> bytes) {
  HR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Make(path));
  HR_TRY(file.Write(bytes));
  return file.Commit();
}

}  // namespace headrace::io
