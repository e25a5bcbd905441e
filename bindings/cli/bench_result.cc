#include "bindings/cli/bench_result.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "bindings/cli/json_writer.h"

namespace headrace::cli {
namespace {

double Share(uint64_t busy_ns, double capacity_seconds) {
  return capacity_seconds > 0 ? static_cast<double>(busy_ns) * 1e-9 / capacity_seconds : 0;
}

std::string Line(const char* name, const char* format, double value, const char* note = "") {
  char text[160];
  char number[48];
  std::snprintf(number, sizeof number, format, value);
  std::snprintf(text, sizeof text, "%-22s%12s%s%s\n", name, number, note[0] != '\0' ? "  " : "",
                note);
  return text;
}

double Mebibytes(uint64_t bytes) { return static_cast<double>(bytes) / (1024.0 * 1024.0); }

}  // namespace

double BenchResult::ImagesPerSecond() const {
  if (batches > 1 && seconds > 0) {
    return static_cast<double>(images - first_batch_images) / seconds;
  }
  return first_batch_seconds > 0 ? static_cast<double>(images) / first_batch_seconds : 0;
}

double BenchResult::GapPercentile(double share) const {
  if (gaps.empty()) return 0;
  std::vector<float> sorted = gaps;
  const auto count = static_cast<double>(sorted.size());
  const auto rank = static_cast<size_t>(std::max(std::ceil(share * count), 1.0)) - 1;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(rank), sorted.end());
  return static_cast<double>(sorted[rank]);
}

std::vector<StageShare> StageShares(const BenchResult& result) {
  const hr_stats& stats = result.stats;
  const double wall = result.run_seconds;
  const double workers = wall * stats.workers;
  return {
      {"read", Share(stats.read_ns, wall)},          {"decode", Share(stats.decode_ns, workers)},
      {"entropy", Share(stats.entropy_ns, workers)}, {"idct", Share(stats.idct_ns, workers)},
      {"resize", Share(stats.resize_ns, workers)},   {"colour", Share(stats.colour_ns, workers)},
      {"ops", Share(stats.ops_ns, workers)},         {"mix", Share(stats.mix_ns, workers)},
      {"wait", Share(stats.wait_ns, workers)},
  };
}

std::string_view Bottleneck(const BenchResult& result) {
  const hr_stats& stats = result.stats;
  constexpr double kIdleShare = 0.25;  // workers that wait longer than this do not set the rate
  constexpr double kConsumerBlocked = 0.05;  // a consumer that waits less is itself the slow one
  if (Share(stats.wait_ns, result.run_seconds * stats.workers) > kIdleShare) {
    const bool consumer_waits =
        Share(stats.consumer_wait_ns, result.run_seconds) > kConsumerBlocked;
    return consumer_waits ? "read" : "consumer";
  }
  const std::array<std::pair<uint64_t, std::string_view>, 5> groups = {{
      {stats.decode_ns + stats.entropy_ns + stats.idct_ns, "decode"},
      {stats.resize_ns, "resize"},
      {stats.colour_ns, "colour"},
      {stats.ops_ns, "ops"},
      {stats.mix_ns, "mix"},
  }};
  const auto by_time = [](const auto& a, const auto& b) { return a.first < b.first; };
  return std::max_element(groups.begin(), groups.end(), by_time)->second;
}

std::string BenchJson(const BenchResult& result) {
  const hr_stats& stats = result.stats;
  JsonWriter json;
  json.BeginObject();
  json.Field("images_per_second", result.ImagesPerSecond());
  json.Field("images", result.images);
  json.Field("batches", result.batches);
  json.Field("epochs", result.epochs);
  json.Field("seconds", result.seconds);
  json.Field("open_seconds", result.open_seconds);
  json.Field("first_batch_seconds", result.first_batch_seconds);
  json.Field("batch_gap_p50_seconds", result.GapPercentile(0.50));
  json.Field("batch_gap_p99_seconds", result.GapPercentile(0.99));
  json.Field("cpu_seconds", result.cpu_seconds);
  json.Field("peak_rss_bytes", result.peak_rss_bytes);
  json.Field("peak_anon_bytes", result.peak_anon_bytes);
  json.Field("plan_bytes", result.memory.total_bytes);
  json.Field("jpeg_bytes_max", result.memory.jpeg_bytes_max);
  json.Field("bytes_read", stats.bytes_read);
  json.Field("partial_reads", stats.partial_reads);
  json.Field("partial_fallbacks", stats.partial_fallbacks);
  json.Key("stages");
  json.BeginObject();
  for (const StageShare& stage : StageShares(result)) json.Field(stage.name, stage.share);
  json.EndObject();
  json.Field("consumer_wait", Share(stats.consumer_wait_ns, result.run_seconds));
  json.Field("bottleneck", Bottleneck(result));
  json.Field("workers", stats.workers);
  json.Field("reader", stats.reader);
  json.Field("simd_target", stats.simd_target);
  json.Field("pin", stats.pin);
  json.Field("rank_source", stats.rank_source);
  json.Field("jpeg", stats.jpeg);
  json.Field("corrupt_samples", stats.corrupt_samples);
  json.Field("corrupt_ids", stats.corrupt_ids);
  json.Field("substituted", stats.substituted);
  json.Field("marked", stats.marked);
  json.Field("object_zoom_fallbacks", stats.object_zoom_fallbacks);
  json.Field("extraneous", stats.extraneous);
  json.Field("extra_buffers", stats.extra_buffers);
  json.Field("checkpoints_read", stats.checkpoints_read);
  json.Field("checkpoints_written", stats.checkpoints_written);
  json.Field("checkpoints_rejected", stats.checkpoints_rejected);
  json.Field("cache_hits", stats.cache_hits);
  json.Field("cache_bytes", stats.cache_bytes);
  json.EndObject();
  return json.Take();
}

std::string BenchTable(const BenchResult& result) {
  const hr_stats& stats = result.stats;
  std::string text = Line("images per second", "%.1f", result.ImagesPerSecond());
  text += Line("images", "%.0f", static_cast<double>(result.images));
  text += Line("seconds", "%.3f", result.seconds, "first batch to last");
  text += Line("first batch", "%.3f s", result.first_batch_seconds, "with opening");
  text += Line("gap, 99th percentile", "%.2f ms", result.GapPercentile(0.99) * 1e3);
  text += Line("CPU", "%.3f s", result.cpu_seconds);
  text += Line("peak memory", "%.1f MiB", Mebibytes(result.peak_rss_bytes));
  text += Line("  of it anonymous", "%.1f MiB", Mebibytes(result.peak_anon_bytes));
  text += Line("plan", "%.1f MiB", Mebibytes(result.memory.total_bytes));
  text += Line("read", "%.1f MiB", Mebibytes(stats.bytes_read));
  text += "\nbusy share of the reading thread\n";
  const std::vector<StageShare> shares = StageShares(result);
  for (size_t i = 0; i < shares.size(); ++i) {
    if (i == 1) {
      text +=
          "busy shares of " + std::to_string(stats.workers) + " workers (one that waits is idle)\n";
    }
    text += Line(("  " + std::string(shares[i].name)).c_str(), "%.1f %%", shares[i].share * 100);
  }
  text += "bottleneck: " + std::string(Bottleneck(result)) + "\n";
  text += "\nreader: " + std::string(stats.reader) + "\n";
  text += "SIMD:   " + std::string(stats.simd_target) + "\n";
  text += "pin:    " + std::string(stats.pin) + "\n";
  return text;
}

}  // namespace headrace::cli
