// What an evaluator prints, as far as it matters: the last line that is not empty, and the end of
// stderr. Memory is bounded, however much is printed.
#pragma once

#include <string>
#include <string_view>

#include "bindings/cli/search_trial.h"

namespace headrace::cli {

// What: keeps the last non-empty line of a stream. Owner: an evaluator's process. Thread: the
// pool's. Cost: at most kLineBytesMax twice.
class LastLine {
 public:
  static constexpr size_t kLineBytesMax = size_t{1} << 20;

  void Add(std::string_view bytes);
  // Without spaces around it; empty when there was none.
  std::string Get() const;
  bool is_cut() const;  // it was longer than kLineBytesMax

 private:
  std::string last_;     // the last whole line that is not empty
  std::string current_;  // the line that has not ended yet
  bool last_is_cut_ = false;
  bool current_is_cut_ = false;
};

// What: keeps the last bytes of a stream. As LastLine.
class Tail {
 public:
  static constexpr size_t kBytesMax = 4096;

  void Add(std::string_view bytes);
  // From the beginning of a line on, if all of the stream is no longer there; printable.
  std::string Get() const;

 private:
  std::string bytes_;
  bool is_cut_ = false;
};

// The score in an evaluator's last line: a number, or JSON with `score`. Otherwise the outcome says
// what is the matter.
void ReadScore(const LastLine& line, Outcome* outcome);

}  // namespace headrace::cli
