// SearchBoard: how the processes of one search speak: small files in a folder that all of them see.
//
// What: names and texts of the files, and signs of life. Owner: each process its own. Thread: one.
// Cost: a file a message, a listing of the folder a look.
//
// Rank 0 decides everything; the others, helpers, only do what they are told, so nothing is ever
// claimed by two. Files appear whole, by renaming. Of helper ID (a random word) there are
//   helper-ID     written by the helper every second: its rank, its slots, a running number
//   job-ID-N      written by rank 0: a trial to run; removed by the helper, who has it then
//   answer-ID-N   written by the helper; removed by rank 0
//   end-ID        written by rank 0: there is no more to do; removed by the helper when it leaves
// and `master`, written by rank 0 every second. Clocks of machines are never compared: somebody
// lives as long as the text of his file changes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::cli {

class SearchBoard {
 public:
  explicit SearchBoard(std::string folder) : folder_(std::move(folder)) {}

  [[nodiscard]] bool Make(std::string* error) const;
  // Names that begin with `prefix`, without it, in order. Nothing when the folder cannot be read.
  std::vector<std::string> List(std::string_view prefix) const;
  [[nodiscard]] bool Write(const std::string& name, std::string_view text,
                           std::string* error) const;
  // False: it is not there, or not to be read now.
  [[nodiscard]] bool Read(const std::string& name, std::string* text) const;
  void Remove(const std::string& name) const;
  // All files, and the folder if nothing else is in it.
  void RemoveAll() const;

  // 16 hexadecimal digits that nobody else has.
  static std::string NewId();

 private:
  std::string PathOf(const std::string& name) const;

  std::string folder_;
};

// Whether a text goes on changing.
class SignOfLife {
 public:
  using Clock = std::chrono::steady_clock;
  // Takes the text as it is now; an empty one, of a file that is not there, is no sign.
  void See(std::string_view text) {
    if (text.empty() || text == last_) return;
    last_ = text;
    seen_ = Clock::now();
  }
  double silent_seconds() const {
    return std::chrono::duration<double>(Clock::now() - seen_).count();
  }

 private:
  std::string last_;
  Clock::time_point seen_ = Clock::now();
};

// When something that is done every now and then is due.
class Every {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Every(std::chrono::milliseconds period) : period_(period) {}
  bool IsDue() {
    const Clock::time_point now = Clock::now();
    if (now < next_) return false;
    next_ = now + period_;
    return true;
  }

 private:
  const std::chrono::milliseconds period_;
  Clock::time_point next_;  // the epoch: at once
};

inline constexpr std::chrono::milliseconds kBeatEvery{1000};
inline constexpr std::chrono::milliseconds kLookAtBoardEvery{50};

}  // namespace headrace::cli
