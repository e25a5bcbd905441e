// The JPEG path on a folder of JPEGs: the whole loader, in images/s, divided by W times one thread
// of the reference (full libjpeg-turbo decode, SIMD resize of the crop, normalise); what the loader
// costs over its kernels; every way of decoding in loops of one thread; and how far the fast
// arithmetic is from the exact one. bench/README.md says how to read it.
//
// usage: bench_jpeg FOLDER [--rounds N] [--epochs N] [--workers W] [--json FILE|-]
//   --rounds   ratios of so many rounds give median, lowest and highest (7)
//   --epochs   epochs of the folder in a round (4)
//   --workers  of the loader (2)
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "bench/jpeg_accuracy.h"
#include "bench/jpeg_folder.h"
#include "bench/jpeg_loop.h"
#include "bench/loader_turns.h"
#include "bench/measure.h"

namespace {

using namespace headrace;         // NOLINT: a program, not a library
using namespace headrace::bench;  // NOLINT

// Large enough that the ends of a turn do not matter, small enough that the machine is the same one
// before and after.
constexpr uint64_t kTurnImages = 384;

struct Settings {
  uint32_t rounds = 0;
  uint32_t epochs = 0;
  uint32_t workers = 0;
};

// A line of the table: a loader, and the loop that does the same for it without one.
struct Row {
  const char* name;
  const char* text;
  Way plain;
  bool with_checkpoints;
  double bar;  // 0: none
  double stretch;
};
constexpr Row kRows[] = {
    {"exact", "folder, exact", Way::kExact, false, 1.25, 1.6},
    {"fast", "folder, fast", Way::kFast, false, 1.75, 2.2},
    {"fast_checkpoints", "folder, fast, checkpoints", Way::kFastCheckpoints, true, 2.3, 2.8},
    {"exact_checkpoints", "folder, exact, checkpoints", Way::kExactCheckpoints, true, 0, 0},
};
constexpr size_t kRowCount = std::size(kRows);
constexpr double kOverheadBar = 0.05;
constexpr double kMeanAbsoluteBar = 0.6;
constexpr double kPsnrBar = 50;
constexpr double kPsnr420Bar = 49;
constexpr double kRecordShareBar = 0.04;

// Sums of one round.
struct RowSums {
  double loader_wall_ns = 0;
  double loader_cpu_ns = 0;        // less the reads
  double loader_whole_cpu_ns = 0;  // with them
  double reference_wall_ns = 0;
  double reference_cpu_ns = 0;
  double plain_cpu_ns = 0;           // on one thread
  double plain_together_cpu_ns = 0;  // on as many threads as the loader has workers, at a time
  uint64_t images = 0;
};
struct RoundSums {
  RowSums row[kRowCount];
  double reference_wall_ns = 0;           // of one thread
  double reference_together_wall_ns = 0;  // of W threads, over the same pictures
};

struct RowResults {
  std::vector<double> ratio, cpu_ratio, images_per_second, reference_per_second, overhead,
      overhead_together;
};
struct Results {
  RowResults row[kRowCount];
  std::vector<double> scaling;  // W threads of the reference over one, divided by W
};

struct Clocks {
  double wall_ns = 0;
  double cpu_ns = 0;
};

Clocks TimeLoop(JpegLoop* loop, Way way, std::span<const Draw> draws) {
  const int64_t cpu = ThreadCpuNs();
  const int64_t wall = NowNs();
  loop->Run(way, draws);
  return {static_cast<double>(NowNs() - wall), static_cast<double>(ThreadCpuNs() - cpu)};
}

// The same on a thread a loop; they share the pictures out among themselves.
Clocks TimeTogether(std::span<const std::unique_ptr<JpegLoop>> loops, Way way,
                    std::span<const Draw> draws) {
  constexpr size_t kAtATime = 4;
  std::atomic<size_t> next{0};
  std::atomic<int64_t> cpu_ns{0};
  std::vector<std::exception_ptr> failures(loops.size());
  std::vector<std::thread> threads;
  const int64_t wall = NowNs();
  for (size_t i = 0; i < loops.size(); ++i) {
    threads.emplace_back([&, i] {
      try {
        for (;;) {
          const size_t first = next.fetch_add(kAtATime);
          if (first >= draws.size()) break;
          loops[i]->Run(way, draws.subspan(first, std::min(kAtATime, draws.size() - first)));
        }
      } catch (...) {
        failures[i] = std::current_exception();
      }
      cpu_ns += ThreadCpuNs();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return {static_cast<double>(NowNs() - wall), static_cast<double>(cpu_ns.load())};
}

class Bench {
 public:
  Bench(const JpegFolder& folder, const Settings& settings)
      : folder_(folder), settings_(settings), checkpoints_("headrace-bench") {
    for (uint32_t i = 0; i < settings.workers; ++i) {
      loops_.push_back(std::make_unique<JpegLoop>(folder));
    }
    MakeCheckpoints(folder, settings.workers, checkpoints_.path());
    for (size_t r = 0; r < kRowCount; ++r) {
      const bool fast = kRows[r].plain == Way::kFast || kRows[r].plain == Way::kFastCheckpoints;
      const std::string place =
          kRows[r].with_checkpoints ? TomlString(checkpoints_.path()) : "\"off\"";
      loaders_[r] =
          std::make_unique<LoaderTurns>(folder, settings.workers,
                                        std::string("jpeg = \"") + (fast ? "fast" : "exact") +
                                            "\"\ncheckpoints = " + place + "\n");
    }
    batches_a_turn_ = std::max<uint64_t>(kTurnImages / loaders_[0]->batch_size(), 1);
    WarmUp();
  }

  JpegLoop* loop() { return loops_[0].get(); }
  const LoaderTurns& loader(size_t row) const { return *loaders_[row]; }

  // Bytes of the side index, over those of the pictures.
  double RecordShare() const {
    uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(checkpoints_.path())) {
      if (entry.is_regular_file()) bytes += entry.file_size();
    }
    return static_cast<double>(bytes) / static_cast<double>(folder_.bytes());
  }

  RoundSums Round() {
    RoundSums sums;
    uint64_t batches = settings_.epochs * loaders_[0]->batches_per_epoch();
    while (batches > 0) {
      const uint64_t turn = std::min(batches, batches_a_turn_);
      Turn(turn, &sums);
      batches -= turn;
    }
    return sums;
  }

 private:
  // Each loader between two halves of the reference over the pictures that it makes.
  void Turn(uint64_t batches, RoundSums* sums) {
    for (size_t r = 0; r < kRowCount; ++r) {
      RowSums& row = sums->row[r];
      const std::vector<Draw> draws = loaders_[r]->NextDraws(batches);
      const std::span<const Draw> all(draws);
      const size_t half = draws.size() / 2;
      row.plain_cpu_ns += TimeLoop(loop(), kRows[r].plain, all).cpu_ns;
      row.plain_together_cpu_ns += TimeTogether(loops_, kRows[r].plain, all).cpu_ns;
      const Clocks before = TimeLoop(loop(), Way::kFull, all.first(half));
      const TurnResult turn = loaders_[r]->Turn(batches);
      const Clocks after = TimeLoop(loop(), Way::kFull, all.subspan(half));
      const double reference_ns = before.wall_ns + after.wall_ns;
      row.loader_wall_ns += turn.wall_ns;
      row.loader_cpu_ns += turn.cpu_ns;
      row.loader_whole_cpu_ns += turn.whole_cpu_ns;
      row.reference_wall_ns += reference_ns;
      row.reference_cpu_ns += before.cpu_ns + after.cpu_ns;
      row.images += turn.images;
      if (r == 0) {
        sums->reference_wall_ns += reference_ns;
        sums->reference_together_wall_ns += TimeTogether(loops_, Way::kFull, all).wall_ns;
      }
    }
  }

  // Code, tables, page cache; every loop sees its largest pictures once.
  void WarmUp() {
    const std::vector<Draw> draws = DrawsOf(folder_, 0, 1);
    for (const Way way : kAllWays) TimeTogether(loops_, way, draws);
    loop()->Run(Way::kFull, draws);
    for (auto& loader : loaders_) loader->Turn(loader->batches_per_epoch());
  }

  const JpegFolder& folder_;
  const Settings settings_;
  const TemporaryFolder checkpoints_;
  std::vector<std::unique_ptr<JpegLoop>> loops_;
  std::array<std::unique_ptr<LoaderTurns>, kRowCount> loaders_;
  uint64_t batches_a_turn_ = 1;
};

void AddRound(const RoundSums& sums, uint32_t workers, Results* results) {
  for (size_t r = 0; r < kRowCount; ++r) {
    const RowSums& row = sums.row[r];
    const auto images = static_cast<double>(row.images);
    RowResults& to = results->row[r];
    to.ratio.push_back(row.reference_wall_ns / (workers * row.loader_wall_ns));
    to.cpu_ratio.push_back(row.reference_cpu_ns / row.loader_whole_cpu_ns);
    to.images_per_second.push_back(images * 1e9 / row.loader_wall_ns);
    to.reference_per_second.push_back(images * 1e9 / row.reference_wall_ns);
    to.overhead.push_back(row.loader_cpu_ns / row.plain_cpu_ns - 1);
    to.overhead_together.push_back(row.loader_cpu_ns / row.plain_together_cpu_ns - 1);
  }
  results->scaling.push_back(sums.reference_wall_ns / (workers * sums.reference_together_wall_ns));
}

const char* Verdict(bool met) { return met ? "" : "  BELOW THE BAR"; }

void ReportLoader(FILE* out, const Bench& bench, const Results& results, uint32_t workers,
                  JsonReport* json) {
  fprintf(out, "\nwhole loader, %u workers, over %u x one thread of the reference\n", workers,
          workers);
  fprintf(out, "  %-28s %-24s %-24s %8s %9s  %s\n", "", "ratio", "of CPU time", "images/s",
          "reference", "bar");
  for (size_t r = 0; r < kRowCount; ++r) {
    const Row& row = kRows[r];
    const Spread ratio = SpreadOf(results.row[r].ratio);
    const Spread rate = SpreadOf(results.row[r].images_per_second);
    const Spread reference = SpreadOf(results.row[r].reference_per_second);
    const Spread cpu_ratio = SpreadOf(results.row[r].cpu_ratio);
    fprintf(out, "  %-28s %-24s %-24s %8.0f %9.0f", row.text, SpreadText(ratio).c_str(),
            SpreadText(cpu_ratio).c_str(), rate.median, reference.median);
    if (row.bar > 0) {
      fprintf(out, "  %.2f (%.1f)%s", row.bar, row.stretch, Verdict(ratio.median >= row.bar));
    }
    fprintf(out, "\n");
    const std::string name = row.name;
    json->Values(name + "_ratio", ratio);
    json->Values(name + "_cpu_ratio", cpu_ratio);
    json->Values(name + "_images_per_second", rate);
    json->Values(name + "_reference_per_second", reference);
  }
  const Spread scaling = SpreadOf(results.scaling);
  fprintf(out, "  %-28s %-24s\n", "reference on that many threads", SpreadText(scaling).c_str());
  json->Values("reference_together_ratio", scaling);

  fprintf(out, "\nCPU of the loader less its reads, over a plain loop of the same work\n");
  fprintf(out, "  %-28s %-26s %-26s bar %.0f %%\n", "", "loop on one thread",
          "loops on as many threads", 100 * kOverheadBar);
  for (size_t r = 0; r < kRowCount; ++r) {
    const Spread alone = SpreadOf(results.row[r].overhead);
    const Spread together = SpreadOf(results.row[r].overhead_together);
    char texts[2][64];
    for (size_t i = 0; i < 2; ++i) {
      const Spread& s = i == 0 ? alone : together;
      snprintf(texts[i], sizeof texts[i], "%+.1f %% (%+.1f to %+.1f)", 100 * s.median, 100 * s.low,
               100 * s.high);
    }
    fprintf(out, "  %-28s %-26s %-26s%s\n", kRows[r].text, texts[0], texts[1],
            Verdict(together.median <= kOverheadBar));
    json->Values(std::string(kRows[r].name) + "_overhead", alone);
    json->Values(std::string(kRows[r].name) + "_overhead_together", together);
  }

  const double share = bench.RecordShare();
  const hr_stats stats = bench.loader(2).Stats();
  const double with_record =
      static_cast<double>(stats.checkpoints_read) / static_cast<double>(stats.samples);
  fprintf(out,
          "\ncheckpoints: %.2f %% of the pictures' bytes (bar %.0f %%)%s; %.1f %% of the samples "
          "came with theirs, %.0f rejected\n",
          100 * share, 100 * kRecordShareBar, Verdict(share <= kRecordShareBar), 100 * with_record,
          static_cast<double>(stats.checkpoints_rejected));
  json->Number("checkpoint_share_of_bytes", share);
  json->Number("checkpoint_share_of_samples", with_record);
  json->Number("checkpoints_rejected", static_cast<double>(stats.checkpoints_rejected));
  json->Text("reader", stats.reader);
  json->Text("simd_target", stats.simd_target);
}

void ReportWays(FILE* out, const JpegFolder& folder, const std::vector<WayTimes>& rounds,
                size_t draws_a_round, JsonReport* json) {
  fprintf(out, "\none thread, CPU time, %zu files in memory\n", folder.size());
  fprintf(out, "  %-28s %8s   %-24s %s\n", "", "us/image", "ratio to full decode",
          "ratio to crop + skip");
  for (const Way way : kAllWays) {
    std::vector<double> us, to_full, to_crop;
    for (const WayTimes& times : rounds) {
      us.push_back(times.ns[static_cast<size_t>(way)] * 1e-3 / static_cast<double>(draws_a_round));
      to_full.push_back(times.Ratio(way, Way::kFull));
      to_crop.push_back(times.Ratio(way, Way::kCropSkip));
    }
    fprintf(out, "  %-28s %8.0f   %-24s %s\n", WayName(way), SpreadOf(us).median,
            SpreadText(SpreadOf(to_full)).c_str(), SpreadText(SpreadOf(to_crop)).c_str());
    const std::string name = std::string("loop_") + WayName(way);
    json->Values(name + "_us", SpreadOf(us));
    json->Values(name + "_over_full", SpreadOf(to_full));
    json->Values(name + "_over_crop_skip", SpreadOf(to_crop));
  }
}

void ReportAccuracy(FILE* out, const JpegFolder& folder, const Accuracy& accuracy,
                    JsonReport* json) {
  const double error = accuracy.all.mean_absolute();
  const double psnr = accuracy.all.psnr_db();
  fprintf(out, "\nfast against exact, of 255, before normalising\n");
  fprintf(out, "  mean error %.3f (bar %.1f)%s, PSNR %.2f dB (bar %.0f)%s", error, kMeanAbsoluteBar,
          Verdict(error <= kMeanAbsoluteBar), psnr, kPsnrBar, Verdict(psnr >= kPsnrBar));
  fprintf(out, ", worst picture %.1f dB, largest error %u\n", accuracy.worst_db,
          accuracy.all.largest);
  json->Number("mean_error", error);
  json->Number("psnr_db", psnr);
  json->Number("worst_picture_psnr_db", accuracy.worst_db);
  json->Number("largest_error", accuracy.all.largest);
  if (accuracy.of_420.samples == 0) return;
  const double psnr_420 = accuracy.of_420.psnr_db();
  fprintf(out, "  its %zu files of 4:2:0: mean error %.3f, PSNR %.2f dB (bar %.0f)%s\n",
          folder.count_420(), accuracy.of_420.mean_absolute(), psnr_420, kPsnr420Bar,
          Verdict(psnr_420 >= kPsnr420Bar));
  json->Number("mean_error_420", accuracy.of_420.mean_absolute());
  json->Number("psnr_db_420", psnr_420);
}

void Run(const Arguments& arguments) {
  if (arguments.words().size() != 1) {
    Fail("usage: bench_jpeg FOLDER [--rounds N] [--epochs N] [--workers W] [--json FILE|-]");
  }
  const Settings settings = {.rounds = arguments.Count("rounds", 7),
                             .epochs = arguments.Count("epochs", 4),
                             .workers = arguments.Count("workers", 2)};
  const std::string json_path = arguments.Text("json");
  FILE* out = json_path == "-" ? stderr : stdout;
  const JpegFolder folder(arguments.words()[0]);
  fprintf(out, "%zu JPEGs (%zu of 4:2:0), %.1f KB and %.2f Mpx each\n", folder.size(),
          folder.count_420(),
          1e-3 * static_cast<double>(folder.bytes()) / static_cast<double>(folder.size()),
          1e-6 * static_cast<double>(folder.pixels()) / static_cast<double>(folder.size()));
  JsonReport json;
  json.Text("folder", arguments.words()[0]);
  json.Number("files", static_cast<double>(folder.size()));
  json.Number("files_420", static_cast<double>(folder.count_420()));
  json.Number("bytes", static_cast<double>(folder.bytes()));
  json.Number("pixels", static_cast<double>(folder.pixels()));
  json.Number("rounds", settings.rounds);
  json.Number("epochs", settings.epochs);
  json.Number("workers", settings.workers);

  Bench bench(folder, settings);
  Results results;
  std::vector<WayTimes> ways;
  for (uint32_t round = 0; round < settings.rounds; ++round) {
    AddRound(bench.Round(), settings.workers, &results);
    // One epoch, so that both tables are of the same minutes.
    ways.push_back(TimeWays(bench.loop(), DrawsOf(folder, 1000 + round, 1), DrawsATurn(folder)));
    fprintf(out, "round %u:", round + 1);
    for (size_t r = 0; r < kRowCount; ++r) {
      fprintf(out, " %s %.2f", kRows[r].name, results.row[r].ratio.back());
    }
    fprintf(out, "\n");
  }
  ReportLoader(out, bench, results, settings.workers, &json);
  ReportWays(out, folder, ways, folder.size(), &json);
  const std::vector<Draw> draws = DrawsOf(folder, 2000, settings.epochs);
  ReportAccuracy(out, folder, MeasureAccuracy(folder, bench.loop(), draws), &json);
  json.Write(json_path);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Run(Arguments(argc, argv, {"rounds", "epochs", "workers", "json"}));
    return 0;
  } catch (const std::exception& failure) {
    fprintf(stderr, "bench_jpeg: %s\n", failure.what());
    return 1;
  }
}
