// The process's own memory, as the kernel counts it.
#pragma once

#include <chrono>
#include <cstdint>

namespace headrace::cli {

// Follows /proc/self/status. The kernel keeps a high-water mark of all resident memory, but none of
// anonymous memory alone (file pages come and go with the page cache), so that one is sampled. One
// thread calls it; a sample costs about 20 us and is taken every 5 ms at most.
class ProcessMemory {
 public:
  ProcessMemory();
  ~ProcessMemory();
  ProcessMemory(const ProcessMemory&) = delete;
  ProcessMemory& operator=(const ProcessMemory&) = delete;

  void Sample();
  // A last sample, whatever the time.
  void Finish();

  uint64_t peak_rss_bytes() const { return peak_rss_bytes_; }
  uint64_t peak_anon_bytes() const { return peak_anon_bytes_; }

 private:
  using Clock = std::chrono::steady_clock;

  int fd_ = -1;  // of /proc/self/status, read again and again
  Clock::time_point next_;
  uint64_t peak_rss_bytes_ = 0;
  uint64_t peak_anon_bytes_ = 0;
};

}  // namespace headrace::cli
