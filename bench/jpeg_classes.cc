#include "bench/jpeg_classes.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/rng.h"
#include "bench/measure.h"
#include "codecs/encoder.h"
#include "codecs/jpeg_decoder.h"
#include "loader/host_memory.h"
#include "simd/resize.h"

namespace headrace::bench {
namespace {

// Standard deviations, of 255. At 12 megapixels, quality 85 and 4:2:0 they give 1.5 to 2 bits a
// pixel: what cameras and phones write.
constexpr double kLumaNoise = 6.0;
constexpr double kColourNoise = 1.5;
// From this enlargement on there is noise: the photographs have their own.
constexpr double kEnlargedFrom = 1.5;

loader::HostMemory Map(uint64_t bytes) {
  auto memory = loader::HostMemory::Map(bytes, loader::HostMemory::Pages::kHuge);
  if (!memory.ok()) Fail(memory.status().text());
  return std::move(*memory);
}

// Normally distributed values, drawn once and read from random places on.
class Noise {
 public:
  explicit Noise(double deviation) : values_(kValues) {
    RandomStream stream({.seed = 1, .name = "noise"});
    for (int8_t& value : values_) {
      value = static_cast<int8_t>(
          std::clamp(std::lround(deviation * stream.NextNormal()), -127L, 127L));
    }
  }
  int At(size_t index) const { return values_[index % kValues]; }

 private:
  static constexpr size_t kValues = size_t{1} << 20;
  std::vector<int8_t> values_;
};

void AddNoise(const ImageView& picture, uint64_t number) {
  static const Noise luma(kLumaNoise);
  static const Noise colour(kColourNoise);
  RandomStream starts({.seed = 2, .unit = number, .name = "noise"});
  for (uint32_t y = 0; y < picture.height; ++y) {
    uint8_t* row = picture.Row(y);
    const size_t at = starts.NextU32();
    for (uint32_t x = 0; x < picture.width; ++x) {
      const int grey = luma.At(at + x);
      for (uint32_t c = 0; c < 3; ++c, ++row) {
        *row = static_cast<uint8_t>(
            std::clamp(*row + grey + colour.At(at / 3 + size_t{x} * 3 + c), 0, 255));
      }
    }
  }
}

// The largest rectangle of this shape in the middle.
RectPx Middle(SizePx size, SizePx shape) {
  const uint64_t width =
      std::min<uint64_t>(size.width, uint64_t{size.height} * shape.width / shape.height);
  const uint64_t height =
      std::min<uint64_t>(size.height, uint64_t{size.width} * shape.height / shape.width);
  return {static_cast<uint32_t>((size.width - width) / 2),
          static_cast<uint32_t>((size.height - height) / 2),
          static_cast<uint32_t>(std::max<uint64_t>(width, 1)),
          static_cast<uint32_t>(std::max<uint64_t>(height, 1))};
}

void Write(const std::string& path, const std::vector<std::byte>& bytes) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  if (!stream.flush()) Fail("cannot write " + path);
}

// The work memory of all pictures of a class.
class Maker {
 public:
  explicit Maker(const JpegClass& made)
      : made_(made), pixels_(Map(uint64_t{made.size.width} * made.size.height * 3)) {
    auto decoder = codecs::MakeJpegDecoder();
    if (!decoder.ok()) Fail(decoder.status().text());
    decoder_ = std::move(*decoder);
  }

  std::vector<std::byte> Make(const JpegFile& photograph, uint64_t number) {
    const ImageView picture{reinterpret_cast<uint8_t*>(pixels_.data()), made_.size.width,
                            made_.size.height, 3, size_t{made_.size.width} * 3};
    const double enlarged = Resize(photograph, picture);
    if (enlarged >= kEnlargedFrom) AddNoise(picture, number);
    auto bytes =
        codecs::EncodeJpeg(picture, {.quality = made_.quality, .subsample = made_.subsample});
    if (!bytes.ok()) Fail(bytes.status().text());
    return std::move(*bytes);
  }

 private:
  double Resize(const JpegFile& photograph, const ImageView& picture) {
    codecs::ImageInfo info;
    ConstImageView decoded;
    codecs::DecodeReport report;
    Status status = decoder_->ReadHeader(photograph.bytes, {}, {}, &info);
    if (status.ok()) {
      const RectPx region = Middle(info.upright, made_.size);
      const loader::HostMemory room = Map(decoder_->ScratchBytes(region));
      status = decoder_->Decode(region, room.span(), &decoded, &report);
      if (status.ok()) {
        const auto filter = simd::Filter::kLanczos;
        const loader::HostMemory scratch =
            Map(simd::ResizeScratchBytes(decoded.size(), picture.size(), 3, filter));
        simd::Resize(decoded, picture, filter, simd::Mirror::kNo, scratch.span());
      }
    }
    if (!status.ok()) Fail(photograph.name + ": " + status.text());
    return static_cast<double>(picture.width) / decoded.width;
  }

  const JpegClass made_;
  loader::HostMemory pixels_;
  std::unique_ptr<codecs::Decoder> decoder_;
};

}  // namespace

void MakeClass(const JpegFolder& photographs, const JpegClass& made, const std::string& folder) {
  std::filesystem::create_directories(folder);
  Maker maker(made);
  for (uint32_t i = 0; i < made.files; ++i) {
    // Spread over the folder; a second picture of the same photograph has other noise.
    const uint64_t id = (uint64_t{i} * photographs.size() / made.files) % photographs.size();
    const std::string number = std::to_string(1000 + i).substr(1);
    Write(folder + "/" + number + ".jpg", maker.Make(photographs.file(id), i));
  }
}

}  // namespace headrace::bench
