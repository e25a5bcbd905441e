#include "loader/pack/unpack_paths.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/hash.h"
#include "io/whole.h"
#include "loader/pack/pack_lock.h"

namespace headrace::loader {
namespace {

constexpr size_t kCompareBytes = 256 << 10;

// Whether the file holds exactly `bytes`. False too when it cannot be read.
bool HoldsExactly(int fd, std::span<const std::byte> bytes) {
  std::vector<std::byte> piece(std::min(kCompareBytes, bytes.size()));
  for (size_t done = 0; done < bytes.size();) {
    const auto part = std::span(piece).first(std::min(piece.size(), bytes.size() - done));
    if (!io::ReadAt(fd, part, done).ok()) return false;
    if (std::memcmp(part.data(), bytes.data() + done, part.size()) != 0) return false;
    done += part.size();
  }
  return true;
}

// The name while it is written: the same in every run, so that the next one leaves nothing behind.
std::string TemporaryName(std::string_view name) {
  char text[48];
  std::snprintf(
      text, sizeof text, ".headrace-%016llx.tmp",
      static_cast<unsigned long long>(Hash64(std::as_bytes(std::span(name.data(), name.size())))));
  return text;
}

}  // namespace

const char* PathProblem(std::string_view path) {
  if (path.empty()) return "is empty";
  if (path.size() >= PATH_MAX) return "is too long for a path";
  if (path.front() == '/') return "is absolute";
  if (path.find('\0') != path.npos) return "has a NUL in it";
  if (path == PackLock::kFileName) return "is the name of a file of headrace's own";
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty()) return "has an empty part";
    if (part == "." || part == "..") return "leads out of the folder or back to it";
    if (part.size() > NAME_MAX) return "has a part that is too long for a name";
    if (slash == path.npos) return nullptr;
    path.remove_prefix(slash + 1);
  }
}

bool TreeWriter::Open(const std::string& root, TreeWriter* tree, JobError* error) {
  tree->root_path_ = root;
  tree->root_.Reset(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return tree->root_.valid() || FailOn(error, root, errno);
}

int TreeWriter::EnterFolder(std::string_view path) {
  if (folder_.valid() && folder_path_ == path) return 0;
  io::UniqueFd at(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
  if (!at.valid()) return errno;
  for (std::string_view rest = path; !rest.empty();) {
    const size_t slash = rest.find('/');
    const std::string part(rest.substr(0, slash));
    if (::mkdirat(at.get(), part.c_str(), 0777) != 0 && errno != EEXIST) return errno;
    // A link here is not ours: what it leads to is not beneath the folder that was asked for.
    const int next =
        ::openat(at.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) return errno;
    at.Reset(next);
    rest.remove_prefix(slash == rest.npos ? rest.size() : slash + 1);
  }
  folder_ = std::move(at);
  folder_path_ = path;
  return 0;
}

bool TreeWriter::MakeFolder(std::string_view path, JobError* error) {
  const int failed = EnterFolder(path);
  return failed == 0 || FailOn(error, root_path_ + "/" + std::string(path), failed);
}

bool TreeWriter::Write(const std::string& path, std::span<const std::byte> bytes, Existing existing,
                       bool* kept, JobError* error) {
  *kept = false;
  const size_t slash = path.rfind('/');
  const std::string name = slash == path.npos ? path : path.substr(slash + 1);
  const std::string full = root_path_ + "/" + path;
  if (!MakeFolder(slash == path.npos ? std::string_view() : std::string_view(path).substr(0, slash),
                  error)) {
    return false;
  }
  struct stat info {};
  if (::fstatat(folder_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    if (!S_ISREG(info.st_mode)) {
      return Fail(error, Code::kNotRegularFile,
                  full + ": is there and is no regular file; take it away");
    }
    if (static_cast<uint64_t>(info.st_size) == bytes.size()) {
      const io::UniqueFd there(
          ::openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
      *kept = there.valid() && HoldsExactly(there.get(), bytes);
      if (*kept) return true;
    }
    if (existing == Existing::kRefuse) {
      return Fail(error, Code::kInvalidArgument,
                  full +
                      ": is there and is not what the pack holds; give another folder, or "
                      "--force to replace it");
    }
  }
  const std::string temporary = TemporaryName(name);
  io::UniqueFd file(::openat(folder_.get(), temporary.c_str(),
                             O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                             0666));
  if (!file.valid()) return FailOn(error, full, errno);
  Status written = io::WriteAt(file.get(), bytes, 0);
  // Some file systems tell only here that there was no room.
  if (::close(file.Release()) != 0 && written.ok()) {
    written = {CodeOfErrno(errno), "could not be written", errno};
  }
  if (written.ok() &&
      ::renameat(folder_.get(), temporary.c_str(), folder_.get(), name.c_str()) != 0) {
    written = {CodeOfErrno(errno), "could not be put in place", errno};
  }
  if (written.ok()) return true;
  (void)::unlinkat(folder_.get(), temporary.c_str(), 0);
  return FailOn(error, full, written);
}

bool TreeWriter::Sync(JobError* error) const {
  return ::syncfs(root_.get()) == 0 || FailOn(error, root_path_, errno);
}

}  // namespace headrace::loader
