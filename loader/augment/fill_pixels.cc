#include "loader/augment/fill_pixels.h"

#include <algorithm>
#include <cstring>

#include "base/checked_math.h"
#include "loader/augment/draw_list.h"
#include "simd/border.h"

namespace headrace::loader {
namespace {

int64_t BorderIndex(int64_t i, int64_t n, PadMode mode) {
  switch (mode) {
    case PadMode::kEdge: return simd::NearestIndex(i, n);
    case PadMode::kReflect: return simd::ReflectedIndex(i, n);
    case PadMode::kSymmetric: return simd::MirroredIndex(i, n);
    case PadMode::kConstant: break;
  }
  return i >= 0 && i < n ? i : -1;
}

// The longest run of columns that stand side by side in the source too.
struct Run {
  size_t begin = 0;
  size_t end = 0;
};
Run LongestRun(std::span<const int32_t> columns) {
  Run longest;
  for (size_t begin = 0; begin < columns.size();) {
    size_t end = begin + 1;
    if (columns[begin] >= 0) {
      while (end < columns.size() && columns[end] == columns[end - 1] + 1) ++end;
      if (end - begin > longest.end - longest.begin) longest = {begin, end};
    }
    begin = end;
  }
  return longest;
}

void CopyColumns(const uint8_t* from, std::span<const int32_t> columns, size_t begin, size_t end,
                 const std::array<uint8_t, 3>& colour, uint8_t* to) {
  for (size_t x = begin; x < end; ++x) {
    const uint8_t* pixel = columns[x] < 0 ? colour.data() : from + size_t(columns[x]) * 3;
    std::memcpy(to + x * 3, pixel, 3);
  }
}

}  // namespace

void FillPixels(const ImageView& target, const std::array<uint8_t, 3>& colour) {
  if (target.width == 0 || target.height == 0) return;
  const size_t bytes = target.row_bytes();
  if (colour[0] == colour[1] && colour[1] == colour[2]) {
    for (uint32_t y = 0; y < target.height; ++y) std::memset(target.Row(y), colour[0], bytes);
    return;
  }
  uint8_t* first = target.Row(0);
  for (size_t i = 0; i < bytes; i += 3) std::memcpy(first + i, colour.data(), 3);
  for (uint32_t y = 1; y < target.height; ++y) std::memcpy(target.Row(y), first, bytes);
}

int64_t PadAxis::SourceOf(uint64_t i, PadMode mode) const {
  const int64_t once = int64_t{before} + count + after;
  int64_t at = static_cast<int64_t>(i) - again;
  at = BorderIndex(at, once, mode);
  if (at < 0) return -1;
  at = BorderIndex(at - before, count, mode);
  return at < 0 ? -1 : at + first;
}

uint64_t PadMaps::Bytes(SizePx size) {
  return RoundUp(uint64_t{size.width} * 4, kScratchAlignment) + uint64_t{size.height} * 4;
}

PadMaps PadMaps::In(std::span<std::byte> memory, SizePx size) {
  std::byte* rows = memory.data() + RoundUp(uint64_t{size.width} * 4, kScratchAlignment);
  return {{reinterpret_cast<int32_t*>(memory.data()), size.width},
          {reinterpret_cast<int32_t*>(rows), size.height}};
}

void FillPadMap(const PadAxis& axis, PadMode mode, uint64_t offset, std::span<int32_t> line) {
  for (size_t i = 0; i < line.size(); ++i) {
    line[i] = static_cast<int32_t>(axis.SourceOf(offset + i, mode));
  }
}

void MirrorPadMap(uint32_t source_width, std::span<int32_t> columns) {
  std::ranges::reverse(columns);
  for (int32_t& column : columns) {
    if (column >= 0) column = static_cast<int32_t>(source_width) - 1 - column;
  }
}

void PadPixels(const ConstImageView& source, const PadMaps& maps,
               const std::array<uint8_t, 3>& colour, const ImageView& target) {
  const Run run = LongestRun(maps.columns);
  const size_t run_bytes = (run.end - run.begin) * 3;
  for (uint32_t y = 0; y < target.height; ++y) {
    uint8_t* to = target.Row(y);
    if (maps.rows[y] < 0) {
      FillPixels({to, target.width, 1, 3, target.stride_bytes}, colour);
      continue;
    }
    const uint8_t* from = source.Row(static_cast<uint32_t>(maps.rows[y]));
    CopyColumns(from, maps.columns, 0, run.begin, colour, to);
    if (run_bytes > 0) {
      std::memcpy(to + run.begin * 3, from + size_t(maps.columns[run.begin]) * 3, run_bytes);
    }
    CopyColumns(from, maps.columns, run.end, target.width, colour, to);
  }
}

}  // namespace headrace::loader
