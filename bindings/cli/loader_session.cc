#include "bindings/cli/loader_session.h"

#include <algorithm>

#include "bindings/cli/command.h"
#include "bindings/cli/interrupt.h"
#include "bindings/cli/open_progress.h"

namespace headrace::cli {
namespace {

struct BatchReleaser {
  void operator()(hr_batch* batch) const { hr_batch_release(batch); }
};
using BatchHandle = std::unique_ptr<hr_batch, BatchReleaser>;

// How long a wait for a batch may keep Ctrl-C waiting.
constexpr int64_t kPollNs = 200'000'000;

}  // namespace

bool Overrides::Read(const ParsedArgs& args, std::string* error) {
  for (const std::string& text : args.Values("s")) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      *error = "-s: found \"" + text + "\", expected KEY=VALUE, such as -s loader.workers=4";
      return false;
    }
    texts_.push_back(text);
  }
  return true;
}

hr_options Overrides::ToOptions(Console& console) {
  pointers_.clear();
  for (const std::string& text : texts_) pointers_.push_back(text.c_str());
  HR_INIT(hr_options, options);
  options.overrides = pointers_.data();
  options.override_count = static_cast<uint32_t>(pointers_.size());
  options.log = &Console::Log;
  options.log_context = &console;
  return options;
}

int OpenLoader(const ParsedArgs& args, Console& console, LoaderHandle* loader) {
  Overrides overrides;
  std::string text;
  if (!overrides.Read(args, &text)) return console.Usage(text);
  hr_options options = overrides.ToOptions(console);
  HR_INIT(hr_error, error);
  hr_loader* opened = nullptr;
  hr_status status = HR_OK;
  {
    OpenProgress progress(console, &options);
    status = hr_loader_open_file(args.operands()[0].c_str(), &options, &opened, &error);
  }
  if (status != HR_OK) return console.Fail(status, error);
  loader->reset(opened);
  return kExitGood;
}

bool ReadWalkLimits(const ParsedArgs& args, WalkLimits* limits, std::string* error) {
  return ReadUnsigned(args, "epochs", 1, UINT32_MAX, &limits->epochs, error) &&
         ReadUnsigned(args, "batches", 1, UINT64_MAX, &limits->batches, error);
}

uint64_t CountBatches(const hr_length& length, const WalkLimits& limits) {
  const uint64_t per_epoch = std::max<uint64_t>(length.batches_per_epoch, 1);
  if (limits.epochs > UINT64_MAX / per_epoch) return limits.batches;
  // The first epoch may be the rest of one.
  const uint64_t begun = std::max<uint64_t>(length.batches_this_epoch, 1);
  return std::min(limits.batches, begun + per_epoch * (limits.epochs - 1));
}

namespace {

void Count(const hr_batch_info& batch, BadPlaces* bad) {
  for (uint32_t i = 0; i < batch.count; ++i) {
    bad->substituted += batch.valid[i] == 2 ? 1 : 0;
    bad->marked += batch.valid[i] == 0 && batch.ids[i] >= 0 ? 1 : 0;  // else it is padding
  }
}

}  // namespace

int WalkBatches(hr_loader* loader, const WalkLimits& limits, Console& console,
                const BatchVisitor& visit, BadPlaces* bad) {
  uint64_t epochs = 0;
  uint64_t batches = 0;
  while (batches < limits.batches) {
    // Only between batches: one that was returned counts as done (hr_loader_state_save), so it is
    // visited.
    if (Interrupted()) {
      console.Error("interrupted");
      return kExitInterrupted;
    }
    HR_INIT(hr_error, error);
    hr_batch* leased = nullptr;
    const hr_status status = hr_loader_next(loader, kPollNs, &leased, &error);
    const BatchHandle batch(leased);
    if (status == HR_TIMEOUT) continue;
    if (status == HR_END_OF_EPOCH) {
      // This rank has no sample: nothing ever comes.
      if (LengthOf(loader).batches_per_epoch == 0) break;
      if (++epochs == limits.epochs) break;
      continue;
    }
    if (status != HR_OK) return console.Fail(status, error);
    HR_INIT(hr_batch_info, info);
    if (const hr_status viewed = hr_batch_view(leased, &info, &error); viewed != HR_OK) {
      return console.Fail(viewed, error);
    }
    ++batches;
    if (bad != nullptr) Count(info, bad);
    if (const std::optional<int> stop = visit(info); stop.has_value()) return *stop;
  }
  return kExitGood;
}

hr_length LengthOf(const hr_loader* loader) {
  HR_INIT(hr_length, length);
  // Cannot fail with a struct of the library's own size; a zero length only shortens the progress.
  if (hr_loader_length(loader, &length, nullptr) != HR_OK) length = {};
  return length;
}

void ReportBadSamples(const hr_loader* loader, const BadPlaces& bad, Console& console) {
  HR_INIT(hr_stats, stats);
  if (hr_loader_stats(loader, &stats, nullptr) != HR_OK || stats.corrupt_ids == 0) return;
  console.Warning(std::to_string(stats.corrupt_ids) +
                  " bad files met, also in batches that were read ahead; in those given: " +
                  std::to_string(bad.substituted) + " samples substituted, " +
                  std::to_string(bad.marked) + " marked");
}

}  // namespace headrace::cli
