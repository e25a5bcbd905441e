// SearchLog: a line for each finished trial, in a file that is only added to.
//
// What: tab-separated values with a line of titles. Owner: the search. Thread: one. Cost: a write a
// trial.
//
// A run that was killed may have left out the last lines, or half of one; whoever opens the log
// again adds what the state knows and the log does not.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bindings/cli/search_trial.h"

namespace headrace::cli {

class SearchLog {
 public:
  SearchLog() = default;
  ~SearchLog();
  SearchLog(const SearchLog&) = delete;
  SearchLog& operator=(const SearchLog&) = delete;

  // An empty path: no log. `known`: the trials that were finished before. A log with other trials
  // than these is of another run and refused. False: *error is one line.
  [[nodiscard]] bool Open(const std::string& path, const std::vector<FinishedTrial>& known,
                          std::string* error);
  [[nodiscard]] bool Add(const FinishedTrial& finished, std::string* error);

 private:
  [[nodiscard]] bool Write(const std::string& text, std::string* error);

  std::string path_;
  int fd_ = -1;
};

// A number with as many digits as it takes to read the same one again.
std::string NumberText(double number);
// What is known about a finished trial in a word: "ok" or "failed".
std::string_view StatusWord(const Outcome& outcome);
// The reason of a failure with the end of stderr, on one line.
std::string WholeReason(const Outcome& outcome);

}  // namespace headrace::cli
