#include "jpeg_runner.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace headrace::codecs {
namespace {

constexpr size_t kGuardBytes = 64;

void Append(const ConstImageView& view, std::vector<uint8_t>* samples) {
  for (uint32_t y = 0; y < view.height; ++y) {
    samples->insert(samples->end(), view.Row(y), view.Row(y) + view.row_bytes());
  }
}

void ExpectGuarded(std::span<std::byte> scratch) {
  const std::byte* end = scratch.data() + scratch.size();
  EXPECT_TRUE(
      std::all_of(end, end + kGuardBytes, [](std::byte b) { return b == std::byte{0x5A}; }));
}

}  // namespace

Outcome JpegRunner::Rgb(const RectPx& region, DecodeCheckpoints* checkpoints) {
  Outcome outcome;
  decoder_->UseCheckpoints(checkpoints);
  ConstImageView view;
  const std::span<std::byte> scratch = Scratch(decoder_->ScratchBytes(region));
  outcome.status = decoder_->Decode(region, scratch, &view, &outcome.report);
  if (outcome.status.ok()) Append(view, &outcome.samples);
  ExpectGuarded(scratch);
  return outcome;
}

Outcome JpegRunner::Planes(const PlanesRequest& request, DecodeCheckpoints* checkpoints) {
  Outcome outcome;
  decoder_->UseCheckpoints(checkpoints);
  const std::span<std::byte> scratch = Scratch(decoder_->PlanesScratchBytes(request));
  outcome.status = decoder_->DecodePlanes(request, scratch, &outcome.shape, &outcome.report);
  if (outcome.status.ok()) {
    for (uint32_t c = 0; c < outcome.shape.count; ++c) {
      Append(outcome.shape.plane[c], &outcome.samples);
    }
  }
  ExpectGuarded(scratch);
  return outcome;
}

std::span<std::byte> JpegRunner::Scratch(uint64_t bytes) {
  memory_.assign(bytes + 64 + kGuardBytes, std::byte{0x5A});
  const uintptr_t at = reinterpret_cast<uintptr_t>(memory_.data());
  return {memory_.data() + (64 - at % 64) % 64, bytes};
}

}  // namespace headrace::codecs
