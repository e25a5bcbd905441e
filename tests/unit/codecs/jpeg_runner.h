// One way of decoding JPEGs, with what a decode gave kept as plain samples.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "codecs/decoder.h"
#include "codecs/jpeg_decoder.h"

namespace headrace::codecs {

// What one decode gave: RGB or planes.
struct Outcome {
  Status status;
  DecodeReport report;
  simd::PlanarPicture shape;
  std::vector<uint8_t> samples;  // dense, plane after plane
};

// One decoder and its scratch, which is exactly as large as asked for, with guard bytes behind it.
class JpegRunner {
 public:
  explicit JpegRunner(JpegPath path) : decoder_(std::move(*MakeJpegDecoder(path))) {}
  explicit JpegRunner(std::unique_ptr<Decoder> decoder) : decoder_(std::move(decoder)) {}

  Status ReadHeader(std::span<const std::byte> file, const RecordPart& part = {}) {
    return decoder_->ReadHeader(file, Limits(), {.part = part}, &info_);
  }
  const ImageInfo& info() const { return info_; }

  Outcome Rgb(const RectPx& region, DecodeCheckpoints* checkpoints = nullptr);
  Outcome Planes(const PlanesRequest& request, DecodeCheckpoints* checkpoints = nullptr);

 private:
  std::span<std::byte> Scratch(uint64_t bytes);

  std::unique_ptr<Decoder> decoder_;
  ImageInfo info_;
  std::vector<std::byte> memory_;
};

}  // namespace headrace::codecs
