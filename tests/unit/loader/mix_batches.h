// Batches and draws for the mix tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "loader/mix/mixer.h"

namespace headrace::loader {

inline BatchShape Shape(uint32_t batch_size, uint32_t height, uint32_t width,
                        simd::Dtype dtype = simd::Dtype::kF32,
                        simd::Layout layout = simd::Layout::kNchw, uint32_t channels = 3) {
  return {.batch_size = batch_size,
          .channels = channels,
          .height = height,
          .width = width,
          .dtype = dtype,
          .layout = layout,
          .classes = 5};
}

inline MixConfig Entry(std::string op, double alpha = 0.4, double weight = 1.0) {
  MixConfig entry;
  entry.op = std::move(op);
  entry.alpha = alpha;
  entry.weight = weight;
  return entry;
}

inline std::unique_ptr<Mixer> MakeMixer(const std::vector<MixConfig>& entries,
                                        const BatchShape& shape) {
  std::unique_ptr<Mixer> mixer;
  ConfigError error;
  EXPECT_TRUE(Mixer::Make(entries, shape, &mixer, &error)) << error.text;
  return mixer;
}

struct Drawn {
  BatchMix mix;
  std::vector<float> lambda;
  std::vector<int32_t> partner;
};

// The samples' ids, which tests know by this.
inline std::vector<int64_t> IdsOf(size_t count, uint64_t batch) {
  std::vector<int64_t> ids(count);
  for (size_t i = 0; i < count; ++i) ids[i] = static_cast<int64_t>(batch * count + i);
  return ids;
}

// `valid` empty: all are.
inline Drawn DrawBatch(const Mixer& mixer, size_t count, uint64_t batch,
                       std::vector<uint8_t> valid = {}, uint64_t seed = 1, uint32_t epoch = 0) {
  if (valid.empty()) valid.assign(count, 1);
  Drawn drawn;
  mixer.Prepare(&drawn.mix);
  drawn.lambda.assign(count, -1.0f);
  drawn.partner.assign(count, -1);
  mixer.Draw(seed, epoch, batch, IdsOf(count, batch), valid, &drawn.mix, drawn.lambda,
             drawn.partner);
  return drawn;
}

// A mixer's scratch, 64-byte aligned, with a guard right behind it.
class Scratch {
 public:
  explicit Scratch(const Mixer& mixer)
      : bytes_(mixer.BandScratchBytes()), storage_(bytes_ + 64 + kGuardBytes, std::byte{0xA5}) {}
  std::span<std::byte> span() { return {Begin(), bytes_}; }
  bool GuardIsWhole() {
    return std::all_of(Begin() + bytes_, Begin() + bytes_ + kGuardBytes,
                       [](std::byte b) { return b == std::byte{0xA5}; });
  }

 private:
  static constexpr size_t kGuardBytes = 64;
  std::byte* Begin() {
    const auto address = reinterpret_cast<uintptr_t>(storage_.data());
    return storage_.data() + ((address + 63) / 64 * 64 - address);
  }
  size_t bytes_;
  std::vector<std::byte> storage_;
};

}  // namespace headrace::loader
