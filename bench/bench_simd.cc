// The kernels of simd/ on one thread, on every target of this machine.
//
//   bench_simd --benchmark_filter='Resize.*AVX2'
//
// Bytes per second are of the source for resize, flip and turn, and of the output otherwise.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "simd/blend.h"
#include "simd/convert.h"
#include "simd/flip.h"
#include "simd/resize.h"
#include "simd/target.h"

namespace headrace::simd {
namespace {

std::vector<uint8_t> Noise(size_t bytes) {
  std::vector<uint8_t> noise(bytes);
  uint32_t state = 1;
  for (uint8_t& byte : noise) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<uint8_t>(state >> 24);
  }
  return noise;
}

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

struct ResizeCase {
  const char* name;
  SizePx source;
  SizePx target;
  uint32_t channels;
  Filter filter;
};

constexpr ResizeCase kResizeCases[] = {
    {"500x375_to_224", {500, 375}, {224, 224}, 3, Filter::kBilinear},
    {"300x250_to_224", {300, 250}, {224, 224}, 3, Filter::kBilinear},
    {"150x120_to_224", {150, 120}, {224, 224}, 3, Filter::kBilinear},
    {"1600x1200_to_224", {1600, 1200}, {224, 224}, 3, Filter::kBilinear},
    {"500x375_to_224_bicubic", {500, 375}, {224, 224}, 3, Filter::kBicubic},
    {"500x375_to_224_lanczos", {500, 375}, {224, 224}, 3, Filter::kLanczos},
    {"300x250_to_224_gray", {300, 250}, {224, 224}, 1, Filter::kBilinear},
};

void BenchResize(benchmark::State& state, const std::string& target, const ResizeCase& job) {
  if (!ForceTarget(target).ok()) return state.SkipWithError("target");
  const size_t row = size_t{job.source.width} * job.channels;
  const size_t out_row = size_t{job.target.width} * job.channels;
  const std::vector<uint8_t> in = Noise(row * job.source.height);
  std::vector<uint8_t> out(out_row * job.target.height);
  const size_t bytes = ResizeScratchBytes(job.source, job.target, job.channels, job.filter);
  const std::unique_ptr<void, Free> scratch(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
  for (auto _ : state) {
    Resize({in.data(), job.source.width, job.source.height, job.channels, row},
           {out.data(), job.target.width, job.target.height, job.channels, out_row}, job.filter,
           Mirror::kNo, {static_cast<std::byte*>(scratch.get()), bytes});
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * in.size()));
}

void BenchConvert(benchmark::State& state, const std::string& target, Dtype dtype, Layout layout,
                  FlipColumns flip) {
  if (!ForceTarget(target).ok()) return state.SkipWithError("target");
  const double mean[3] = {0.485, 0.456, 0.406};
  const double std[3] = {0.229, 0.224, 0.225};
  const ConvertTable table = MakeConvertTable(dtype, layout, 3, mean, std);
  const std::vector<uint8_t> in = Noise(224 * 224 * 3);
  std::vector<uint8_t> out(in.size() * DtypeBytes(dtype));
  for (auto _ : state) {
    Convert({in.data(), 224, 224, 3, 672}, flip, table, out.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * out.size()));
}

void BenchBlend(benchmark::State& state, const std::string& target, Dtype dtype) {
  if (!ForceTarget(target).ok()) return state.SkipWithError("target");
  constexpr size_t kCount = 224 * 224 * 3;
  std::vector<uint8_t> inout(kCount * DtypeBytes(dtype));
  const std::vector<uint8_t> other(inout.size());
  for (auto _ : state) {
    BlendInPlace(dtype, inout.data(), other.data(), 0.3f, kCount);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * inout.size()));
}

void BenchOrient(benchmark::State& state, const std::string& target, uint8_t orientation) {
  if (!ForceTarget(target).ok()) return state.SkipWithError("target");
  const SizePx size = {1600, 1200};
  const SizePx upright = OrientedSize(size, orientation);
  const std::vector<uint8_t> in = Noise(size_t{size.width} * size.height * 3);
  std::vector<uint8_t> out(in.size());
  for (auto _ : state) {
    Orient({in.data(), size.width, size.height, 3, size_t{size.width} * 3}, orientation,
           {out.data(), upright.width, upright.height, 3, size_t{upright.width} * 3});
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * in.size()));
}

void Register(const std::string& target) {
  const auto add = [&target](const std::string& name, auto function, auto... arguments) {
    benchmark::RegisterBenchmark((name + "/" + target).c_str(), function, target, arguments...)
        ->Unit(benchmark::kMicrosecond);
  };
  for (const ResizeCase& job : kResizeCases)
    add(std::string("Resize/") + job.name, BenchResize, job);
  const std::pair<const char*, Dtype> dtypes[] = {
      {"u8", Dtype::kU8}, {"f16", Dtype::kF16}, {"bf16", Dtype::kBF16}, {"f32", Dtype::kF32}};
  for (const auto& [name, dtype] : dtypes) {
    const std::string convert = std::string("Convert/224x224_") + name;
    add(convert + "_nchw", BenchConvert, dtype, Layout::kNchw, FlipColumns::kNo);
    add(convert + "_nchw_flip", BenchConvert, dtype, Layout::kNchw, FlipColumns::kYes);
    add(convert + "_nhwc", BenchConvert, dtype, Layout::kNhwc, FlipColumns::kNo);
    add(std::string("Blend/224x224_") + name, BenchBlend, dtype);
  }
  add("Orient/1600x1200_flip", BenchOrient, uint8_t{2});
  add("Orient/1600x1200_quarter_turn", BenchOrient, uint8_t{6});
}

}  // namespace
}  // namespace headrace::simd

int main(int argc, char** argv) {
  for (const std::string& target : headrace::simd::SupportedTargets()) {
    headrace::simd::Register(target);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
