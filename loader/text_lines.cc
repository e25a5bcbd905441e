#include "loader/text_lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "io/file.h"
#include "loader/config_report.h"
#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 20;
constexpr size_t kPathShownMax = 160;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Cuts blocks into lines. Owner and thread: one reading. Cost: the line at hand, if it lies across
// blocks.
class LineCutter {
 public:
  LineCutter(const std::string& path, std::string_view what, const OnLine& on_line,
             ConfigError* error)
      : path_(path), what_(what), on_line_(on_line), error_(error) {}

  [[nodiscard]] bool Add(std::string_view block) {
    while (!block.empty()) {
      const size_t end = block.find('\n');
      const std::string_view part = block.substr(0, end);
      if (carried_.size() + part.size() > kLineBytesMax) {
        return Fail(error_, Code::kConfigValue,
                    LinePlace(what_, path_, number_ + 1) + ": the line is longer than " +
                        std::to_string(kLineBytesMax) + " bytes; is this a text file?");
      }
      if (end == std::string_view::npos) {
        carried_ += part;
        return true;
      }
      if (!Take(part)) return false;
      block.remove_prefix(end + 1);
    }
    return true;
  }

  // The last line may have no end.
  [[nodiscard]] bool Finish() { return carried_.empty() || Take({}); }

 private:
  // A line is what was carried over, and `rest`.
  bool Take(std::string_view rest) {
    ++number_;
    if (carried_.empty()) return Give(rest);
    carried_ += rest;
    const bool good = Give(carried_);
    carried_.clear();
    return good;
  }

  bool Give(std::string_view line) {
    if (number_ == 1 && line.starts_with(kByteOrderMark)) {
      line.remove_prefix(kByteOrderMark.size());
    }
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find('\0') != std::string_view::npos) {
      return Fail(error_, Code::kConfigValue,
                  LinePlace(what_, path_, number_) +
                      ": a zero byte; expected text in UTF-8, a sample a line");
    }
    return on_line_(number_, line);
  }

  const std::string& path_;
  const std::string_view what_;
  const OnLine& on_line_;
  ConfigError* const error_;
  uint64_t number_ = 0;  // of the last line that was given
  std::string carried_;
};

bool FailFile(const std::string& path, std::string_view what, int number, ConfigError* error) {
  return Fail(error, CodeOfErrno(number),
              std::string(what) + ": " + Printable(path, kPathShownMax) + ": " + strerror(number) +
                  "; name a text file that exists",
              number);
}

}  // namespace

std::string LinePlace(std::string_view what, const std::string& path, uint64_t number) {
  return std::string(what) + ": " + Printable(path, kPathShownMax) + ':' + std::to_string(number);
}

bool ForTextLines(std::string_view text, const std::string& path, std::string_view what,
                  const OnLine& on_line, ConfigError* error) {
  LineCutter cutter(path, what, on_line, error);
  return cutter.Add(text) && cutter.Finish();
}

bool ReadTextLines(const std::string& path, std::string_view what, const OnLine& on_line,
                   ConfigError* error) {
  const io::UniqueFd file(open(path.c_str(), io::kSampleOpenFlags | O_CLOEXEC));
  if (!file.valid()) return FailFile(path, what, errno, error);
  struct stat info;
  if (fstat(file.get(), &info) != 0) return FailFile(path, what, errno, error);
  if (!S_ISREG(info.st_mode)) {
    return Fail(error, Code::kNotRegularFile,
                std::string(what) + ": " + Printable(path, kPathShownMax) +
                    " is not a regular file; name a text file, a sample a line");
  }
  LineCutter cutter(path, what, on_line, error);
  std::vector<char> block(kBlockBytes);
  uint64_t total = 0;
  for (;;) {
    OpeningIsAt({.bytes = static_cast<uint64_t>(info.st_size), .bytes_done = total});
    if (!OpeningGoesOn(error)) return false;
    const ssize_t count = read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FailFile(path, what, errno, error);
    if (count == 0) return cutter.Finish();
    total += static_cast<uint64_t>(count);
    if (total > kTextBytesMax) {
      return Fail(error, Code::kConfigValue,
                  std::string(what) + ": " + Printable(path, kPathShownMax) +
                      " has more than 16 GiB; cut it into several sets");
    }
    if (!cutter.Add({block.data(), static_cast<size_t>(count)})) return false;
  }
}

}  // namespace headrace::loader
