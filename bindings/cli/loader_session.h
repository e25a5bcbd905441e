// A loader as the commands use it: opened with the user's overrides, walked batch by batch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <headrace.h>

#include "bindings/cli/args.h"
#include "bindings/cli/console.h"

namespace headrace::cli {

struct LoaderCloser {
  void operator()(hr_loader* loader) const { hr_loader_close(loader); }
};
using LoaderHandle = std::unique_ptr<hr_loader, LoaderCloser>;

// "dotted.key=value" each; checked for their form, kept alive for the call that copies them.
class Overrides {
 public:
  // From every -s. False: *error is one line.
  [[nodiscard]] bool Read(const ParsedArgs& args, std::string* error);
  void Add(std::string text) { texts_.push_back(std::move(text)); }
  // Options with the overrides and the console as log sink; valid while this object is unchanged.
  hr_options ToOptions(Console& console);

 private:
  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
};

// Opens the configuration file of the first operand. Exit status; kExitGood with *loader.
[[nodiscard]] int OpenLoader(const ParsedArgs& args, Console& console, LoaderHandle* loader);

// How far a walk goes: whichever comes first.
struct WalkLimits {
  uint64_t epochs = 1;
  uint64_t batches = UINT64_MAX;  // over all epochs
};
inline constexpr OptionSpec kEpochsOption = {"epochs", 0, "N",
                                             "Stops after N epochs; 1 by default."};
inline constexpr OptionSpec kBatchesOption = {"batches", 0, "N",
                                              "Stops after N batches, counted over all epochs."};
// From --epochs and --batches where the command has them.
[[nodiscard]] bool ReadWalkLimits(const ParsedArgs& args, WalkLimits* limits, std::string* error);
// Batches that the walk will visit, for progress.
uint64_t CountBatches(const hr_length& length, const WalkLimits& limits);

// Calls `visit` with each batch as it arrives; the batch is released after it. `visit` returns
// nothing to go on, or the exit status to stop with. Gives the exit status of the walk.
using BatchVisitor = std::function<std::optional<int>(const hr_batch_info&)>;
// *bad grows with what the batches have.
struct BadPlaces {
  uint64_t substituted = 0;
  uint64_t marked = 0;
};
[[nodiscard]] int WalkBatches(hr_loader* loader, const WalkLimits& limits, Console& console,
                              const BatchVisitor& visit, BadPlaces* bad = nullptr);

// hr_loader_length of an open loader.
hr_length LengthOf(const hr_loader* loader);

// A line on stderr when samples were bad: what became of them in the batches that were walked over.
// The loader's own counters are of those too that it read ahead.
void ReportBadSamples(const hr_loader* loader, const BadPlaces& bad, Console& console);

}  // namespace headrace::cli
