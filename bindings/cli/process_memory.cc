#include "bindings/cli/process_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace headrace::cli {
namespace {

// The value of a line "Name:   123 kB" in bytes; 0 when there is none.
uint64_t FieldBytes(std::string_view status, std::string_view name) {
  const size_t at = status.find(name);
  if (at == status.npos) return 0;
  const size_t digits = status.find_first_of("0123456789", at + name.size());
  if (digits == status.npos) return 0;
  uint64_t kibibytes = 0;
  std::from_chars(status.data() + digits, status.data() + status.size(), kibibytes);
  return kibibytes * 1024;
}

}  // namespace

ProcessMemory::ProcessMemory()
    : fd_(open("/proc/self/status", O_RDONLY | O_CLOEXEC)), next_(Clock::now()) {}

ProcessMemory::~ProcessMemory() {
  if (fd_ >= 0) close(fd_);
}

void ProcessMemory::Sample() {
  if (Clock::now() >= next_) Finish();
}

void ProcessMemory::Finish() {
  char text[4096];
  const ssize_t got = fd_ < 0 ? -1 : pread(fd_, text, sizeof text, 0);
  next_ = Clock::now() + std::chrono::milliseconds(5);
  if (got <= 0) return;
  const std::string_view status(text, static_cast<size_t>(got));
  peak_rss_bytes_ = std::max(peak_rss_bytes_, FieldBytes(status, "\nVmHWM:"));
  peak_anon_bytes_ = std::max(peak_anon_bytes_, FieldBytes(status, "\nRssAnon:"));
}

}  // namespace headrace::cli
