// headrace digest: a checksum a batch, the proof that two runs give the same bytes.
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "bindings/cli/command.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/loader_session.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/progress.h"
#include "bindings/cli/state_file.h"

namespace headrace::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    kEpochsOption,
    kBatchesOption,
    {"global", 0, "",
     "Numbers the batches over all ranks, so that the sorted lines of all ranks are those of one."},
    kStateOption,
    kStateEveryOption,
    kSetOption,
    kJsonOption,
    kVerboseOption,
};

// XXH3-128 over the batch's arrays in the order docs/digest.md states, as 32 hexadecimal digits.
std::string HashOf(const hr_batch_info& batch) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, batch.images, batch.images_bytes);
  if (batch.soft_labels != nullptr) {
    const size_t values = size_t{batch.count} * batch.classes;
    XXH3_128bits_update(&state, batch.soft_labels, values * sizeof(float));
  } else {
    XXH3_128bits_update(&state, batch.labels, size_t{batch.count} * sizeof(int64_t));
  }
  XXH3_128bits_update(&state, batch.ids, size_t{batch.count} * sizeof(int64_t));
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016" PRIx64 "%016" PRIx64, uint64_t{hash.high64},
                uint64_t{hash.low64});
  return digits;
}

int Run(const ParsedArgs& args, Console& console) {
  WalkLimits limits;
  StateFile state;
  std::string error;
  if (!ReadWalkLimits(args, &limits, &error) || !state.Read(args, &error)) {
    return console.Usage(error);
  }
  LoaderHandle loader;
  if (const int opened = OpenLoader(args, console, &loader); opened != kExitGood) return opened;
  if (const int loaded = state.Load(loader.get(), console); loaded != kExitGood) return loaded;
  const bool global = args.Has("global");
  const bool as_json = args.Has("json");

  JsonWriter json;
  json.BeginObject();
  json.Key("batches");
  json.BeginArray();
  const auto total = static_cast<double>(CountBatches(LengthOf(loader.get()), limits));
  const bool lines_on_terminal = !as_json && isatty(STDOUT_FILENO) == 1;
  Progress progress(console, "batches");
  uint64_t done = 0;
  const auto visit = [&](const hr_batch_info& batch) -> std::optional<int> {
    const std::string hash = HashOf(batch);
    const uint64_t number = global ? batch.global_batch : batch.batch;
    if (as_json) {
      json.BeginObject();
      json.Field("epoch", batch.epoch);
      json.Field("batch", number);
      json.Field("count", batch.count);
      json.Field("xxh3_128", hash);
      json.EndObject();
    } else {
      PrintResult(std::to_string(batch.epoch) + " " + std::to_string(number) + " " +
                  std::to_string(batch.count) + " " + hash + "\n");
    }
    ++done;
    // Lines that run over the terminal show the progress themselves, and a bar would be in their
    // way.
    if (!lines_on_terminal) progress.Update(static_cast<double>(done) / total, done);
    // JSON comes at the end as a whole, and no state may be ahead of what was given.
    const int saved = as_json ? kExitGood : state.SaveNowAndThen(loader.get(), console);
    return saved == kExitGood ? std::nullopt : std::optional(saved);
  };
  BadPlaces bad;
  int walked = WalkBatches(loader.get(), limits, console, visit, &bad);
  progress.Finish();
  if (as_json) {
    if (walked != kExitGood && walked != kExitInterrupted) return walked;
    json.EndArray();
    json.EndObject();
    if (const int emitted = EmitJson(args, json.Take(), console); emitted != kExitGood) {
      return emitted;
    }
  }
  if (const int saved = state.Save(loader.get(), console); walked == kExitGood) walked = saved;
  if (walked == kExitGood) ReportBadSamples(loader.get(), bad, console);
  return walked;
}

}  // namespace

constinit const Command kDigestCommand = {
    {
        .name = "digest",
        .summary = "prints a checksum for each batch",
        .operands_text = "CONFIG",
        .operand_min = 1,
        .operand_max = 1,
        .options = kOptions,
        .details =
            "A line a batch: epoch, batch, count, XXH3-128 over images, labels and ids. The\n"
            "lines are the same for any number of workers, prefetch, reader and machine. With\n"
            "--state they go on where an earlier run ended, as if it had not. --json comes at the\n"
            "end or when interrupted, as a whole, and --state is written after it.\n",
        .example = "  headrace digest train.toml --batches 10 -s loader.workers=4\n",
    },
    Run,
};

}  // namespace headrace::cli
