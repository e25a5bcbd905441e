// A loader's state as a file, so that a run goes on where the last one ended, however it ended.
#pragma once

#include <chrono>
#include <string>

#include <headrace.h>

#include "bindings/cli/args.h"
#include "bindings/cli/command.h"
#include "bindings/cli/console.h"

namespace headrace::cli {

inline constexpr OptionSpec kStateOption = {
    "state", 0, "FILE",
    "Goes on from the state in FILE, if there is one, and keeps it up to date: at the end, when "
    "interrupted, and every now and then. Of several ranks, rank R has FILE.R, and FILE.ranks says "
    "how many there are."};
inline constexpr OptionSpec kStateEveryOption = {
    "state-every", 0, "S", "Seconds between two writes of --state while it runs; 60 by default."};

// What: reads and writes the file of --state; without the option it does nothing. Owner: a command.
// Thread: the loader's consumer. Cost: a file of 112 bytes, synced, every now and then.
class StateFile {
 public:
  // From --state and --state-every. False: *error is one line.
  [[nodiscard]] bool Read(const ParsedArgs& args, std::string* error);

  // Also takes the file of this rank, and sees that it can be written before hours have passed.
  // Exit status; kExitGood also when there is no file yet.
  [[nodiscard]] int Load(hr_loader* loader, Console& console);
  // When the time has come. A batch that was returned counts as done. Exit status.
  [[nodiscard]] int SaveNowAndThen(hr_loader* loader, Console& console);
  [[nodiscard]] int Save(hr_loader* loader, Console& console);

  bool is_asked_for() const { return !path_.empty(); }

 private:
  [[nodiscard]] int TakeFileOfRank(const hr_loader* loader, Console& console);
  [[nodiscard]] int LoadFile(hr_loader* loader, Console& console);

  using Clock = std::chrono::steady_clock;

  std::string path_;  // empty: no --state
  std::chrono::duration<double> every_{60};
  Clock::time_point saved_;
};

}  // namespace headrace::cli
