// Classes of JPEGs, large and small, 4:2:0 and 4:4:4, of two qualities, and 12-megapixel ones, all
// made from a folder's photographs: each way of decoding to 224 pixels, on one thread, over full
// decode and over crop + skip, both with libjpeg-turbo. bench/README.md says how to read it.
//
// usage: bench_jpeg_classes FOLDER [--rounds N] [--files N] [--keep DIR] [--json FILE|-]
//   --files  of a class (24 where pictures are large, 60 where they are small)
//   --keep   where the classes' folders stay, for bench_jpeg; otherwise they are temporary
#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "bench/jpeg_classes.h"
#include "bench/jpeg_folder.h"
#include "bench/jpeg_loop.h"
#include "bench/measure.h"

namespace {

using namespace headrace;         // NOLINT: a program, not a library
using namespace headrace::bench;  // NOLINT

constexpr uint32_t kMany = 60;
constexpr uint32_t kFew = 24;
constexpr JpegClass kClasses[] = {
    {"12mp_420_q85", {4000, 3000}, 85, true, kFew},
    {"2000x1500_420_q75", {2000, 1500}, 75, true, kFew},
    {"2000x1500_420_q95", {2000, 1500}, 95, true, kFew},
    {"2000x1500_444_q75", {2000, 1500}, 75, false, kFew},
    {"2000x1500_444_q95", {2000, 1500}, 95, false, kFew},
    {"500x375_420_q75", {500, 375}, 75, true, kMany},
    {"500x375_420_q95", {500, 375}, 95, true, kMany},
    {"500x375_444_q75", {500, 375}, 75, false, kMany},
    {"500x375_444_q95", {500, 375}, 95, false, kMany},
};
// Of the first class, over full decode.
constexpr double kLargeFastBar = 2.5;
constexpr double kLargeCheckpointsBar = 4;

constexpr Way kMeasured[] = {Way::kExact, Way::kFast, Way::kExactCheckpoints,
                             Way::kFastCheckpoints};

struct ClassResult {
  Spread to_full[kWays];
  Spread to_crop[kWays];
  double full_us = 0;
};

ClassResult Measure(const JpegFolder& folder, uint32_t rounds) {
  // About as much work a round for each class: many draws of small pictures.
  constexpr uint64_t kRoundPixels = 100'000'000;
  const auto epochs =
      static_cast<uint32_t>(std::clamp<uint64_t>(kRoundPixels / folder.pixels(), 1, 10));
  JpegLoop loop(folder);
  const size_t turn = DrawsATurn(folder);
  TimeWays(&loop, DrawsOf(folder, 0, 1), turn);  // warm
  std::vector<double> to_full[kWays], to_crop[kWays], full_us;
  for (uint32_t round = 0; round < rounds; ++round) {
    const std::vector<Draw> draws = DrawsOf(folder, 1 + round * epochs, epochs);
    const WayTimes times = TimeWays(&loop, draws, turn);
    for (size_t way = 0; way < kWays; ++way) {
      to_full[way].push_back(times.Ratio(kAllWays[way], Way::kFull));
      to_crop[way].push_back(times.Ratio(kAllWays[way], Way::kCropSkip));
    }
    full_us.push_back(times.ns[static_cast<size_t>(Way::kFull)] * 1e-3 /
                      static_cast<double>(draws.size()));
  }
  ClassResult result;
  for (size_t way = 0; way < kWays; ++way) {
    result.to_full[way] = SpreadOf(to_full[way]);
    result.to_crop[way] = SpreadOf(to_crop[way]);
  }
  result.full_us = SpreadOf(full_us).median;
  return result;
}

void Report(FILE* out, const JpegClass& made, const JpegFolder& folder, const ClassResult& result,
            JsonReport* json) {
  const double bits =
      8.0 * static_cast<double>(folder.bytes()) / static_cast<double>(folder.pixels());
  fprintf(out, "%s: %.0f KB each, %.2f bits a pixel, full decode %.0f us\n", made.name,
          1e-3 * static_cast<double>(folder.bytes()) / static_cast<double>(folder.size()), bits,
          result.full_us);
  const std::string prefix = std::string(made.name) + "_";
  json->Number(prefix + "bytes_each",
               static_cast<double>(folder.bytes()) / static_cast<double>(folder.size()));
  json->Number(prefix + "bits_a_pixel", bits);
  json->Number(prefix + "full_us", result.full_us);
  json->Values(prefix + "crop_skip_over_full", result.to_full[static_cast<size_t>(Way::kCropSkip)]);
  const bool large = &made == &kClasses[0];
  for (const Way way : kMeasured) {
    const Spread& full = result.to_full[static_cast<size_t>(way)];
    const Spread& crop = result.to_crop[static_cast<size_t>(way)];
    const double bar = !large                         ? 0
                       : way == Way::kFast            ? kLargeFastBar
                       : way == Way::kFastCheckpoints ? kLargeCheckpointsBar
                                                      : 0;
    fprintf(out, "  %-20s over full decode %-24s over crop + skip %-24s%s%s\n", WayName(way),
            SpreadText(full).c_str(), SpreadText(crop).c_str(),
            full.median < bar ? "  BELOW THE BAR" : "",
            crop.median < 1 ? "  SLOWER THAN CROP + SKIP" : "");
    json->Values(prefix + WayName(way) + "_over_full", full);
    json->Values(prefix + WayName(way) + "_over_crop_skip", crop);
  }
}

void Run(const Arguments& arguments) {
  if (arguments.words().size() != 1) {
    Fail("usage: bench_jpeg_classes FOLDER [--rounds N] [--files N] [--keep DIR] [--json FILE|-]");
  }
  const uint32_t rounds = arguments.Count("rounds", 5);
  const std::string json_path = arguments.Text("json");
  FILE* out = json_path == "-" ? stderr : stdout;
  const JpegFolder photographs(arguments.words()[0]);
  std::unique_ptr<TemporaryFolder> temporary;
  std::string root = arguments.Text("keep");
  if (root.empty()) {
    temporary = std::make_unique<TemporaryFolder>("headrace-classes");
    root = temporary->path();
  }
  JsonReport json;
  json.Text("folder", arguments.words()[0]);
  json.Number("rounds", rounds);
  for (const JpegClass& kind : kClasses) {
    JpegClass made = kind;
    made.files = arguments.Count("files", kind.files);
    const std::string folder = root + "/" + made.name;
    MakeClass(photographs, made, folder + "/photographs");
    const JpegFolder files(folder);
    Report(out, kind, files, Measure(files, rounds), &json);
    fflush(out);
  }
  json.Write(json_path);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Run(Arguments(argc, argv, {"rounds", "files", "keep", "json"}));
    return 0;
  } catch (const std::exception& failure) {
    fprintf(stderr, "bench_jpeg_classes: %s\n", failure.what());
    return 1;
  }
}
