// What a pack of a folder of JPEGs costs and brings: bytes, packing speed, and each way of decoding
// its records in loops of one thread, beside the full decode of the files and our decode of them.
// With packs that `headrace pack` made of the folder also the whole loader on them, in the unit of
// bench_jpeg. bench/README.md says how to read it.
//
// usage: bench_pack FOLDER [--rounds N] [--epochs N] [--workers W] [--max-side N] [--quality N]
//                   [--jpeg DIR] [--coef DIR] [--json FILE|-]
//   --rounds   ratios of so many rounds give median, lowest and highest (5)
//   --epochs   epochs of the folder in a round (2)
//   --workers  of the loader (2)
//   --max-side, --quality  of the records made in memory: lossy (none)
//   --jpeg, --coef  packs of FOLDER, lossless or not
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bench/jpeg_folder.h"
#include "bench/jpeg_loop.h"
#include "bench/loader_turns.h"
#include "bench/measure.h"
#include "codecs/record_packer.h"
#include "loader/big_image_area.h"
#include "loader/sample_processor.h"

namespace {

using namespace headrace;         // NOLINT: a program, not a library
using namespace headrace::bench;  // NOLINT

constexpr uint64_t kTurnImages = 384;
constexpr uint32_t kSlots = 64;
constexpr size_t kSlotBytes = size_t{kOutputPx} * kOutputPx * 3 * sizeof(float);

struct Settings {
  uint32_t rounds = 0;
  uint32_t epochs = 0;
  uint32_t workers = 0;
  codecs::PackOptions pack;
};

// What is expected of a codec: speed in the unit of bench_jpeg, and bytes of those of the files.
struct Codec {
  const char* name;
  codecs::PackCodec codec;
  double bar;
  double stretch;
  double bytes_bar;
};
constexpr Codec kCodecs[] = {
    {"jpeg", codecs::PackCodec::kJpeg, 2.5, 3.2, 1.01},
    {"coef", codecs::PackCodec::kCoef, 5.0, 6.5, 1.70},
};
constexpr size_t kCodecCount = std::size(kCodecs);
constexpr const char* kModeNames[] = {"fast", "exact"};
constexpr loader::JpegMode kModes[] = {loader::JpegMode::kFast, loader::JpegMode::kExact};

// What: the records of all files of a folder with one codec. Owner: main.
struct Packed {
  std::vector<codecs::PackedRecord> records;
  uint64_t bytes = 0;
  uint64_t copied = 0;
  double cpu_ns = 0;
};

Packed PackFolder(const JpegFolder& folder, const codecs::PackOptions& options) {
  auto packer = codecs::RecordPacker::Make(options);
  if (!packer.ok()) Fail(packer.status().text());
  Packed packed;
  packed.records.resize(folder.size());
  const int64_t begin = ThreadCpuNs();
  for (uint64_t id = 0; id < folder.size(); ++id) {
    codecs::PackedRecord& record = packed.records[id];
    const Status status = (*packer)->Pack(folder.file(id).bytes, &record);
    if (!status.ok()) Fail(folder.file(id).name + ": " + status.text());
    packed.bytes += record.bytes.size();
    packed.copied += record.copied ? 1 : 0;
  }
  packed.cpu_ns = static_cast<double>(ThreadCpuNs() - begin);
  return packed;
}

// What: the loader's own work for records in memory, on one thread. Owner: main.
class RecordLoop {
 public:
  explicit RecordLoop(const JpegFolder& folder) : folder_(folder) {
    const loader::OutputConfig& output = folder.config().output;
    normalise_ = std::make_unique<simd::ConvertTable>(simd::MakeConvertTable(
        simd::Dtype::kF32, simd::Layout::kNchw, 3, output.mean->data(), output.std->data()));
    auto area = loader::BigImageArea::Make(folder.config().limits.max_decoded_bytes);
    if (!area.ok()) Fail(area.status().text());
    area_ = std::move(*area);
    for (size_t m = 0; m < std::size(kModes); ++m) {
      loader::ProcessOptions options = loader::ProcessOptionsOf(folder.config().decode);
      options.jpeg = kModes[m];
      const Limits& limits = folder.config().limits;
      auto made = loader::SampleProcessor::Make(limits, options, folder.program(),
                                                limits.scratch_pixels * 3, area_.get());
      if (!made.ok()) Fail(made.status().text());
      processors_[m] = std::move(*made);
    }
    auto memory = loader::HostMemory::Map(kSlots * kSlotBytes, loader::HostMemory::Pages::kHuge);
    if (!memory.ok()) Fail(memory.status().text());
    slots_ = std::move(*memory);
  }

