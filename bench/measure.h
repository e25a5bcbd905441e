// What the benchmark programs share: clocks, medians with their spread, a report as JSON.
#pragma once

#include <cstdint>
#include <ctime>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace headrace::bench {

// Ends the program with one line. An exception, so that temporary folders go on the way out.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
[[noreturn]] inline void Fail(const std::string& text) { throw Failure(text); }

inline int64_t CpuNs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
// Of the calling thread, and of all threads: unlike wall time they do not count what other
// programs take of the machine.
inline int64_t ThreadCpuNs() { return CpuNs(CLOCK_THREAD_CPUTIME_ID); }
inline int64_t ProcessCpuNs() { return CpuNs(CLOCK_PROCESS_CPUTIME_ID); }

// Of the rounds of one run.
struct Spread {
  double median = 0;
  double low = 0;
  double high = 0;
};
Spread SpreadOf(std::vector<double> values);

// "2.13 (2.02 to 2.19)".
std::string SpreadText(const Spread& spread);

// One flat JSON object, in the order of the calls.
class JsonReport {
 public:
  void Number(const std::string& name, double value);
  void Text(const std::string& name, const std::string& value);
  // name, name_min, name_max.
  void Values(const std::string& name, const Spread& spread);
  // To a file, or for "-" to stdout; with an empty path nowhere.
  void Write(const std::string& path) const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// A command line: `PROGRAM WORD... [--name value]...`. Fails on names that are not in `names`.
class Arguments {
 public:
  Arguments(int argc, char** argv, const std::vector<std::string>& names);

  const std::vector<std::string>& words() const { return words_; }
  std::string Text(const std::string& name) const;                    // empty: not given
  uint32_t Count(const std::string& name, uint32_t otherwise) const;  // at least 1

 private:
  std::vector<std::string> words_;
  std::vector<std::pair<std::string, std::string>> values_;
};

// What: a new folder among the system's temporary ones, removed with all that is in it.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace headrace::bench
