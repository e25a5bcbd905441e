// Adversarial colour enhancement without the model: what a step costs for a picture of 224 x 224.
//
// The bar: filter and gradient of a picture at most 0.3 ms on one thread.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "loader/augment/color_curve.h"
#include "loader/mix/ace_attack.h"
#include "loader/mix/ace_gradient.h"
#include "loader/mix/model_room.h"

namespace {

using namespace headrace;          // NOLINT: a program of one file
using namespace headrace::loader;  // NOLINT

constexpr uint32_t kSide = 224;
constexpr size_t kPlane = size_t{kSide} * kSide;
constexpr uint32_t kPieces = 64;

enum class Content { kNoise, kConstant };

std::vector<uint8_t> Pixels(Content content, size_t count) {
  RandomStream stream({.seed = 1, .name = "bench"});
  std::vector<uint8_t> pixels(count, 77);
  // A photograph's: near to its neighbour.
  int value = 128;
  for (uint8_t& pixel : pixels) {
    if (content == Content::kConstant) break;
    value = (value + static_cast<int>(stream.NextBelow(17)) - 8) & 255;
    pixel = static_cast<uint8_t>(value);
  }
  return pixels;
}

BatchShape Shape(uint32_t rows, simd::Layout layout) {
  return {.batch_size = rows,
          .channels = 3,
          .height = kSide,
          .width = kSide,
          .layout = layout,
          .classes = 10};
}

void Forward(benchmark::State& state, simd::Layout layout) {
  const BatchShape shape = Shape(1, layout);
  std::vector<std::byte> memory(ModelRoom::Bytes(shape, 1, false) + 64);
  ModelRoom room(shape, 1, false, memory);
  std::vector<uint8_t> pixels = Pixels(Content::kNoise, 3 * kPlane);
  const int64_t label = 1;
  const ModelBatch batch{.rows = 1, .pixels = pixels.data(), .labels = &label};
  const std::vector<double> parameters(kPieces, 1.0 / kPieces);
  for (auto _ : state) {
    ValueTable table;
    for (auto& channel : table) {
      double curve[256];
      FillCurve(parameters, curve);
      for (size_t v = 0; v < 256; ++v) channel[v] = static_cast<float>(curve[v]);
    }
    room.SetRow(0, batch, 0, table);
    benchmark::DoNotOptimize(memory.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(Forward, nchw, simd::Layout::kNchw)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Forward, nhwc, simd::Layout::kNhwc)->Unit(benchmark::kMicrosecond);

void Histogram(benchmark::State& state, Content content, int64_t stride) {
  const std::vector<uint8_t> pixels = Pixels(content, 3 * kPlane);
  const std::vector<float> grad(3 * kPlane, 0.25f);
  for (auto _ : state) {
    for (size_t c = 0; c < 3; ++c) {
      double sums[256];
      const float* plane = grad.data() + (stride == 1 ? c * kPlane : c);
      SumByValue(pixels.data() + c * kPlane, kSide, kSide, {plane, kSide * stride, stride}, sums);
      benchmark::DoNotOptimize(sums);
    }
  }
}
BENCHMARK_CAPTURE(Histogram, noise, Content::kNoise, 1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Histogram, noise_nhwc, Content::kNoise, 3)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Histogram, constant, Content::kConstant, 1)->Unit(benchmark::kMicrosecond);

void Parameters(benchmark::State& state) {
  const std::vector<double> parameters(kPieces, 1.0 / kPieces);
  double sums[256];
  for (int v = 0; v < 256; ++v) sums[v] = v;
  std::vector<double> gradient(kPieces);
  for (auto _ : state) {
    for (int c = 0; c < 3; ++c) CurveGradient(parameters, sums, gradient);
    benchmark::DoNotOptimize(gradient.data());
  }
}
BENCHMARK(Parameters)->Unit(benchmark::kMicrosecond);

// All of it but the model: 16 pictures, 5 steps; the time of a picture and step is `step`.
void Attack(benchmark::State& state) {
  constexpr uint32_t kRows = 16;
  const BatchShape shape = Shape(kRows, simd::Layout::kNchw);
  std::vector<std::byte> room_memory(ModelRoom::Bytes(shape, kRows, false) + 64);
  std::vector<std::byte> memory(AceAttack::Bytes(shape) + 64);
  ModelRoom room(shape, kRows, false, room_memory);
  const OutputScale scale;
  const simd::ConvertTable convert =
      simd::MakeConvertTable(simd::Dtype::kF32, simd::Layout::kNchw, 3, nullptr, nullptr);
  AceAttack attack(&room, convert, scale, memory);
  std::vector<uint8_t> pixels = Pixels(Content::kNoise, kRows * 3 * kPlane);
  std::vector<float> images(pixels.size());
  const std::vector<int64_t> labels(kRows, 1), ids(kRows, 1);
  const std::vector<uint8_t> valid(kRows, 1);
  const ModelBatch batch{.rows = kRows,
                         .pixels = pixels.data(),
                         .images = reinterpret_cast<std::byte*>(images.data()),
                         .labels = labels.data(),
                         .ids = ids.data(),
                         .valid = valid.data()};
  std::vector<float> grad(3 * kPlane, 0.5f);
  const ModelFn model = {[](void* context, const ModelRows& in, ModelAnswer* out) {
                           std::fill_n(out->loss, in.rows, 1.0f);
                           out->grad = static_cast<std::vector<float>*>(context)->data();
                           out->stride[0] = 0;
                           return 0;
                         },
                         &grad};
  const AceSettings settings;
  AceReport report;
  for (auto _ : state) {
    if (!attack.Run(settings, {.name = "mix/ace"}, model, batch, &report).ok())
      state.SkipWithError("");
  }
  state.counters["step"] = benchmark::Counter(
      double{1} * kRows * settings.config.steps,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(Attack)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