  void Run(const Packed& packed, size_t mode, std::span<const Draw> draws) {
    for (const Draw& draw : draws) {
      const codecs::PackedRecord& record = packed.records[draw.id];
      codecs::DecodeCheckpoints checkpoints;
      checkpoints.restarts_trusted = record.restarts_trusted;
      std::byte* out = slots_.data() + slot_ * kSlotBytes;
      slot_ = (slot_ + 1) % kSlots;
      loader::ProcessTiming timing;
      const Status status = processors_[mode]->Process(
          record.bytes, folder_.KeyOf(draw), 1, &checkpoints, nullptr, &timing,
          [&](uint32_t, const loader::ProcessedPicture& picture) {
            picture.ConvertTo(*normalise_, out);
          });
      if (!status.ok()) Fail(folder_.file(draw.id).name + ", packed: " + status.text());
    }
  }

 private:
  const JpegFolder& folder_;
  std::unique_ptr<simd::ConvertTable> normalise_;
  std::unique_ptr<loader::BigImageArea> area_;
  std::unique_ptr<loader::SampleProcessor> processors_[std::size(kModes)];
  loader::HostMemory slots_;
  uint32_t slot_ = 0;
};

// Nanoseconds of CPU over the same draws.
struct LoopTimes {
  double full_ns = 0;
  double file_ns[std::size(kModes)] = {};
  double packed_ns[kCodecCount][std::size(kModes)] = {};
};

template <class Work>
void Time(double* sum, const Work& work) {
  const int64_t begin = ThreadCpuNs();
  work();
  *sum += static_cast<double>(ThreadCpuNs() - begin);
}

// All ways take a few pictures, then the next few, so that a machine which slows down for a second
// slows all of them.
LoopTimes TimeLoops(const JpegFolder& folder, const std::vector<Packed>& packed, JpegLoop* files,
                    RecordLoop* records, std::span<const Draw> draws) {
  LoopTimes times;
  const size_t draws_a_turn = DrawsATurn(folder);
  for (size_t first = 0; first < draws.size(); first += draws_a_turn) {
    const auto turn = draws.subspan(first, std::min(draws_a_turn, draws.size() - first));
    Time(&times.full_ns, [&] { files->Run(Way::kFull, turn); });
    Time(&times.file_ns[0], [&] { files->Run(Way::kFast, turn); });
    Time(&times.file_ns[1], [&] { files->Run(Way::kExact, turn); });
    for (size_t c = 0; c < packed.size(); ++c) {
      for (size_t m = 0; m < std::size(kModes); ++m) {
        Time(&times.packed_ns[c][m], [&] { records->Run(packed[c], m, turn); });
      }
    }
  }
  return times;
}

void ReportLoops(FILE* out, const std::vector<LoopTimes>& rounds, size_t draws_a_round,
                 JsonReport* json) {
  fprintf(out, "\none thread, CPU time, in memory\n  %-28s %8s   %s\n", "", "us/image",
          "ratio to full decode");
  const auto row = [&](const std::string& name, const auto& of) {
    std::vector<double> us, ratio;
    for (const LoopTimes& times : rounds) {
      us.push_back(of(times) * 1e-3 / static_cast<double>(draws_a_round));
      ratio.push_back(times.full_ns / of(times));
    }
    fprintf(out, "  %-28s %8.0f   %s\n", name.c_str(), SpreadOf(us).median,
            SpreadText(SpreadOf(ratio)).c_str());
    json->Values("loop_" + name + "_us", SpreadOf(us));
    json->Values("loop_" + name + "_over_full", SpreadOf(ratio));
  };
  row("full", [](const LoopTimes& t) { return t.full_ns; });
  for (size_t m = 0; m < std::size(kModes); ++m) {
    row(std::string("folder_") + kModeNames[m], [m](const LoopTimes& t) { return t.file_ns[m]; });
  }
  for (size_t c = 0; c < kCodecCount; ++c) {
    for (size_t m = 0; m < std::size(kModes); ++m) {
      row(std::string("pack_") + kCodecs[c].name + "_" + kModeNames[m],
          [c, m](const LoopTimes& t) { return t.packed_ns[c][m]; });
    }
  }
}

// ------------------------------------------------------------------ the whole loader

// What: a loader on a pack, between halves of the reference over the same pictures.
class PackTurns {
 public:
  PackTurns(const JpegFolder& folder, const Settings& settings, const std::string& pack,
            const char* mode)
      : workers_(settings.workers),
        loader_(folder, settings.workers, std::string("jpeg = \"") + mode + "\"\n", pack) {}

