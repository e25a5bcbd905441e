// Whether the state files of several ranks are of one launch, which is to go on.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <headrace.h>

namespace headrace::cli {

// One byte more than a state has, to see that there is one.
using StateFileBytes = std::array<std::byte, HR_STATE_BYTES_MAX + 1>;

// The bytes found, at most as many as there is room for, or -1 with errno.
[[nodiscard]] ssize_t ReadStateFile(const std::string& path, StateFileBytes* bytes);

// What: FILE.0 to FILE.(N-1) and FILE.ranks, which holds N. With as many ranks as before each goes
// on from its own file, and one without has not come to write it: it begins anew, and gives what
// the unbroken run gave it. With another number all have to begin at one position, or samples would
// come twice or never; those too that are left out of a smaller number. That cannot be told from
// the states: a rank that begins late finds those which faster ones of its own launch have saved.
// So a launch notes N before it saves anything. Owner: StateFile, in Load. Thread: that one. Cost:
// two small files; with another number of ranks every rank's.
class StateRanks {
 public:
  StateRanks(std::string file, uint32_t world_size)
      : file_(std::move(file)), world_size_(world_size) {}

  // False: *text says what is the matter and what to do.
  [[nodiscard]] bool Fit(std::string* text) const;
  // Writes FILE.ranks, if it does not say so already. False: *text is one line.
  [[nodiscard]] bool Note(std::string* text) const;

 private:
  std::string NameOf(uint32_t rank) const { return file_ + "." + std::to_string(rank); }
  // 0: not known.
  uint64_t NotedSize() const;

  const std::string file_;
  const uint32_t world_size_;
};

}  // namespace headrace::cli
