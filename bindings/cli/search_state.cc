#include "bindings/cli/search_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>
#include <system_error>

#include "bindings/cli/output_file.h"
#include "bindings/cli/source_picture.h"

namespace headrace::cli {
namespace {

// What a run that was killed was writing.
void RemoveHalfWritten(const std::string& state) {
  const std::filesystem::path path(state);
  std::string half = ".";
  half.append(path.filename().string()).append(".tmp-");
  std::error_code ignored;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::filesystem::directory_iterator entry(folder, ignored);
  for (; !ignored && entry != std::filesystem::directory_iterator(); entry.increment(ignored)) {
    if (!entry->path().filename().string().starts_with(half)) continue;
    std::error_code failed;  // then it stays
    std::filesystem::remove(entry->path(), failed);
  }
}

// Whether `path` is still the name of what is open.
bool IsSameFile(int fd, const std::string& path) {
  struct stat held {};
  struct stat named {};
  return fstat(fd, &held) == 0 && stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

}  // namespace

StateLock::~StateLock() {
  if (fd_ < 0) return;
  unlink(path_.c_str());  // while it is held: who waits for it sees that it is another file
  close(fd_);
}

bool StateLock::Take(const std::string& state, std::string* error) {
  path_ = state + ".lock";
  for (;;) {
    fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd_ < 0) {
      *error = "--state: cannot make " + path_ + ": " + std::strerror(errno);
      return false;
    }
    const bool held = flock(fd_, LOCK_EX | LOCK_NB) == 0;
    // File systems without locks are no reason not to search.
    if (!held && errno != EWOULDBLOCK) return true;
    if (held && IsSameFile(fd_, path_)) return true;
    close(fd_);
    fd_ = -1;
    if (held) continue;  // its last owner has just removed it
    *error = "--state " + state + ": another search is at work on it";
    return false;
  }
}

SearchStateFile::~SearchStateFile() {
  if (fd_ >= 0) close(fd_);
}

bool SearchStateFile::Open(const std::string& path, std::string* error) {
  path_ = path;
  if (!lock_.Take(path, error)) return false;
  RemoveHalfWritten(path);
  return true;
}

bool SearchStateFile::Read(std::optional<SavedSearch>* saved, std::string* error) {
  saved->reset();
  struct stat info {};
  if (stat(path_.c_str(), &info) != 0 && errno == ENOENT) return true;
  std::vector<std::byte> bytes;
  if (!ReadWholeFile(path_, &bytes, error)) {
    error->insert(0, "--state: ");
    return false;
  }
  saved->emplace();
  if (ReadSavedSearch({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, &**saved,
                      error)) {
    return true;
  }
  error->insert(0, "--state " + path_ + ": ");
  return false;
}

bool SearchStateFile::CanAdd() const { return fd_ >= 0 && IsSameFile(fd_, path_); }

bool SearchStateFile::Write(const SavedSearch& saved, std::string* error) {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  const std::string text = SavedSearchText(saved);
  if (!WriteDurableFile(path_, std::as_bytes(std::span(text)), error)) return false;
  // Where it cannot be opened it is written whole again.
  fd_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
  return true;
}

bool SearchStateFile::Add(const FinishedTrial& finished, double seconds, std::string* error) {
  const std::string line = SavedTrialLine(finished, seconds);
  return AppendDurably(fd_, path_, std::as_bytes(std::span(line)), error);
}

}  // namespace headrace::cli
