// The kernels of simd/ on one thread, on every target of this machine.
//
//   bench_simd --benchmark_filter='Resize.*AVX2'
//
// Bytes per second are of the source for resize, flip, turn and the inverse DCT, and of the output
// otherwise.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/each_target.h"
#include "simd/blend.h"
#include "simd/convert.h"
#include "simd/flip.h"
#include "simd/idct.h"
#include "simd/planes_resize.h"
#include "simd/resize.h"
#include "simd/target.h"
#include "simd/ycc.h"

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

struct PlanesCase {
  const char* name;
  SizePx source;
  uint8_t shift_across;
  uint8_t shift_down;
  Filter filter;
};

constexpr PlanesCase kPlanesCases[] = {
    {"500x375_444", {500, 375}, 0, 0, Filter::kBilinear},
    {"500x375_422", {500, 375}, 1, 0, Filter::kBilinear},
    {"500x375_420", {500, 375}, 1, 1, Filter::kBilinear},
    {"300x250_444", {300, 250}, 0, 0, Filter::kBilinear},
    {"300x250_420", {300, 250}, 1, 1, Filter::kBilinear},
    {"150x120_420", {150, 120}, 1, 1, Filter::kBilinear},
    {"640x640_444", {640, 640}, 0, 0, Filter::kBilinear},
    {"1600x1200_444", {1600, 1200}, 0, 0, Filter::kBilinear},
    {"500x375_444_bicubic", {500, 375}, 0, 0, Filter::kBicubic},
    {"500x375_444_lanczos", {500, 375}, 0, 0, Filter::kLanczos},
};

// To 224x224; what is shown begins between two samples, as crops of reduced pictures do.
void BenchResizePlanes(benchmark::State& state, const std::string& target, const PlanesCase& job) {
  if (!ForceTarget(target).ok()) return state.SkipWithError("target");
  constexpr SizePx kOut = {224, 224};
  PlanarPicture source = {.count = 3, .left = 0.5, .top = 0.5};
  source.width = job.source.width - 1;
  source.height = job.source.height - 1;
  std::vector<uint8_t> samples[3];
  std::vector<uint8_t> out[3];
  ImageView planes[3];
  size_t bytes_in = 0;
  for (uint32_t p = 0; p < 3; ++p) {
    const PlaneGrid across = {p > 0 ? job.shift_across : uint8_t{0}, 0};
    const PlaneGrid down = {p > 0 ? job.shift_down : uint8_t{0}, 0};
    const uint32_t width = ((job.source.width - 1) >> across.shift) + 1;
    const uint32_t height = ((job.source.height - 1) >> down.shift) + 1;
    samples[p] = Noise(size_t{width} * height);
    out[p].resize(size_t{kOut.width} * kOut.height);
    source.plane[p] = {samples[p].data(), width, height, 1, width};
    source.across[p] = across;
    source.down[p] = down;
    planes[p] = {out[p].data(), kOut.width, kOut.height, 1, kOut.width};
    bytes_in += samples[p].size();
  }
  const size_t bytes = ResizePlanesScratchBytes(source, kOut, job.filter);
  const std::unique_ptr<void, Free> scratch(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
  for (auto _ : state) {
    ResizePlanes(source, job.filter, planes, {static_cast<std::byte*>(scratch.get()), bytes});
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes_in));
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

// A picture of 500 x 375 in planes, chroma of which is halved on both axes or on none.
void BenchUpsample(benchmark::State& state, const std::string& target, uint8_t shift) {
  if (!ForceTarget(target).ok()) return state.SkipWithError("target");
  const std::vector<uint8_t> in = Noise(500 * 375);
  std::vector<uint8_t> out(in.size() * 3);
  UpsampleJob job;
  job.source.count = 3;
  job.source.width = 500;
  job.source.height = 375;
  job.source.plane[0] = {in.data(), 500, 375, 1, 500};
  for (size_t i = 1; i < 3; ++i) {
    job.source.plane[i] = {in.data() + 5000 * i, 500u >> shift, (375u + shift) >> shift, 1,
                           500u >> shift};
    if (shift == 0) job.source.plane[i] = job.source.plane[0];
    job.source.across[i].shift = shift;
    job.source.down[i].shift = shift;
  }
  const size_t bytes = UpsampleScratchBytes(500);
  const std::unique_ptr<void, Free> scratch(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
  for (auto _ : state) {
    UpsampleToRgb(job, {out.data(), 500, 375, 3, 1500},
                  {static_cast<std::byte*>(scratch.get()), bytes});
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * out.size()));
}

// Three planes of 224 x 224, as a batch's picture has them before its last step.
struct BenchPlanes {
  std::vector<uint8_t> bytes = Noise(3 * 224 * 224);
  ConstImageView views[3] = {{bytes.data(), 224, 224, 1, 224},
                             {bytes.data() + 50176, 224, 224, 1, 224},
                             {bytes.data() + 2 * 50176, 224, 224, 1, 224}};
};

void BenchPlanesToRgb(benchmark::State& state, const std::string& target) {
  if (!ForceTarget(target).ok()) return state.SkipWithError("target");
  const BenchPlanes planes;
  std::vector<uint8_t> out(planes.bytes.size());
  for (auto _ : state) {
    PlanesToRgb(planes.views, {out.data(), 224, 224, 3, 672});
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * out.size()));
}

