#include "loader/quarantine_file.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/status_text.h"
#include "loader/shown_name.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kHeader = "path\toffset\tid\tepoch\tcode\treason\tname\n";

}  // namespace

std::string EscapedColumn(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '\t': escaped += "\\t"; break;
      case '\n': escaped += "\\n"; break;
      case '\r': escaped += "\\r"; break;
      case '\\': escaped += "\\\\"; break;
      default: AppendShown(c, &escaped);
    }
  }
  return escaped;
}

bool QuarantineFile::Open(const std::string& path, std::unique_ptr<QuarantineFile>* made,
                          ConfigError* error) {
  const auto fail = [&](int number, const std::string& why) {
    return Fail(error, Code::kConfigValue,
                path + ": " + why + "; name a file that can be written, for the bad samples",
                number);
  };
  // O_NONBLOCK: a pipe that nobody reads is an error and not a wait.
  io::UniqueFd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666));
  if (!file.valid()) {
    const int number = errno;
    return fail(number, strerror(number));
  }
  struct stat info = {};
  if (::fstat(file.get(), &info) != 0 || (!S_ISREG(info.st_mode) && !S_ISCHR(info.st_mode))) {
    return fail(0, "not a file");
  }
  std::unique_ptr<QuarantineFile> opened(new QuarantineFile(path, std::move(file)));
  // Several ranks begin together: one of them writes the header. Where a lock cannot be had there
  // may be two headers, which is the lesser evil.
  const int fd = opened->file_.get();
  const bool locked = ::flock(fd, LOCK_EX) == 0;
  Status status;
  if (::fstat(fd, &info) == 0 && (info.st_size == 0 || S_ISCHR(info.st_mode))) {
    status = opened->Append(kHeader);
  }
  if (locked) ::flock(fd, LOCK_UN);
  if (!status.ok()) return fail(status.error_number(), strerror(status.error_number()));
  *made = std::move(opened);
  return true;
}

void QuarantineFile::Add(const Dataset& dataset, uint64_t id, std::optional<uint32_t> epoch,
                         const Status& status) {
  if (!file_.valid()) return;
  const Extent extent = dataset.Locate(id);
  const std::string folder = dataset.root().ends_with('/') ? dataset.root() : dataset.root() + '/';
  lines_ += EscapedColumn(folder + extent.path) + '\t';
  lines_ += std::to_string(extent.offset) + '\t';
  lines_ += std::to_string(id) + '\t';
  if (epoch) lines_ += std::to_string(*epoch);
  lines_ += std::string("\tHR_") + CodeName(status.code()) + '\t';
  lines_ += EscapedColumn(TextOf(status)) + '\t';
  lines_ += EscapedColumn(dataset.Name(id)) + '\n';
}

Status QuarantineFile::Flush() {
  if (lines_.empty() || !file_.valid()) return {};
  const Status status = Append(lines_);
  lines_.clear();
  if (!status.ok()) file_.Reset();
  return status;
}

Status QuarantineFile::Append(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file_.get(), text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return {Code::kIoError, "cannot write the list of bad samples", errno};
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace headrace::loader