  void Round(JpegLoop* reference, uint32_t epochs) {
    Clocks loader;
    Clocks full;
    uint64_t images = 0;
    uint64_t batches = epochs * loader_.batches_per_epoch();
    const uint64_t most = std::max<uint64_t>(kTurnImages / loader_.batch_size(), 1);
    while (batches > 0) {
      const uint64_t turn = std::min(batches, most);
      batches -= turn;
      const std::vector<Draw> draws = loader_.NextDraws(turn);
      const std::span<const Draw> all(draws);
      full.Add(reference, all.first(draws.size() / 2));
      const TurnResult result = loader_.Turn(turn);
      full.Add(reference, all.subspan(draws.size() / 2));
      loader.wall_ns += result.wall_ns;
      loader.cpu_ns += result.whole_cpu_ns;
      images += result.images;
    }
    ratio.push_back(full.wall_ns / (workers_ * loader.wall_ns));
    cpu_ratio.push_back(full.cpu_ns / loader.cpu_ns);
    images_per_second.push_back(static_cast<double>(images) * 1e9 / loader.wall_ns);
  }

  std::vector<double> ratio;
  std::vector<double> cpu_ratio;  // does not see the other programs of a busy machine
  std::vector<double> images_per_second;

 private:
  struct Clocks {
    double wall_ns = 0;
    double cpu_ns = 0;

    void Add(JpegLoop* reference, std::span<const Draw> draws) {
      const int64_t cpu = ThreadCpuNs();
      const int64_t wall = NowNs();
      reference->Run(Way::kFull, draws);
      wall_ns += static_cast<double>(NowNs() - wall);
      cpu_ns += static_cast<double>(ThreadCpuNs() - cpu);
    }
  };

