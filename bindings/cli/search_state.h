// The state file of a search, so that it goes on where it ended, however it ended.
#pragma once

#include <optional>
#include <string>

#include "bindings/cli/search_json.h"
#include "bindings/cli/search_trial.h"

namespace headrace::cli {

// The state file is one process's at a time, for as long as this lives.
class StateLock {
 public:
  StateLock() = default;
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;
  // False: *error is one line.
  [[nodiscard]] bool Take(const std::string& state, std::string* error);

 private:
  std::string path_;
  int fd_ = -1;
};

// What: the file of --state. The first trial that a run finishes writes it whole, to a temporary
// name, synced and renamed; each further one adds a line and syncs. So it is never without what has
// been kept, and the half line of a run that was killed is passed over by the next one. Owner: the
// session. Thread: one. Cost: a write and a sync of about 250 bytes a trial; 10,000 trials are
// 3 MB, which were 22 GB and minutes when each wrote all.
class SearchStateFile {
 public:
  SearchStateFile() = default;
  ~SearchStateFile();
  SearchStateFile(const SearchStateFile&) = delete;
  SearchStateFile& operator=(const SearchStateFile&) = delete;

  // Takes the lock, and removes what a run that was killed did not get to rename. False: *error is
  // one line, and so the next.
  [[nodiscard]] bool Open(const std::string& path, std::string* error);
  // Nothing: there is no file yet.
  [[nodiscard]] bool Read(std::optional<SavedSearch>* saved, std::string* error);

  // Whether this run has written it, and nobody has moved or replaced it since.
  bool CanAdd() const;
  [[nodiscard]] bool Add(const FinishedTrial& finished, double seconds, std::string* error);
  [[nodiscard]] bool Write(const SavedSearch& saved, std::string* error);

 private:
  std::string path_;
  StateLock lock_;
  int fd_ = -1;  // for adding
};

}  // namespace headrace::cli
