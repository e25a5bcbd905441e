// Mixing a batch in place beside a copy of it, on one thread, and what R-Mix costs a sample part by
// part. The kinds take turns, so that what else the machine does meets all of them alike.
//
// usage: bench_mix [--batch N] [--side N] [--rounds N] [--dtype u8|f16|bf16|f32] [--json FILE|-]
//   --batch   samples (256), --side: of the square pictures (224), --rounds: medians of so many (9)
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "loader/host_memory.h"
#include "loader/mix/mix_apply.h"
#include "loader/mix/mixer.h"
#include "loader/saliency/saliency.h"
#include "simd/target.h"
#include "simd/ycc.h"

namespace {

using namespace headrace;          // NOLINT: a program, not a library
using namespace headrace::bench;   // NOLINT
using namespace headrace::loader;  // NOLINT

// The bars: Mixup and CutMix against the copy, and R-Mix a sample without a model.
constexpr double kCopiesMax = 1.3;
constexpr double kRmixMsMax = 0.5;

simd::Dtype DtypeOf(const std::string& name) {
  if (name == "u8") return simd::Dtype::kU8;
  if (name == "f16") return simd::Dtype::kF16;
  if (name == "bf16") return simd::Dtype::kBF16;
  if (name.empty() || name == "f32") return simd::Dtype::kF32;
  Fail("--dtype: u8, f16, bf16 or f32 was expected, not " + name);
}

HostMemory Memory(size_t bytes) {
  auto memory = HostMemory::Map(bytes, HostMemory::Pages::kHuge);
  if (!memory.ok()) Fail("cannot take memory for a batch");
  memset(memory->data(), 1, bytes);
  return std::move(*memory);
}

// One thing to measure: milliseconds of CPU of one call, in every round.
struct Case {
  std::string name;
  std::function<void()> run;
  double parts = 1;  // calls' worth in one run, for those that are short
  std::vector<double> ms;
};

struct Drawn {
  std::unique_ptr<Mixer> mixer;
  BatchMix mix;
};

// A batch's draws by `config`; the first batch whose lambda is neither 0 nor 1.
std::shared_ptr<Drawn> Draw(const MixConfig& config, const BatchShape& shape) {
  auto drawn = std::make_shared<Drawn>();
  ConfigError error;
  if (!Mixer::Make({&config, 1}, shape, &drawn->mixer, &error)) Fail(error.text);
  drawn->mixer->Prepare(&drawn->mix);
  std::vector<int64_t> ids(shape.batch_size);
  std::vector<uint8_t> valid(shape.batch_size, 1);
  std::vector<float> lambda(shape.batch_size);
  std::vector<int32_t> partner(shape.batch_size);
  std::vector<float> map(kSaliencyCells);
  for (uint64_t batch = 0; batch < 1000; ++batch) {
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(batch * ids.size() + i);
    uint32_t patches = 0;
    if (drawn->mixer->WantsSaliency(1, 0, batch, &patches) != nullptr) {
      for (uint32_t i = 0; i < shape.batch_size; ++i) {
        for (size_t k = 0; k < map.size(); ++k) {
          map[k] = static_cast<float>((i * 7919 + k * k) % 1009);
        }
        drawn->mixer->KeepSaliency(&drawn->mix, i, patches, map.data());
      }
    }
    drawn->mixer->Draw(1, 0, batch, ids, valid, &drawn->mix, lambda, partner);
    if (drawn->mix.kind != MixKind::kNone && lambda[0] > 0.3f && lambda[0] < 0.7f) return drawn;
  }
  Fail("no batch of " + config.op + " has a lambda in the middle");
}

MixConfig ConfigOf(const char* op, MixMode mode) {
  MixConfig config;
  config.op = op;
  config.alpha = 1.0;
  config.mode = mode;
  return config;
}

class Bench {
 public:
  explicit Bench(const Arguments& arguments)
      : rounds_(arguments.Count("rounds", 9)),
        shape_{.batch_size = arguments.Count("batch", 256),
               .channels = 3,
               .height = arguments.Count("side", 224),
               .width = arguments.Count("side", 224),
               .dtype = DtypeOf(arguments.Text("dtype")),
               .classes = 1000},
        images_(Memory(bytes())),
        copy_(Memory(bytes())),
        scratch_(Memory(kMixScratchBytes)),
        saliency_scratch_(Memory(SaliencyScratchBytes(size()))),
        pixels_(size_t{3} * shape_.height * shape_.width),
        rgb_(pixels_.size()),
        map_(kSaliencyCells) {
    uint32_t state = 1;
    for (uint8_t& byte : pixels_) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<uint8_t>(state >> 24);
    }
    // Numbers as training has them: neither tiny nor infinite, in every type.
    std::vector<float> row(shape_.sample_elements());
    for (float& value : row) {
      state = state * 1664525 + 1013904223;
      value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
    }
    for (uint32_t i = 0; i < shape_.batch_size && shape_.dtype == simd::Dtype::kF32; ++i) {
      memcpy(images_.data() + i * shape_.sample_bytes(), row.data(), shape_.sample_bytes());
    }
  }

  void Run(JsonReport* report) {
    AddBatchCases();
    AddSampleCases();
    for (uint32_t round = 0; round < rounds_ + 1; ++round) {
      for (Case& one : cases_) {
        const int64_t begin = ThreadCpuNs();
        one.run();
        const double ms = static_cast<double>(ThreadCpuNs() - begin) / 1e6 / one.parts;
        if (round > 0) one.ms.push_back(ms);  // the first one warms up
      }
    }
    Print(report);
  }

