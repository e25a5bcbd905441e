// The warps of simd/ on one thread, on every target of this machine: 224x224 pictures.
//
//   bench_warp --benchmark_filter='Rotate.*AVX2'
//
// Bytes per second are of the output.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "bench/each_target.h"
#include "simd/target.h"
#include "simd/warp.h"

namespace headrace::simd {
namespace {

constexpr uint32_t kSide = 224;

std::vector<uint8_t> Noise(size_t bytes) {
  std::vector<uint8_t> noise(bytes);
  uint32_t state = 1;
  for (uint8_t& byte : noise) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<uint8_t>(state >> 24);
  }
  return noise;
}

AffineMatrix Rotation(double degrees) {
  const double t = -degrees * M_PI / 180;
  const double c = std::cos(t);
  const double s = std::sin(t);
  const double middle = kSide / 2.0;
  return {c, s, middle - c * middle - s * middle, -s, c, middle + s * middle - c * middle};
}

void BenchAffine(benchmark::State& state, const std::string& target, const AffineMatrix& m,
                 Interpolation interpolation, uint32_t channels) {
  if (!ForceTarget(target).ok()) return state.SkipWithError("target");
  const size_t row = kSide * channels;
  const std::vector<uint8_t> in = Noise(row * kSide);
  std::vector<uint8_t> out(row * kSide);
  for (auto _ : state) {
    WarpAffine({in.data(), kSide, kSide, channels, row}, m, interpolation, {1, 2, 3},
               {out.data(), kSide, kSide, channels, row});
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * out.size()));
}

void BenchCopy(benchmark::State& state, const std::string&) {
  const std::vector<uint8_t> in = Noise(kSide * kSide * 3);
  std::vector<uint8_t> out(in.size());
  for (auto _ : state) {
    std::copy(in.begin(), in.end(), out.begin());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * out.size()));
}

void Register(const std::string& target) {
  const auto add = [&target](const std::string& name, auto function, auto... arguments) {
    benchmark::RegisterBenchmark((name + "/" + target).c_str(), function, target, arguments...)
        ->Unit(benchmark::kMicrosecond);
  };
  const std::pair<const char*, Interpolation> interpolations[] = {
      {"nearest", Interpolation::kNearest},
      {"bilinear", Interpolation::kBilinear},
      {"bicubic", Interpolation::kBicubic}};
  for (const auto& [name, interpolation] : interpolations) {
    const std::string end = std::string("_") + name;
    add("Rotate/10" + end, BenchAffine, Rotation(10), interpolation, 3u);
    add("Rotate/30" + end, BenchAffine, Rotation(30), interpolation, 3u);
    add("Rotate/30_gray" + end, BenchAffine, Rotation(30), interpolation, 1u);
    add("ShearX" + end, BenchAffine, AffineMatrix{1, 0.17, 0, 0, 1, 0}, interpolation, 3u);
    add("ShearY" + end, BenchAffine, AffineMatrix{1, 0, 0, 0.17, 1, 0}, interpolation, 3u);
    add("Translate" + end, BenchAffine, AffineMatrix{1, 0, 17, 0, 1, -20}, interpolation, 3u);
    add("Scale" + end, BenchAffine, AffineMatrix{0.83, 0, 17, 0, 0.83, 20}, interpolation, 3u);
  }
  add("Copy", BenchCopy);
}

}  // namespace
}  // namespace headrace::simd

int main(int argc, char** argv) {
  return headrace::bench::RunOnEachTarget(argc, argv, headrace::simd::Register);
}
