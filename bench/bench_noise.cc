// Noise and blur on one thread, on every target of this machine; a picture of 224x224 RGB.
//
//   bench_noise --benchmark_filter='Gaussian.*AVX2' --benchmark_repetitions=9
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "simd/blur.h"
#include "simd/noise.h"
#include "simd/poisson.h"
#include "simd/target.h"

namespace headrace::simd {
namespace {

constexpr SizePx kSize = {224, 224};
constexpr uint32_t kChannels = 3;
constexpr uint64_t kKey = 0x0123456789ABCDEF;

struct Pictures {
  Pictures() : in(size_t{kSize.width} * kSize.height * kChannels), out(in.size()) {
    uint32_t state = 1;
    for (uint8_t& byte : in) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<uint8_t>(state >> 24);
    }
  }
  ConstImageView source() const {
    return {in.data(), kSize.width, kSize.height, kChannels, size_t{kSize.width} * kChannels};
  }
  ImageView target() {
    return {out.data(), kSize.width, kSize.height, kChannels, size_t{kSize.width} * kChannels};
  }
  std::vector<uint8_t> in;
  std::vector<uint8_t> out;
};

template <class Run>
void Register(const std::string& name, const Run& run) {
  for (const std::string& target : SupportedTargets()) {
    benchmark::RegisterBenchmark((name + "/" + target).c_str(), [target,
                                                                 run](benchmark::State& state) {
      if (!ForceTarget(target).ok()) return state.SkipWithError("target");
      Pictures pictures;
      for (auto _ : state) {
        run(&pictures);
        benchmark::ClobberMemory();
      }
      state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * pictures.in.size()));
    })->Unit(benchmark::kMicrosecond);
  }
}

void RegisterAll() {
  Register("Copy", [](Pictures* p) { std::memcpy(p->out.data(), p->in.data(), p->in.size()); });
  Register("Words", [](Pictures* p) {
    MakeNoiseWords(kKey, 0, {reinterpret_cast<uint32_t*>(p->out.data()), p->out.size() / 4});
  });
  Register("Gaussian", [](Pictures* p) { AddGaussianNoise(p->source(), {}, kKey, p->target()); });
  Register("GaussianPerPixel", [](Pictures* p) {
    AddGaussianNoise(p->source(), {.per_channel = false}, kKey, p->target());
  });
  Register("Speckle", [](Pictures* p) { AddSpeckleNoise(p->source(), 0, 0.1, kKey, p->target()); });
  Register("SaltPepper",
           [](Pictures* p) { AddSaltPepperNoise(p->source(), {}, kKey, p->target()); });
  Register("SaltPepperPerChannel", [](Pictures* p) {
    AddSaltPepperNoise(p->source(), {.per_channel = true}, kKey, p->target());
  });
  for (const double peak : {3.0, 60.0, 255.0, 4096.0, 20000.0, 1e6}) {
    const auto table = std::make_shared<PoissonTable>();
    const std::string name = std::to_string(static_cast<int>(peak));
    MakePoissonTable(peak, table.get());
    Register("Poisson/" + name,
             [table](Pictures* p) { AddPoissonNoise(p->source(), *table, kKey, p->target()); });
    Register("PoissonTable/" + name,
             [table, peak](Pictures*) { MakePoissonTable(peak, table.get()); });
  }
  for (const uint32_t size : {3u, 5u, 7u, 23u, 31u, 63u}) {
    const GaussianKernel kernel = {size, size, 2.0};
    const auto scratch =
        std::make_shared<std::vector<std::byte>>(BlurScratchBytes(kSize, kChannels, kernel) + 64);
    Register("Blur/" + std::to_string(size), [kernel, scratch](Pictures* p) {
      const size_t odd = reinterpret_cast<uintptr_t>(scratch->data()) % 64;
      GaussianBlur(p->source(), kernel, p->target(), std::span(*scratch).subspan((64 - odd) % 64));
    });
  }
  Register("Fill", [](Pictures* p) { FillWithNoise({}, kKey, p->target()); });
}

}  // namespace
}  // namespace headrace::simd

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  headrace::simd::RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
