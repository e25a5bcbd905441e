// What the codec tests share: files, tables, and a decode that keeps its pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codecs/decoder.h"

namespace headrace::codecs {

using Bytes = std::vector<std::byte>;
using TableRow = std::map<std::string, std::string>;

// Empty when the file is not there.
Bytes ReadFile(const std::string& path);
// A file of the sample images, such as "formats/png/basn0g01.png".
Bytes ReadSample(const std::string& path);
bool HasSamples(const std::string& folder);
// Rows of a tab-separated table with a header line, by column name.
std::vector<TableRow> ReadTable(const std::string& path);

struct Decoded {
  Status status;
  ImageInfo info;
  DecodeReport report;
  uint32_t width = 0;
  uint32_t height = 0;
  std::vector<uint8_t> rgb;  // dense

  // The same as decoding only `region`.
  std::vector<uint8_t> Crop(const RectPx& region) const;
};

inline constexpr RectPx kWhole{0, 0, 0, 0};

// Owns a decoder set and decodes files with it one after the other, as a worker does.
class Codec {
 public:
  explicit Codec(const Limits& limits = {});

  // `region` kWhole: the whole upright picture. The scratch is exactly as large as asked for, with
  // guard bytes behind it.
  Decoded Decode(std::span<const std::byte> file, const RectPx& region = kWhole);
  // Another region of the file decoded last, without reading its header again.
  Decoded DecodeAgain(const RectPx& region);

  Limits limits;
  DecodeOptions options;

 private:
  std::unique_ptr<Decoder> decoder_;
  ImageInfo info_;
};

}  // namespace headrace::codecs
