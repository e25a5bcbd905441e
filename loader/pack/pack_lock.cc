#include "loader/pack/pack_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace headrace::loader {
namespace {

// The bytes of ranks, then those of world sizes. Nothing is ever written there.
constexpr off_t kWorlds = off_t{1} << 33;
constexpr off_t kWorldsEnd = kWorlds + (off_t{1} << 33);
constexpr int kTriesMax = 100;

struct flock BytesLock(short type, off_t begin, off_t end) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = begin;
  range.l_len = end - begin;
  return range;
}

// 0, or the errno: EAGAIN when another process has it.
int SetLock(int fd, struct flock range) {
  while (::fcntl(fd, F_OFD_SETLK, &range) != 0) {
    if (errno == EACCES) return EAGAIN;
    if (errno != EINTR) return errno;
  }
  return 0;
}

// Whether another process holds a lock in the range.
bool IsLocked(int fd, off_t begin, off_t end) {
  if (begin >= end) return false;
  struct flock range = BytesLock(F_WRLCK, begin, end);
  return ::fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

bool IsStillThere(int fd, const std::string& path) {
  struct stat open_file {};
  struct stat named {};
  return ::fstat(fd, &open_file) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

}  // namespace

bool PackLock::Take(const std::string& folder, uint32_t rank, uint32_t world_size,
                    const LogSink& log, JobError* error) {
  path_ = folder + "/" + kFileName;
  for (int i = 0; i < kTriesMax; ++i) {
    file_.Reset(::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!file_.valid()) return FailOn(error, path_, errno);
    const int fd = file_.get();
    const off_t world = kWorlds + off_t{world_size};
    int failed = SetLock(fd, BytesLock(F_RDLCK, world, world + 1));
    if (failed == 0) failed = SetLock(fd, BytesLock(F_WRLCK, rank, off_t{rank} + 1));
    if (failed != 0 && failed != EAGAIN) {
      const std::string text = path_ + ": no locks here (" + strerror(failed) +
                               "): do not run two packs into this folder at a time";
      log.Write(LogLevel::kWarning, text.c_str());
      return true;
    }
    // The last one of an earlier job may have taken the file away between our open and our lock.
    if (failed == 0 && !IsStillThere(fd, path_)) continue;
    if (failed == 0 && !IsLocked(fd, kWorlds, world) && !IsLocked(fd, world + 1, kWorldsEnd)) {
      return true;
    }
    file_.Reset();
    return Fail(error, Code::kSystem,
                folder +
                    ": another headrace pack or unpack is at work in this folder; wait for it, or "
                    "give another folder");
  }
  return Fail(error, Code::kSystem, path_ + ": is made and removed all the time");
}

PackLock::~PackLock() {
  if (!file_.valid()) return;
  if (SetLock(file_.get(), BytesLock(F_WRLCK, 0, kWorldsEnd)) == 0) ::unlink(path_.c_str());
}

}  // namespace headrace::loader
