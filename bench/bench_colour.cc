// The kernels of simd/point.h, simd/colour.h and simd/hue.h on one thread, on every target of this
// machine, on a picture of 224 x 224 RGB.
//
//   bench_colour --benchmark_filter='AVX3_VNNI'
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

#include "bench/each_target.h"
#include "simd/colour.h"
#include "simd/hue.h"
#include "simd/point.h"
#include "simd/target.h"

namespace headrace::simd {
namespace {

// Something between a photograph and noise: neighbours are near each other.
struct Picture {
  static constexpr uint32_t kSide = 224;
  std::vector<uint8_t> bytes = std::vector<uint8_t>(kSide * kSide * 3);

  Picture() {
    uint32_t state = 1;
    for (size_t i = 0; i < bytes.size(); ++i) {
      state = state * 1664525 + 1013904223;
      const size_t pixel = i / 3;
      bytes[i] = static_cast<uint8_t>(pixel % kSide + 60 * (i % 3) + pixel / 1000 + (state >> 28));
    }
  }
  ImageView view() { return {bytes.data(), kSide, kSide, 3, size_t{kSide} * 3}; }
};

template <class Kernel>
void Run(benchmark::State& state, const std::string& target, const Kernel& kernel) {
  if (!ForceTarget(target).ok()) return state.SkipWithError("target");
  Picture in;
  Picture out;
  for (auto _ : state) {
    kernel(in.view(), out.view());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * in.bytes.size()));
}

PointTables Tables(bool same) {
  PointTables tables;
  tables.same = same;
  for (uint32_t c = 0; c < 3; ++c) {
    for (uint32_t i = 0; i < 256; ++i) {
      tables.of[c][i] = static_cast<uint8_t>(i * (same ? 3 : 3 + c));
    }
  }
  return tables;
}

void Register(const std::string& target) {
  const auto add = [&target](const std::string& name, auto kernel) {
    benchmark::RegisterBenchmark((name + "/" + target).c_str(), [target,
                                                                 kernel](benchmark::State& state) {
      Run(state, target, kernel);
    })->Unit(benchmark::kMicrosecond);
  };
  add("Copy", [](const ImageView& in, const ImageView& out) {
    std::memcpy(out.data, in.data, in.stride_bytes * in.height);
  });
  add("ApplyTables/one", [](const ImageView& in, const ImageView& out) {
    static const PointTables tables = Tables(true);
    ApplyTables(in, tables, out);
  });
  add("ApplyTables/three", [](const ImageView& in, const ImageView& out) {
    static const PointTables tables = Tables(false);
    ApplyTables(in, tables, out);
  });
  add("CountValues", [](const ImageView& in, const ImageView&) {
    ChannelHistograms histograms;
    CountValues(in, &histograms);
    benchmark::DoNotOptimize(histograms);
  });
  add("FindMinMax", [](const ImageView& in, const ImageView&) {
    uint8_t ends[6];
    FindMinMax(in, ends, ends + 3);
    benchmark::DoNotOptimize(ends);
  });
  add("GraySum",
      [](const ImageView& in, const ImageView&) { benchmark::DoNotOptimize(GraySum(in)); });
  add("Grayscale", [](const ImageView& in, const ImageView& out) { Grayscale(in, out); });
  // Most factors between 0.5 and 1.5 are blended like the first, most others like the second; the
  // third is one of the few that are not blended in whole numbers.
  for (const float factor : {1.37f, 1.81f, 1.3f}) {
    const std::string name = std::to_string(factor).substr(0, 4);
    add("Saturate/" + name,
        [factor](const ImageView& in, const ImageView& out) { Saturate(in, factor, out); });
    add("Sharpen/" + name,
        [factor](const ImageView& in, const ImageView& out) { Sharpen(in, factor, out); });
  }
  add("ShiftHue", [](const ImageView& in, const ImageView& out) { ShiftHue(in, 30, out); });
  add("ShiftHueFloat",
      [](const ImageView& in, const ImageView& out) { ShiftHueFloat(in, 0.1f, out); });
}

}  // namespace
}  // namespace headrace::simd

int main(int argc, char** argv) {
  return headrace::bench::RunOnEachTarget(argc, argv, headrace::simd::Register);
}
