#include "io/file.h"

#include <linux/openat2.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace headrace::io {
namespace {

int Openat2(int folder, const char* path, uint64_t flags) {
  open_how how{};
  how.flags = flags;
  how.resolve = RESOLVE_BENEATH;
  const long fd = ::syscall(SYS_openat2, folder, path, &how, sizeof how);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

// Where the descriptor leads to, by /proc; empty when /proc cannot say.
std::string PathOfDescriptor(int fd) {
  char link[32];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  char target[PATH_MAX];
  const ssize_t bytes = ::readlink(link, target, sizeof target);
  if (bytes <= 0 || bytes == static_cast<ssize_t>(sizeof target)) return {};
  return std::string(target, static_cast<size_t>(bytes));
}

bool LiesBeneath(const std::string& path, const std::string& folder) {
  if (folder == "/") return !path.empty() && path[0] == '/';
  return path.size() > folder.size() && path.compare(0, folder.size(), folder) == 0 &&
         path[folder.size()] == '/';
}

}  // namespace

uint64_t FilesToHold() {
  constexpr uint64_t kOthers = 192;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  uint64_t used = kOthers;
  std::error_code ignored;
  std::filesystem::directory_iterator files("/proc/self/fd", ignored);
  for (; files != std::filesystem::directory_iterator(); files.increment(ignored)) ++used;
  return limit.rlim_cur > used ? (limit.rlim_cur - used) / 2 : 0;
}

Result<RootFolder> RootFolder::Open(const std::string& path) {
  RootFolder root;
  root.folder_.Reset(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.folder_.valid()) {
    const int error = errno;
    return Status(CodeOfErrno(error), "the data folder cannot be opened", error);
  }
  // Kernels before 5.6 have no openat2, and the seccomp filters of older container runtimes deny
  // it, with ENOSYS or EPERM. The folder itself can always be opened in this way.
  UniqueFd self(Openat2(root.fd(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  root.has_openat2_ = self.valid();
  if (!root.has_openat2_) {
    root.real_path_ = PathOfDescriptor(root.fd());
    if (root.real_path_.empty()) {
      return Status(Code::kSystem,
                    "neither openat2 nor /proc is there to keep paths in the folder");
    }
  }
  return root;
}

int RootFolder::OpenFile(const char* path) const {
  if (!has_openat2_) return OpenByOpenat(path);
  // EAGAIN: a rename beside us made ".." of a path undecidable; the kernel asks to try again.
  constexpr int kTriesMax = 16;
  int fd = -EAGAIN;
  for (int i = 0; i < kTriesMax && (fd == -EAGAIN || fd == -EINTR); ++i) {
    fd = Openat2(folder_.get(), path, kSampleOpenFlags | O_CLOEXEC);
  }
  return fd;
}

int RootFolder::OpenByOpenat(const char* path) const {
  if (path[0] == '/') return -EXDEV;
  int fd = -1;
  do {
    fd = ::openat(folder_.get(), path, kSampleOpenFlags | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return -errno;
  UniqueFd file(fd);
  if (!LiesBeneath(PathOfDescriptor(fd), real_path_)) return -EXDEV;
  return file.Release();
}

}  // namespace headrace::io
