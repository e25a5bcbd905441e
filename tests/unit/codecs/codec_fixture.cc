#include "codec_fixture.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "codecs/decoder_set.h"

namespace headrace::codecs {
namespace {

std::vector<std::string> SplitTabs(const std::string& line) {
  std::vector<std::string> cells;
  size_t begin = 0;
  while (true) {
    const size_t tab = line.find('\t', begin);
    cells.push_back(line.substr(begin, tab - begin));
    if (tab == std::string::npos) return cells;
    begin = tab + 1;
  }
}

// 64-byte aligned memory of an exact size.
struct AlignedDelete {
  void operator()(std::byte* block) const { ::operator delete[](block, std::align_val_t{64}); }
};

constexpr size_t kGuardBytes = 64;
constexpr int kGuard = 0xA5;

}  // namespace

Bytes ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return {bytes, bytes + text.size()};
}

Bytes ReadSample(const std::string& path) {
  return ReadFile(std::string(HEADRACE_DATA_DIR) + "/" + path);
}

bool HasSamples(const std::string& folder) {
  return std::filesystem::is_directory(std::string(HEADRACE_DATA_DIR) + "/" + folder);
}

std::vector<TableRow> ReadTable(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return {};
  const std::vector<std::string> names = SplitTabs(line);
  std::vector<TableRow> rows;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = SplitTabs(line);
    TableRow row;
    for (size_t i = 0; i < names.size() && i < cells.size(); ++i) row[names[i]] = cells[i];
    rows.push_back(row);
  }
  return rows;
}

std::vector<uint8_t> Decoded::Crop(const RectPx& region) const {
  std::vector<uint8_t> out;
  for (uint32_t y = region.y; y < region.y + region.height; ++y) {
    const uint8_t* row = rgb.data() + (size_t{y} * width + region.x) * 3;
    out.insert(out.end(), row, row + size_t{region.width} * 3);
  }
  return out;
}

Codec::Codec(const Limits& given) : limits(given) {
  auto decoder = MakeDecoderSet(limits);
  if (decoder.ok()) decoder_ = std::move(decoder.value());
}

Decoded Codec::Decode(std::span<const std::byte> file, const RectPx& region) {
  Decoded out;
  out.status = decoder_->ReadHeader(file, limits, options, &out.info);
  info_ = out.info;
  if (!out.status.ok()) return out;
  return DecodeAgain(region);
}

Decoded Codec::DecodeAgain(const RectPx& region) {
  Decoded out;
  out.info = info_;
  const RectPx rect =
      region == kWhole ? RectPx{0, 0, info_.upright.width, info_.upright.height} : region;
  const uint64_t scratch_bytes = decoder_->ScratchBytes(rect);
  if (scratch_bytes > limits.max_decoded_bytes) {
    ConstImageView none;
    out.status = decoder_->Decode(rect, {}, &none, &out.report);
    return out;
  }
  const std::unique_ptr<std::byte, AlignedDelete> scratch(
      static_cast<std::byte*>(::operator new[](scratch_bytes + kGuardBytes, std::align_val_t{64})));
  std::memset(scratch.get() + scratch_bytes, kGuard, kGuardBytes);
  ConstImageView pixels;
  out.status = decoder_->Decode(rect, {scratch.get(), scratch_bytes}, &pixels, &out.report);
  for (size_t i = 0; i < kGuardBytes; ++i) {
    EXPECT_EQ(std::to_integer<int>(scratch.get()[scratch_bytes + i]), kGuard) << "scratch overrun";
  }
  if (!out.status.ok()) return out;
  EXPECT_EQ(pixels.size(), rect.size());
  EXPECT_EQ(pixels.channels, 3u);
  out.width = pixels.width;
  out.height = pixels.height;
  for (uint32_t y = 0; y < pixels.height; ++y) {
    out.rgb.insert(out.rgb.end(), pixels.Row(y), pixels.Row(y) + pixels.row_bytes());
  }
  return out;
}

}  // namespace headrace::codecs