 private:
  size_t bytes() const { return shape_.batch_size * shape_.sample_bytes(); }
  SizePx size() const { return {shape_.width, shape_.height}; }
  ConstImageView picture() const {
    return {pixels_.data(), shape_.width, shape_.height, 3, size_t{shape_.width} * 3};
  }

  void AddMix(const std::string& name, const MixConfig& config) {
    const auto drawn = Draw(config, shape_);
    cases_.push_back({name, [this, drawn] {
                        drawn->mixer->ApplyBand(drawn->mix, images_.data(), shape_.batch_size, 0, 1,
                                                scratch_.span());
                      }});
  }

  void AddBatchCases() {
    cases_.push_back({"copy", [this] { memcpy(copy_.data(), images_.data(), bytes()); }});
    AddMix("mixup", ConfigOf("mixup", MixMode::kBatch));
    AddMix("mixup/pair", ConfigOf("mixup", MixMode::kPair));
    AddMix("mixup/element", ConfigOf("mixup", MixMode::kElement));
    AddMix("cutmix", ConfigOf("cutmix", MixMode::kBatch));
    AddMix("cutmix/element", ConfigOf("cutmix", MixMode::kElement));
    for (const uint32_t patches : {2u, 4u}) {
      MixConfig config = ConfigOf("rmix", MixMode::kBatch);
      config.rmix.patches = {patches};
      AddMix("rmix/" + std::to_string(patches), config);
    }
  }

  void AddSampleCases() {
    constexpr int kRepeat = 32;
    const auto add = [this](const std::string& name, auto run) {
      cases_.push_back({"sample/" + name,
                        [run] {
                          for (int i = 0; i < kRepeat; ++i) run();
                        },
                        kRepeat});
    };
    for (const auto& [name, estimator] : {std::pair{"sr", SaliencyEstimator::kSr},
                                          {"sobel", SaliencyEstimator::kSobel},
                                          {"contrast", SaliencyEstimator::kContrast}}) {
      add(name, [this, e = estimator] {
        EstimateSaliency(e, true, picture(), map_, saliency_scratch_.span());
      });
    }
    add("planes_to_rgb", [this] {
      const size_t plane = pixels_.size() / 3;
      const ConstImageView planes[3] = {Plane(0), Plane(plane), Plane(2 * plane)};
      simd::PlanesToRgb(planes,
                        {rgb_.data(), shape_.width, shape_.height, 3, size_t{shape_.width} * 3});
    });
    add("pool_and_mask", [this] {
      float pooled[16];
      PoolSaliency(map_.data(), kSaliencySide, kSaliencySide, kSaliencySide, 4, pooled);
      threshold_ = threshold_ + QuantileOf(pooled, 16, 0.55f);
    });
  }

  ConstImageView Plane(size_t begin) const {
    return {pixels_.data() + begin, shape_.width, shape_.height, 1, shape_.width};
  }

  double Median(const std::string& name) const {
    for (const Case& one : cases_) {
      if (one.name == name) return SpreadOf(one.ms).median;
    }
    Fail("no case " + name);
  }

  void Print(JsonReport* report) const {
    const std::vector<double>& copies = cases_.front().ms;
    std::printf("%u x 3 x %u x %u, %.0f MB, %s\n", shape_.batch_size, shape_.height, shape_.width,
                static_cast<double>(bytes()) / 1e6, simd::CurrentTarget().c_str());
    std::printf("%-24s %26s %26s\n", "", "ms", "of a copy");
    for (const Case& one : cases_) {
      std::string ratio;
      if (one.parts == 1) {
        std::vector<double> ratios;
        for (size_t r = 0; r < copies.size(); ++r) ratios.push_back(one.ms[r] / copies[r]);
        ratio = SpreadText(SpreadOf(ratios));
        report->Values(one.name + "_of_copy", SpreadOf(ratios));
      }
      std::printf("%-24s %26s %26s\n", one.name.c_str(), SpreadText(SpreadOf(one.ms)).c_str(),
                  ratio.c_str());
      report->Values(one.name + "_ms", SpreadOf(one.ms));
    }
    const double rmix = Median("sample/sr") + Median("sample/planes_to_rgb") +
                        Median("sample/pool_and_mask") + Median("rmix/4") / shape_.batch_size;
    const double copy = Median("copy");
    const double worst = std::max({Median("mixup"), Median("mixup/pair"), Median("mixup/element"),
                                   Median("cutmix"), Median("cutmix/element")}) /
                         copy;
    std::printf(
        "mixup and cutmix at most %.2f copies (bar %.1f); rmix with sr %.3f ms a sample (bar "
        "%.1f)\n",
        worst, kCopiesMax, rmix, kRmixMsMax);
    report->Number("rmix_sr_sample_ms", rmix);
  }

  const uint32_t rounds_;
  const BatchShape shape_;
  HostMemory images_;
  HostMemory copy_;
  HostMemory scratch_;
  HostMemory saliency_scratch_;
  std::vector<uint8_t> pixels_;
  std::vector<uint8_t> rgb_;
  std::vector<float> map_;
  volatile float threshold_ = 0;
  std::vector<Case> cases_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    const Arguments arguments(argc, argv, {"batch", "side", "rounds", "dtype", "json"});
    JsonReport report;
    Bench(arguments).Run(&report);
    report.Write(arguments.Text("json"));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_mix: %s\n", error.what());
    return 1;
  }
}
