// headrace index: side indexes for tar shards.
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bindings/cli/command.h"
#include "bindings/cli/interrupt.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/progress.h"

namespace headrace::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"force", 'f', "", "Makes indexes anew that are there already. Those of packs stay."},
    kJsonOption,
};

unsigned CpuCount() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return std::max(1u, static_cast<unsigned>(CPU_COUNT(&allowed)));
}

// What became of all shards.
struct Totals {
  uint64_t written = 0;
  uint64_t kept = 0;
  uint64_t failed = 0;
  uint64_t samples = 0;
  uint64_t without_picture = 0;
  uint64_t without_label = 0;
  uint64_t same_key = 0;
  uint64_t name_clashes = 0;
  uint64_t index_bytes = 0;
  uint64_t data_behind_end = 0;
};

constexpr uint32_t kParts = 1000;  // of a shard, for the bar

// How far one shard is, as part of all.
struct ShardPart {
  std::atomic<uint64_t>* parts_done;
  uint64_t told = 0;

  // Never backwards: a shard may be gone through twice.
  void Reach(uint64_t parts) {
    if (parts <= told) return;
    parts_done->fetch_add(parts - told, std::memory_order_relaxed);
    told = parts;
  }
  static int OnProgress(void* part, const hr_job_progress* progress) {
    if (progress->bytes > 0) {
      const double share =
          static_cast<double>(progress->bytes_done) / static_cast<double>(progress->bytes);
      static_cast<ShardPart*>(part)->Reach(
          static_cast<uint64_t>(std::clamp(share, 0.0, 1.0) * kParts));
    }
    return Interrupted() ? 1 : 0;
  }
};

// Indexes the shards on all CPUs; they are handed out by number.
class Indexers {
 public:
  Indexers(std::vector<std::string> shards, bool force, Console& console)
      : shards_(std::move(shards)), force_(force), console_(console) {}

