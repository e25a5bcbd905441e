// Progress: a bar with rate and remaining time on the console's status line.
//
// Drawn only when stderr is a terminal, at most ten times a second, so Update costs a clock read.
// One thread calls it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "bindings/cli/console.h"

namespace headrace::cli {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  // `unit`: what is counted, in the plural ("images").
  Progress(Console& console, std::string_view unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `fraction` of the whole that is done, 0 to 1; `count` in units, for the rate.
  void Update(double fraction, uint64_t count);
  // The same with figures of the caller's in place of count, rate and time left.
  void Update(double fraction, std::string_view figures);
  // A line without a bar, of what nobody knows the whole of.
  void Say(std::string_view text);
  // Erases the bar; to be called before results go to stdout, which may be the same terminal.
  void Finish() { console_.SetStatusLine(""); }

 private:
  bool IsDue(Clock::time_point now);

  Console& console_;
  const std::string unit_;
  const Clock::time_point start_;
  Clock::time_point drawn_;
};

// "1:02:03" or "2:03".
std::string DurationText(double seconds);

// The text of the bar, apart from the terminal so that it can be tested by eye and by number.
std::string ProgressText(double fraction, uint64_t count, std::string_view unit, double seconds,
                         int columns, bool colour);
// A bar with any text behind it.
std::string BarText(double fraction, std::string_view tail, int columns, bool colour);

}  // namespace headrace::cli