  const uint32_t workers_;
  LoaderTurns loader_;
};

void MeasureLoader(FILE* out, const JpegFolder& folder, const Settings& settings,
                   const Codec& codec, const std::string& pack, JpegLoop* reference,
                   JsonReport* json) {
  for (const char* mode : kModeNames) {
    PackTurns turns(folder, settings, pack, mode);
    for (uint32_t round = 0; round < settings.rounds; ++round) {
      turns.Round(reference, settings.epochs);
    }
    const Spread ratio = SpreadOf(turns.ratio);
    const std::string name = std::string("pack ") + codec.name + ", " + mode;
    fprintf(out, "  %-28s %-24s %-24s %8.0f", name.c_str(), SpreadText(ratio).c_str(),
            SpreadText(SpreadOf(turns.cpu_ratio)).c_str(),
            SpreadOf(turns.images_per_second).median);
    if (mode == kModeNames[0] && settings.pack.max_side_px == 0 && settings.pack.quality == 0) {
      fprintf(out, "  %.2f (%.1f)%s", codec.bar, codec.stretch,
              ratio.median >= codec.bar ? "" : "  BELOW THE BAR");
    }
    fprintf(out, "\n");
    const std::string key = std::string("pack_") + codec.name + "_" + mode;
    json->Values(key + "_ratio", ratio);
    json->Values(key + "_cpu_ratio", SpreadOf(turns.cpu_ratio));
    json->Values(key + "_images_per_second", SpreadOf(turns.images_per_second));
  }
}

// ------------------------------------------------------------------ all of it

void Run(const Arguments& arguments) {
  if (arguments.words().size() != 1) {
    Fail(
        "usage: bench_pack FOLDER [--rounds N] [--epochs N] [--workers W] [--max-side N] "
        "[--quality N] [--jpeg DIR] [--coef DIR] [--json FILE|-]");
  }
  Settings settings = {.rounds = arguments.Count("rounds", 5),
                       .epochs = arguments.Count("epochs", 2),
                       .workers = arguments.Count("workers", 2)};
  if (!arguments.Text("max-side").empty()) {
    settings.pack.max_side_px = arguments.Count("max-side", 1);
  }
  if (!arguments.Text("quality").empty()) settings.pack.quality = arguments.Count("quality", 1);
  const std::string json_path = arguments.Text("json");
  FILE* out = json_path == "-" ? stderr : stdout;
  const JpegFolder folder(arguments.words()[0]);
  JsonReport json;
  json.Text("folder", arguments.words()[0]);
  json.Number("files", static_cast<double>(folder.size()));
  json.Number("bytes", static_cast<double>(folder.bytes()));

  std::vector<Packed> packed;
  fprintf(out, "%zu JPEGs, %.1f KB each\n\nrecords\n  %-28s %8s %10s %8s\n", folder.size(),
          1e-3 * static_cast<double>(folder.bytes()) / static_cast<double>(folder.size()), "",
          "bytes", "ms/image", "copied");
  for (const Codec& codec : kCodecs) {
    codecs::PackOptions options = settings.pack;
    options.codec = codec.codec;
    packed.push_back(PackFolder(folder, options));
    const double share =
        static_cast<double>(packed.back().bytes) / static_cast<double>(folder.bytes());
    const double ms = packed.back().cpu_ns * 1e-6 / static_cast<double>(folder.size());
    fprintf(out, "  %-28s %6.1f %% %10.2f %8llu%s\n", codec.name, 100 * share, ms,
            static_cast<unsigned long long>(packed.back().copied),
            share <= codec.bytes_bar ? "" : "  OVER THE BAR");
    json.Number(std::string("pack_") + codec.name + "_share_of_bytes", share);
    json.Number(std::string("pack_") + codec.name + "_ms", ms);
  }

  JpegLoop files(folder);
  RecordLoop records(folder);
  std::vector<LoopTimes> rounds;
  const std::vector<Draw> warm_up = DrawsOf(folder, 0, 1);
  TimeLoops(folder, packed, &files, &records, warm_up);
  for (uint32_t round = 0; round < settings.rounds; ++round) {
    rounds.push_back(TimeLoops(folder, packed, &files, &records,
                               DrawsOf(folder, 1 + round * settings.epochs, settings.epochs)));
  }
  ReportLoops(out, rounds, folder.size() * settings.epochs, &json);

  for (const Codec& codec : kCodecs) {
    const std::string pack = arguments.Text(codec.name);
    if (pack.empty()) continue;
    fprintf(out, "\nwhole loader on %s, %u workers, over %u x one thread of the reference\n",
            pack.c_str(), settings.workers, settings.workers);
    fprintf(out, "  %-28s %-24s %-24s %8s  %s\n", "", "ratio", "of CPU time", "images/s", "bar");
    MeasureLoader(out, folder, settings, codec, pack, &files, &json);
  }
  json.Write(json_path);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Run(Arguments(argc, argv,
                  {"rounds", "epochs", "workers", "max-side", "quality", "jpeg", "coef", "json"}));
    return 0;
  } catch (const std::exception& failure) {
    fprintf(stderr, "bench_pack: %s\n", failure.what());
    return 1;
  }
}
