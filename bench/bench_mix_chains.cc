// AugMix's mixture on one thread, on every target of this machine; pictures of 224x224 RGB.
//
//   bench_mix_chains --benchmark_filter=AVX --benchmark_repetitions=9
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "simd/mix_chains.h"
#include "simd/target.h"

namespace headrace::simd {
namespace {

constexpr SizePx kSize = {224, 224};
constexpr uint32_t kChannels = 3;
constexpr size_t kStride = size_t{kSize.width} * kChannels;

struct Free {
  void operator()(std::byte* memory) const { operator delete[](memory, std::align_val_t{64}); }
};

struct Pictures {
  Pictures()
      : in(kStride * kSize.height),
        out(in.size()),
        memory(new (std::align_val_t{64}) std::byte[MixSumsBytes(kSize, kChannels)]) {
    uint32_t state = 1;
    for (uint8_t& byte : in) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<uint8_t>(state >> 24);
    }
    AddToMix(source(), 0.3f, MixSums::kBegin, sums());
  }
  ConstImageView source() const {
    return {in.data(), kSize.width, kSize.height, kChannels, kStride};
  }
  ImageView target() { return {out.data(), kSize.width, kSize.height, kChannels, kStride}; }
  std::span<std::byte> sums() { return {memory.get(), MixSumsBytes(kSize, kChannels)}; }

  std::vector<uint8_t> in;
  std::vector<uint8_t> out;
  std::unique_ptr<std::byte[], Free> memory;
};

template <class Run>
void Register(const std::string& name, const Run& run) {
  for (const std::string& target : SupportedTargets()) {
    const auto body = [target, run](benchmark::State& state) {
      if (!ForceTarget(target).ok()) return state.SkipWithError("target");
      Pictures pictures;
      for (auto _ : state) {
        run(&pictures);
        benchmark::ClobberMemory();
      }
      state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * pictures.in.size()));
    };
    benchmark::RegisterBenchmark((name + "/" + target).c_str(), body)
        ->Unit(benchmark::kMicrosecond);
  }
}

void RegisterAll() {
  Register("Copy", [](Pictures* p) { std::memcpy(p->out.data(), p->in.data(), p->in.size()); });
  Register("Begin", [](Pictures* p) { AddToMix(p->source(), 0.3f, MixSums::kBegin, p->sums()); });
  Register("GoOn", [](Pictures* p) { AddToMix(p->source(), 1e-9f, MixSums::kGoOn, p->sums()); });
  Register("Finish", [](Pictures* p) { FinishMix(p->source(), 0.7f, p->sums(), p->target()); });
}

}  // namespace
}  // namespace headrace::simd

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  headrace::simd::RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
