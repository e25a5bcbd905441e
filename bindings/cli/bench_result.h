// What a bench run measured, and how it is told.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <headrace.h>

namespace headrace::cli {

struct BenchResult {
  uint64_t images = 0;
  uint64_t batches = 0;
  uint64_t epochs = 0;  // finished
  uint64_t first_batch_images = 0;
  double open_seconds = 0;         // hr_loader_open
  double first_batch_seconds = 0;  // from the start of open to the first batch
  double seconds = 0;              // first delivered batch to last
  double run_seconds = 0;        // open done to the reading of the counters: the wall of the shares
  double cpu_seconds = 0;        // user and system, whole process, open to the last batch
  uint64_t peak_rss_bytes = 0;   // VmHWM
  uint64_t peak_anon_bytes = 0;  // the largest RssAnon sampled
  std::vector<float> gaps;       // seconds between deliveries
  hr_memory memory = {};
  hr_stats stats = {};

  // Of the batches after the first, because those of the first include the start; with a single
  // batch, of everything.
  double ImagesPerSecond() const;
  // Nearest-rank percentile; 0 without gaps.
  double GapPercentile(double share) const;
};

struct StageShare {
  std::string_view name;
  double share = 0;
};

// Busy shares in the order of a sample's way: read of one thread's wall, the others of workers x
// wall.
std::vector<StageShare> StageShares(const BenchResult& result);

// What limits the rate; the rule is in the help of the command.
std::string_view Bottleneck(const BenchResult& result);

std::string BenchJson(const BenchResult& result);
std::string BenchTable(const BenchResult& result);

}  // namespace headrace::cli