void BenchConvertPlanes(benchmark::State& state, const std::string& target, Dtype dtype,
                        Layout layout, FlipColumns flip) {
  if (!ForceTarget(target).ok()) return state.SkipWithError("target");
  const double mean[3] = {0.485, 0.456, 0.406};
  const double std[3] = {0.229, 0.224, 0.225};
  const ConvertTable table = MakeConvertTable(dtype, layout, 3, mean, std);
  const BenchPlanes planes;
  std::vector<uint8_t> out(planes.bytes.size() * DtypeBytes(dtype));
  for (auto _ : state) {
    ConvertPlanes(planes.views, flip, table, out.data());
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

// The last coefficients of the run's blocks.
struct IdctCase {
  const char* name;
  uint8_t last;
};
constexpr IdctCase kIdctCases[] = {{"dense", 63}, {"corner", 9}, {"flat", 0}};

// A row of blocks of a picture 480 wide. Bytes are those of the coefficients.
void BenchIdct(benchmark::State& state, const std::string& target, IdctSize size, uint8_t last) {
  if (!ForceTarget(target).ok()) return state.SkipWithError("target");
  constexpr uint32_t kBlocks = 60;
  constexpr size_t kCoefficients = size_t{kBlocks} * kIdctBlockCoefficients;
  const std::vector<uint16_t> divisors(kIdctBlockCoefficients, 7);
  IdctTable table;
  MakeIdctTable(divisors.data(), &table);
  // Nothing but `lasts` decides what is done: it does not matter that the second iteration finds
  // coefficients that the first one cleared.
  const std::unique_ptr<void, Free> memory(std::aligned_alloc(64, kCoefficients * 2));
  auto* coefficients = static_cast<int16_t*>(memory.get());
  std::fill_n(coefficients, kCoefficients, int16_t{1});
  const std::vector<uint8_t> lasts(kBlocks, last);
  const size_t stride = kBlocks * static_cast<size_t>(size);
  std::vector<uint8_t> out(stride * static_cast<size_t>(size));
  for (auto _ : state) {
    Idct({coefficients, lasts.data(), kBlocks, out.data(), stride}, table, size);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kCoefficients * 2));
  state.counters["s/block"] = benchmark::Counter(
      kBlocks, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void Register(const std::string& target) {
  const auto add = [&target](const std::string& name, auto function, auto... arguments) {
    benchmark::RegisterBenchmark((name + "/" + target).c_str(), function, target, arguments...)
        ->Unit(benchmark::kMicrosecond);
  };
  for (const ResizeCase& job : kResizeCases)
    add(std::string("Resize/") + job.name, BenchResize, job);
  for (const PlanesCase& job : kPlanesCases) {
    add(std::string("ResizePlanes/") + job.name, BenchResizePlanes, job);
  }
  const std::pair<const char*, Dtype> dtypes[] = {
      {"u8", Dtype::kU8}, {"f16", Dtype::kF16}, {"bf16", Dtype::kBF16}, {"f32", Dtype::kF32}};
  for (const auto& [name, dtype] : dtypes) {
    const std::string convert = std::string("Convert/224x224_") + name;
    add(convert + "_nchw", BenchConvert, dtype, Layout::kNchw, FlipColumns::kNo);
    add(convert + "_nchw_flip", BenchConvert, dtype, Layout::kNchw, FlipColumns::kYes);
    add(convert + "_nhwc", BenchConvert, dtype, Layout::kNhwc, FlipColumns::kNo);
    const std::string planes = std::string("ConvertPlanes/224x224_") + name;
    add(planes + "_nchw", BenchConvertPlanes, dtype, Layout::kNchw, FlipColumns::kNo);
    add(planes + "_nchw_flip", BenchConvertPlanes, dtype, Layout::kNchw, FlipColumns::kYes);
    add(planes + "_nhwc", BenchConvertPlanes, dtype, Layout::kNhwc, FlipColumns::kNo);
    add(std::string("Blend/224x224_") + name, BenchBlend, dtype);
  }
  add("PlanesToRgb/224x224", BenchPlanesToRgb);
  add("UpsampleToRgb/500x375_444", BenchUpsample, uint8_t{0});
  add("UpsampleToRgb/500x375_420", BenchUpsample, uint8_t{1});
  const std::pair<const char*, IdctSize> sizes[] = {
      {"8x8", IdctSize::k8}, {"4x4", IdctSize::k4}, {"2x2", IdctSize::k2}, {"1x1", IdctSize::k1}};
  for (const auto& [name, size] : sizes) {
    for (const IdctCase& job : kIdctCases) {
      add(std::string("Idct/") + name + "_" + job.name, BenchIdct, size, job.last);
    }
  }
  add("Orient/1600x1200_flip", BenchOrient, uint8_t{2});
  add("Orient/1600x1200_quarter_turn", BenchOrient, uint8_t{6});
}

}  // namespace
}  // namespace headrace::simd

int main(int argc, char** argv) {
  return headrace::bench::RunOnEachTarget(argc, argv, headrace::simd::Register);
}