  void Run() {
    const size_t threads = std::min<size_t>(CpuCount(), shards_.size());
    std::vector<std::jthread> workers;
    for (size_t i = 0; i < threads; ++i) workers.emplace_back([this] { Work(); });
    Progress progress(console_, "shards");
    // The main thread only draws the bar: it looks in now and then and leaves the CPU to the rest.
    while (finished_workers_.load(std::memory_order_acquire) < threads) {
      const uint64_t done = done_.load(std::memory_order_relaxed);
      // Whole shards, and those at work by their bytes: one alone may take an hour.
      const double parts = static_cast<double>(parts_done_.load(std::memory_order_relaxed));
      progress.Update(parts / double{kParts} / static_cast<double>(shards_.size()), done);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    workers.clear();
    progress.Finish();
  }
  const Totals& totals() const { return totals_; }  // after Run

 private:
  void Work() {
    while (!Interrupted()) {
      const size_t number = next_.fetch_add(1, std::memory_order_relaxed);
      if (number >= shards_.size()) break;
      HR_INIT(hr_index_report, report);
      HR_INIT(hr_error, error);
      ShardPart part{&parts_done_};
      HR_INIT(hr_index_options, options);
      options.force = force_ ? 1 : 0;
      options.progress = &ShardPart::OnProgress;
      options.progress_context = &part;
      const hr_status status = hr_index(shards_[number].c_str(), &options, &report, &error);
      if (status == HR_STOPPED) break;
      part.Reach(kParts);
      done_.fetch_add(1, std::memory_order_relaxed);
      if (status != HR_OK) console_.Error(error.text);
      Note(status, report);
    }
    finished_workers_.fetch_add(1, std::memory_order_release);
  }

  void Note(hr_status status, const hr_index_report& report) {
    const std::lock_guard lock(mutex_);
    if (status != HR_OK) {
      ++totals_.failed;
      return;
    }
    ++(report.written != 0 ? totals_.written : totals_.kept);
    totals_.samples += report.samples;
    totals_.index_bytes += report.index_bytes;
    totals_.without_picture += report.without_picture;
    totals_.without_label += report.without_label;
    totals_.same_key += report.same_key;
    totals_.name_clashes += report.name_clashes;
    totals_.data_behind_end += report.data_behind_end;
  }

  const std::vector<std::string> shards_;
  const bool force_;
  Console& console_;
  std::atomic<size_t> next_{0};
  std::atomic<uint64_t> done_{0};
  std::atomic<uint64_t> parts_done_{0};  // kParts a shard
  std::atomic<size_t> finished_workers_{0};
  std::mutex mutex_;
  Totals totals_;  // under mutex_ while threads run
};

std::string Summary(const Totals& totals) {
  std::string text = std::to_string(totals.written) + " written, " + std::to_string(totals.kept) +
                     " kept, " + std::to_string(totals.failed) +
                     " failed: " + std::to_string(totals.samples) + " samples, " +
                     std::to_string(totals.index_bytes) + " bytes of indexes\n";
  return text;
}

int Run(const ParsedArgs& args, Console& console) {
  std::vector<std::string> shards(args.operands().begin(), args.operands().end());
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  Indexers indexers(shards, args.Has("force"), console);
  indexers.Run();
  const Totals& totals = indexers.totals();
  if (Interrupted()) {
    console.Error("interrupted; run again, it goes on with the shards that are left");
    return kExitInterrupted;
  }
  if (totals.without_picture > 0) {
    console.Warning(std::to_string(totals.without_picture) +
                    " samples without a picture were passed over");
  }
  if (totals.same_key > 0) {
    console.Warning(
        std::to_string(totals.same_key) +
        " pictures have the key of another and are not indexed: a key ends at the first "
        "dot of the last part of a name, so samples need names that differ before it");
  }
  if (totals.name_clashes > 0) {
    console.Warning(std::to_string(totals.name_clashes) +
                    " samples give another name to the number of a class than one before them in "
                    "their shard: names of such a shard are not taken, numbers are");
  }
  if (totals.without_label > 0) {
    console.Warning(std::to_string(totals.without_label) +
                    " samples have no label: neither .cls nor \"label\" in .json" +
                    (totals.without_picture > 0
                         ? "; if labels lie apart from their pictures in the shard, make it again "
                           "with tar --sort=name: members of a sample follow each other"
                         : ""));
  }
  if (totals.data_behind_end > 0) {
    console.Warning(
        std::to_string(totals.data_behind_end) +
        " shards have data behind their end mark, which no tar looks at: were they joined "
        "with cat? Join them with tar --concatenate, or index them one by one");
  }
  const int exit_status = totals.failed > 0 ? kExitFailure : kExitGood;
  if (!args.Has("json")) {
    PrintResult(Summary(totals));
    return exit_status;
  }
  JsonWriter json;
  json.BeginObject();
  json.Field("shards", uint64_t{shards.size()});
  json.Field("written", totals.written);
  json.Field("kept", totals.kept);
  json.Field("failed", totals.failed);
  json.Field("samples", totals.samples);
  json.Field("without_picture", totals.without_picture);
  json.Field("without_label", totals.without_label);
  json.Field("same_key", totals.same_key);
  json.Field("name_clashes", totals.name_clashes);
  json.Field("data_behind_end", totals.data_behind_end);
  json.Field("index_bytes", totals.index_bytes);
  json.EndObject();
  const int emitted = EmitJson(args, json.Take(), console);
  return emitted != kExitGood ? emitted : exit_status;
}

}  // namespace

constinit const Command kIndexCommand = {
    {
        .name = "index",
        .summary = "writes side indexes for tar shards, so that they open at once",
        .operands_text = "TAR...",
        .operand_min = 1,
        .operand_max = SIZE_MAX,
        .options = kOptions,
        .details =
            "Writes NAME.tar.hri beside each shard: which samples it has and where. Shards can be\n"
            "read without; then they are gone through whenever they are opened. An index that\n"
            "fits its shard is kept.\n",
        .example = "  headrace index data/train-*.tar\n",
    },
    Run,
};

}  // namespace headrace::cli
