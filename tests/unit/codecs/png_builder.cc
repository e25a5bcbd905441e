#include "png_builder.h"

#include <algorithm>
#include <array>

namespace headrace::codecs {
namespace {

void PutU32(std::vector<uint8_t>& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

uint32_t Crc(const std::vector<uint8_t>& bytes) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

uint32_t Adler(const std::vector<uint8_t>& bytes) {
  uint32_t a = 1;
  uint32_t b = 0;
  for (const uint8_t byte : bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

std::vector<uint8_t> Deflate(const std::vector<uint8_t>& raw) {
  std::vector<uint8_t> out = {0x78, 0x01};
  size_t offset = 0;
  do {
    const size_t count = std::min<size_t>(raw.size() - offset, 65535);
    out.push_back(offset + count == raw.size() ? 1 : 0);
    for (const size_t n : {count, ~count}) {
      out.push_back(static_cast<uint8_t>(n));
      out.push_back(static_cast<uint8_t>(n >> 8));
    }
    for (size_t i = 0; i < count; ++i) out.push_back(raw[offset + i]);
    offset += count;
  } while (offset < raw.size());
  PutU32(out, Adler(raw));
  return out;
}

// The rows of one pass: pixels from (x0, y0) in steps.
struct Pass {
  uint32_t x0, y0, dx, dy;
};

void PackPass(const PngSpec& spec, const std::vector<uint16_t>& samples, const Pass& pass,
              std::vector<uint8_t>& raw) {
  const uint32_t per_pixel = PngSamplesPerPixel(spec.colour_type);
  if (pass.x0 >= spec.width) return;
  for (uint32_t y = pass.y0; y < spec.height; y += pass.dy) {
    raw.push_back(0);  // filter: none
    uint32_t bits = 0;
    uint32_t bit_count = 0;
    for (uint32_t x = pass.x0; x < spec.width; x += pass.dx) {
      for (uint32_t c = 0; c < per_pixel; ++c) {
        const uint16_t sample = samples[(size_t{y} * spec.width + x) * per_pixel + c];
        bits = bits << spec.bit_depth | sample;
        bit_count += spec.bit_depth;
        while (bit_count >= 8) {
          bit_count -= 8;
          raw.push_back(static_cast<uint8_t>(bits >> bit_count));
        }
      }
    }
    if (bit_count > 0) raw.push_back(static_cast<uint8_t>(bits << (8 - bit_count)));
  }
}

void Append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

}  // namespace

uint32_t PngSamplesPerPixel(uint32_t colour_type) {
  constexpr std::array<uint32_t, 7> kCounts = {1, 0, 3, 1, 2, 0, 4};
  return kCounts[colour_type];
}

Bytes PngChunkBytes(const std::string& tag, const std::vector<uint8_t>& data) {
  std::vector<uint8_t> checked(tag.begin(), tag.end());
  checked.insert(checked.end(), data.begin(), data.end());
  std::vector<uint8_t> out;
  PutU32(out, static_cast<uint32_t>(data.size()));
  out.insert(out.end(), checked.begin(), checked.end());
  PutU32(out, Crc(checked));
  const auto* bytes = reinterpret_cast<const std::byte*>(out.data());
  return {bytes, bytes + out.size()};
}

Bytes BuildPng(const PngSpec& spec, const std::vector<uint16_t>& samples) {
  constexpr std::array<Pass, 7> kAdam7 = {{{0, 0, 8, 8},
                                           {4, 0, 8, 8},
                                           {0, 4, 4, 8},
                                           {2, 0, 4, 4},
                                           {0, 2, 2, 4},
                                           {1, 0, 2, 2},
                                           {0, 1, 1, 2}}};
  std::vector<uint8_t> raw;
  if (spec.interlaced) {
    for (const Pass& pass : kAdam7) PackPass(spec, samples, pass, raw);
  } else {
    PackPass(spec, samples, {0, 0, 1, 1}, raw);
  }
  raw.resize(raw.size() + spec.extra_rows_bytes);
  std::vector<uint8_t> header;
  PutU32(header, spec.width);
  PutU32(header, spec.height);
  for (const uint32_t value :
       {spec.bit_depth, spec.colour_type, 0u, 0u, spec.interlaced ? 1u : 0u}) {
    header.push_back(static_cast<uint8_t>(value));
  }
  Bytes file;
  for (const int byte : {0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A}) {
    file.push_back(static_cast<std::byte>(byte));
  }
  Append(file, PngChunkBytes("IHDR", header));
  if (!spec.palette.empty()) Append(file, PngChunkBytes("PLTE", spec.palette));
  if (!spec.transparency.empty()) Append(file, PngChunkBytes("tRNS", spec.transparency));
  const std::vector<uint8_t> data = Deflate(raw);
  const size_t step = spec.idat_bytes == 0 ? data.size() : spec.idat_bytes;
  for (size_t i = 0; i < data.size(); i += step) {
    const auto begin = data.begin() + static_cast<std::ptrdiff_t>(i);
    const auto count = static_cast<std::ptrdiff_t>(std::min(step, data.size() - i));
    Append(file, PngChunkBytes("IDAT", {begin, begin + count}));
  }
  if (!spec.exif.empty()) Append(file, PngChunkBytes("eXIf", spec.exif));
  Append(file, PngChunkBytes("IEND", {}));
  return file;
}

}  // namespace headrace::codecs
