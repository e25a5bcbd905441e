// Any bytes into the decoders. Fails on a crash, on kInternal, and when a region differs from the
// same rectangle of the whole picture.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "codecs/decoder_set.h"

namespace headrace::codecs {
namespace {

// Small enough that no input is slow.
constexpr Limits kLimits{.max_pixels = 1 << 18,
                         .max_decoded_bytes = 4 << 20,
                         .max_encoded_bytes = 1 << 20,
                         .jpeg_memory = 16 << 20};

void Require(bool condition) {
  if (!condition) __builtin_trap();
}

struct Outcome {
  Status status;
  std::vector<uint8_t> rgb;
};

Outcome DecodeRegion(Decoder& decoder, const RectPx& region) {
  static std::vector<std::byte> memory(kLimits.max_decoded_bytes + 64);
  void* aligned = memory.data();
  size_t space = memory.size();
  std::align(64, kLimits.max_decoded_bytes, aligned, space);
  const uint64_t needed_bytes = decoder.ScratchBytes(region);
  const size_t scratch_bytes = std::min(needed_bytes, kLimits.max_decoded_bytes);
  ConstImageView pixels;
  DecodeReport report;
  Outcome out;
  out.status =
      decoder.Decode(region, {static_cast<std::byte*>(aligned), scratch_bytes}, &pixels, &report);
  Require(out.status.code() != Code::kInternal);
  if (!out.status.ok()) return out;
  Require(pixels.size() == region.size() && pixels.channels == 3);
  for (uint32_t y = 0; y < pixels.height; ++y) {
    out.rgb.insert(out.rgb.end(), pixels.Row(y), pixels.Row(y) + pixels.row_bytes());
  }
  return out;
}

// A rectangle that depends on the input only.
RectPx SomeRegion(SizePx size, std::span<const std::byte> file) {
  uint32_t hash = 2166136261u;
  for (const std::byte byte : file) hash = (hash ^ std::to_integer<uint32_t>(byte)) * 16777619u;
  RectPx region;
  region.x = hash % size.width;
  region.y = (hash >> 8) % size.height;
  region.width = 1 + (hash >> 16) % (size.width - region.x);
  region.height = 1 + (hash >> 20) % (size.height - region.y);
  return region;
}

void CheckFile(Decoder& decoder, std::span<const std::byte> file, const DecodeOptions& options) {
  ImageInfo info;
  const Status header = decoder.ReadHeader(file, kLimits, options, &info);
  Require(header.code() != Code::kInternal);
  if (!header.ok()) return;
  const RectPx all{0, 0, info.upright.width, info.upright.height};
  const Outcome whole = DecodeRegion(decoder, all);
  const RectPx region = SomeRegion(info.upright, file);
  const Outcome part = DecodeRegion(decoder, region);
  if (!whole.status.ok()) return;
  Require(part.status.ok());
  for (uint32_t y = 0; y < region.height; ++y) {
    const size_t row_bytes = size_t{region.width} * 3;
    const uint8_t* expected = whole.rgb.data() + (size_t{region.y + y} * all.width + region.x) * 3;
    Require(std::equal(expected, expected + row_bytes, part.rgb.data() + y * row_bytes));
  }
}

}  // namespace
}  // namespace headrace::codecs

extern "C" __attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const uint8_t* data,
                                                                             size_t size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace headrace::codecs;  // NOLINT: a harness, not a library
  static const std::unique_ptr<Decoder> decoder = [] {
    auto made = MakeDecoderSet(kLimits);
    Require(made.ok());
    return std::move(made.value());
  }();
  const std::span<const std::byte> file = std::as_bytes(std::span(data, size));
  CheckFile(*decoder, file, {});
  CheckFile(*decoder, file, {.exif = false, .blend_alpha = true, .background = {1, 2, 3}});
  return 0;
}
