// Any bytes into the decoders of coefficient records. Fails on a crash, on kInternal, when a region
// or another SIMD target differs from the whole picture, and when what was decoded is not the same
// after it was encoded again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codecs/coef_record.h"
#include "simd/target.h"

namespace headrace::codecs {
namespace {

// Small enough that no input is slow.
constexpr Limits kLimits{.max_pixels = 1 << 16, .max_decoded_bytes = 4 << 20};

void Require(bool condition) {
  if (!condition) __builtin_trap();
}

struct Outcome {
  Code code = Code::kOk;
  std::vector<uint8_t> samples;
};

std::span<std::byte> Scratch(uint64_t bytes) {
  static std::vector<std::byte> memory(kLimits.max_decoded_bytes + 64);
  const uintptr_t at = reinterpret_cast<uintptr_t>(memory.data());
  return {memory.data() + (64 - at % 64) % 64, std::min(bytes, kLimits.max_decoded_bytes)};
}

void Append(const ConstImageView& view, std::vector<uint8_t>* samples) {
  for (uint32_t y = 0; y < view.height; ++y) {
    samples->insert(samples->end(), view.Row(y), view.Row(y) + view.row_bytes());
  }
}

Outcome Rgb(Decoder& decoder, const RectPx& region) {
  ConstImageView pixels;
  DecodeReport report;
  Outcome out;
  out.code = decoder.Decode(region, Scratch(decoder.ScratchBytes(region)), &pixels, &report).code();
  if (out.code != Code::kOk) return out;
  Require(pixels.size() == region.size() && pixels.channels == 3);
  Append(pixels, &out.samples);
  return out;
}

Outcome Planes(Decoder& decoder, const PlanesRequest& request) {
  simd::PlanarPicture picture;
  DecodeReport report;
  Outcome out;
  out.code =
      decoder.DecodePlanes(request, Scratch(decoder.PlanesScratchBytes(request)), &picture, &report)
          .code();
  if (out.code != Code::kOk) return out;
  for (uint32_t c = 0; c < picture.count; ++c) Append(picture.plane[c], &out.samples);
  return out;
}

bool Same(const Outcome& a, const Outcome& b) { return a.code == b.code && a.samples == b.samples; }

std::vector<uint8_t> Crop(const std::vector<uint8_t>& rgb, SizePx size, const RectPx& region) {
  std::vector<uint8_t> crop;
  for (uint32_t y = region.y; y < region.y + region.height; ++y) {
    const auto row = rgb.begin() + static_cast<ptrdiff_t>((size_t{y} * size.width + region.x) * 3);
    crop.insert(crop.end(), row, row + static_cast<ptrdiff_t>(size_t{region.width} * 3));
  }
  return crop;
}

void CheckRoundTrip(const JpegCoefficientImage& image) {
  std::vector<std::byte> record;
  Require(EncodeCoefRecord(image, &record).ok());
  JpegCoefficientImage again;
  Require(DecodeCoefRecord(record, kLimits, &again).ok());
  for (uint32_t c = 0; c < image.components; ++c) {
    Require(image.plane[c].coefficients == again.plane[c].coefficients);
  }
  Require(image.segments == again.segments);
}

void Check(std::span<const std::byte> record) {
  static const std::unique_ptr<Decoder> decoder = std::move(*MakeCoefDecoder());
  static const std::vector<std::string> targets = simd::SupportedTargets();
  JpegCoefficientImage image;
  const Status whole = DecodeCoefRecord(record, kLimits, &image);
  Require(whole.code() != Code::kInternal);
  ImageInfo info;
  const Status header = decoder->ReadHeader(record, kLimits, {}, &info);
  Require(header.code() != Code::kInternal);
  Require(header.ok() || !whole.ok());
  if (!header.ok()) return;

  const RectPx all = {0, 0, info.upright.width, info.upright.height};
  const Outcome rgb = Rgb(*decoder, all);
  if (whole.ok()) {
    Require(rgb.code == Code::kOk);
    CheckRoundTrip(image);
  }
  // Depends on the input only.
  uint32_t hash = 2166136261u;
  for (const std::byte byte : record) hash = (hash ^ std::to_integer<uint32_t>(byte)) * 16777619u;
  RectPx region;
  region.x = hash % all.width;
  region.y = (hash >> 8) % all.height;
  region.width = 1 + (hash >> 16) % (all.width - region.x);
  region.height = 1 + (hash >> 20) % (all.height - region.y);
  const Outcome part = Rgb(*decoder, region);
  if (rgb.code == Code::kOk) {
    Require(part.code == Code::kOk);
    Require(part.samples == Crop(rgb.samples, info.upright, region));
  }
  const PlanesRequest request = {region, 1u << (hash >> 28) % 4};
  const Outcome planes = info.planar ? Planes(*decoder, request) : Outcome();
  Require(simd::ForceTarget(targets[hash % targets.size()]).ok());
  const bool same = Same(Rgb(*decoder, all), rgb) && Same(Rgb(*decoder, region), part) &&
                    (!info.planar || Same(Planes(*decoder, request), planes));
  Require(simd::ForceTarget("").ok());
  Require(same);
}

}  // namespace
}  // namespace headrace::codecs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  headrace::codecs::Check({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
