// headrace bench: the pipeline as a consumer that does nothing would see it.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "bindings/cli/bench_result.h"
#include "bindings/cli/command.h"
#include "bindings/cli/loader_session.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/process_memory.h"
#include "bindings/cli/progress.h"
#include "bindings/cli/state_file.h"

namespace headrace::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr OptionSpec kOptions[] = {
    {"epochs", 0, "N", "Runs N epochs; 1 by default."},
    {"seconds", 0, "S", "Runs until S seconds after the first batch; epochs repeat."},
    kStateOption,
    kStateEveryOption,
    kSetOption,
    kJsonOption,
    kVerboseOption,
};

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The clock of a run: told of each delivery, knows when the time is up.
class Run {
 public:
  explicit Run(BenchResult* result) : result_(result), cpu_at_start_(CpuSeconds()) {}

  void Opened() {
    opened_ = Clock::now();
    result_->open_seconds = Seconds(opened_ - start_);
  }

  void Delivered(const hr_batch_info& batch) {
    const Clock::time_point now = Clock::now();
    if (result_->batches == 0) {
      first_ = now;
      first_epoch_ = batch.epoch;
      result_->first_batch_seconds = Seconds(now - start_);
      result_->first_batch_images = batch.count;
    } else {
      result_->gaps.push_back(static_cast<float>(Seconds(now - last_)));
    }
    last_ = now;
    ++result_->batches;
    result_->images += batch.count;
    result_->epochs = batch.epoch - first_epoch_;  // those before this one are finished
    result_->seconds = Seconds(last_ - first_);
    memory_.Sample();
  }

  // Before the loader closes. The counters go on with the prefetch that nobody will take, so the
  // wall time of the shares ends where they are read, not at the last batch.
  void Finish(const hr_loader* loader) {
    result_->cpu_seconds = CpuSeconds() - cpu_at_start_;
    memory_.Finish();
    result_->peak_rss_bytes = memory_.peak_rss_bytes();
    result_->peak_anon_bytes = memory_.peak_anon_bytes();
    result_->stats.struct_size = static_cast<uint32_t>(sizeof(hr_stats));
    result_->memory.struct_size = static_cast<uint32_t>(sizeof(hr_memory));
    result_->run_seconds = Seconds(Clock::now() - opened_);
    (void)hr_loader_stats(loader, &result_->stats, nullptr);
    (void)hr_loader_memory(loader, &result_->memory, nullptr);
  }

 private:
  BenchResult* result_;
  ProcessMemory memory_;
  const double cpu_at_start_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point opened_;
  Clock::time_point first_;
  Clock::time_point last_;
  uint32_t first_epoch_ = 0;
};

int RunBench(const ParsedArgs& args, Console& console) {
  WalkLimits limits;
  double seconds = 0;
  StateFile state;
  std::string error;
  if (!ReadUnsigned(args, "epochs", 1, UINT32_MAX, &limits.epochs, &error) ||
      !ReadPositive(args, "seconds", &seconds, &error) || !state.Read(args, &error)) {
    return console.Usage(error);
  }
  if (args.Has("epochs") && args.Has("seconds")) {
    return console.Usage("--epochs and --seconds exclude each other");
  }
  if (seconds > 0) limits.epochs = UINT64_MAX;

  BenchResult result;
  Run run(&result);
  LoaderHandle loader;
  if (const int opened = OpenLoader(args, console, &loader); opened != kExitGood) return opened;
  if (const int loaded = state.Load(loader.get(), console); loaded != kExitGood) return loaded;
  run.Opened();
  const auto total = static_cast<double>(CountBatches(LengthOf(loader.get()), limits));
  // Room for the gaps is taken now, so that the measured part allocates nothing of its own.
  result.gaps.reserve(size_t{1} << 16);
  Progress progress(console, "images");
  const auto visit = [&](const hr_batch_info& batch) -> std::optional<int> {
    run.Delivered(batch);
    const double done =
        seconds > 0 ? result.seconds / seconds : static_cast<double>(result.batches) / total;
    progress.Update(done, result.images);
    if (const int saved = state.SaveNowAndThen(loader.get(), console); saved != kExitGood) {
      return saved;
    }
    if (seconds > 0 && result.seconds >= seconds) return kExitGood;
    return std::nullopt;
  };
  BadPlaces bad;
  int walked = WalkBatches(loader.get(), limits, console, visit, &bad);
  progress.Finish();
  run.Finish(loader.get());
  if (const int saved = state.Save(loader.get(), console); walked == kExitGood) walked = saved;
  if (walked == kExitGood) ReportBadSamples(loader.get(), bad, console);
  if (walked != kExitGood) return walked;
  if (seconds == 0) result.epochs = limits.epochs;
  if (args.Has("json")) return EmitJson(args, BenchJson(result), console);
  PrintResult(BenchTable(result));
  return kExitGood;
}

}  // namespace

constinit const Command kBenchCommand = {
    {
        .name = "bench",
        .summary = "measures the pipeline as a consumer sees it",
        .operands_text = "CONFIG",
        .operand_min = 1,
        .operand_max = 1,
        .options = kOptions,
        .details = "images_per_second is taken from the first delivered batch to the last. A "
                   "stage's share\n"
                   "is the time spent in it over workers x wall time (read: over the wall time of "
                   "the one\n"
                   "reading thread); wait is workers parked for want of work.\n"
                   "\n"
                   "bottleneck: when workers wait more than a quarter of their time, \"read\" if "
                   "the consumer\n"
                   "waits as well (more than 1/20 of the wall time), else \"consumer\". Otherwise "
                   "the largest\n"
                   "of decode (with entropy and idct), resize, colour, ops and mix.\n"
                   "\n"
                   "peak_rss_bytes has the pages of the program and its libraries in it; "
                   "peak_anon_bytes,\n"
                   "sampled every 5 ms, is what compares with plan_bytes.\n",
        .example = "  headrace bench train.toml --seconds 10 -s loader.workers=2 --json -\n",
    },
    RunBench,
};

}  // namespace headrace::cli
