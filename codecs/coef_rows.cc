#include "codecs/coef_rows.h"

#include <algorithm>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/clock.h"
#include "codecs/upright.h"

namespace headrace::codecs {
namespace {

// Clock readings would cost a percent: one row in so many is timed.
constexpr uint32_t kTimedRows = 8;

// A chunk is unpacked whole, and the last one of a row holds what is left.
uint32_t RoundUpToChunk(uint32_t blocks, uint32_t row_blocks) {
  constexpr uint32_t kChunk = simd::kCoefChunkBlocks;
  return std::min((blocks + kChunk - 1) / kChunk * kChunk, row_blocks);
}

// The last group of a row need not be a part of one, which would take longer: what it has too much
// is there in the chunk, and rows of samples hold multiples of 64.
constexpr uint32_t WholeGroups(uint32_t blocks) {
  static_assert(simd::kCoefChunkBlocks % simd::kIdctGroupBlocksMax == 0);
  static_assert(kScratchAlign % (simd::kIdctGroupBlocksMax * kJpegBlockPx) == 0);
  return static_cast<uint32_t>(RoundUp(blocks, simd::kIdctGroupBlocksMax));
}

}  // namespace

void CoefRows::Begin(const CoefLayout& layout, const JpegMcuRect& rect,
                     const simd::IdctSize* size) {
  HR_DCHECK(rect.left % kCoefMcuStep == 0);
  layout_ = &layout;
  rect_ = rect;
  std::copy_n(size, kJpegComponentsMax, size_);
  row_ = rect.top;
  times_ = {};
  tables_.Prepare(layout.frame());
}

bool CoefRows::DecodeRows(uint32_t count, const JpegPlaneRows& to) {
  JpegPlaneRows rows = to;
  const JpegFrame& frame = layout_->frame();
  for (uint32_t i = 0; i < count; ++i, ++row_) {
    const bool timed = (row_ - rect_.top) % kTimedRows == 0;
    const int64_t begin = timed ? NowNs() : 0;
    if (!DecodeMcuRow(rows, timed ? &times_.idct_ns : nullptr)) return false;
    if (timed) times_.row_ns += static_cast<uint64_t>(NowNs() - begin);
    for (uint32_t c = 0; c < frame.components; ++c) {
      rows.plane[c] += frame.BlocksDown(c) * static_cast<uint32_t>(size_[c]) * rows.stride_bytes[c];
    }
  }
  return true;
}

float CoefRows::idct_share() const {
  return static_cast<float>(times_.idct_ns) / static_cast<float>(times_.row_ns + 1);
}

bool CoefRows::DecodeMcuRow(const JpegPlaneRows& to, uint64_t* idct_ns) {
  const JpegFrame& frame = layout_->frame();
  for (uint32_t c = 0; c < frame.components; ++c) {
    const SizePx blocks = layout_->blocks(c);
    for (uint32_t i = 0; i < frame.BlocksDown(c); ++i) {
      const BlockRow row = {
          .component = c,
          .number = row_ * frame.BlocksDown(c) + i,
          .first = rect_.left * frame.BlocksAcross(c),
          .end = std::min(rect_.right * frame.BlocksAcross(c), blocks.width),
          .out = to.plane[c] + size_t{i} * static_cast<uint32_t>(size_[c]) * to.stride_bytes[c],
          .stride_bytes = to.stride_bytes[c]};
      // The rest are blocks that fill up the last MCUs: nobody looks at their samples.
      if (row.number >= blocks.height || row.first >= row.end) continue;
      if (!DecodeBlocks(row, idct_ns)) return false;
    }
  }
  return true;
}

// The hash says that the bytes are those that were written; that they are what the format says, and
// lead nowhere else, is for each step to see.
bool CoefRows::DecodeBlocks(const BlockRow& row, uint64_t* idct_ns) {
  constexpr uint32_t kChunk = simd::kCoefChunkBlocks;
  const std::span<const uint8_t> bytes = layout_->Row(row.component, row.number);
  const uint32_t blocks = layout_->blocks(row.component).width;
  const uint32_t chunks = (blocks + kChunk - 1) / kChunk;
  if (bytes.size() < size_t{chunks} * 2) return false;
  const uint8_t* const table = bytes.data();
  const uint8_t* const end = bytes.data() + bytes.size();
  const uint8_t* at = table + size_t{chunks} * 2;
  // The whole table is added up, so that it is wrong for every region or for none.
  const uint32_t chunk = row.first / kChunk;
  size_t before = 0;
  size_t all = 0;
  for (uint32_t i = 0; i < chunks; ++i) {
    if (i == chunk) before = all;
    all += (table[size_t{i} * 2] | static_cast<uint32_t>(table[size_t{i} * 2 + 1]) << 8) &
           simd::kCoefChunkBytesMask;
  }
  if (all != static_cast<size_t>(end - at)) return false;
  at += before;
  HR_DCHECK(row.stride_bytes % kScratchAlign == 0);
  const auto size = static_cast<uint32_t>(size_[row.component]);
  for (uint32_t first = chunk * kChunk; first < row.end; first += kRunBlocks) {
    const uint32_t count = std::min(kRunBlocks, RoundUpToChunk(row.end, blocks) - first);
    at = simd::UnpackCoefficients({.table = table + size_t{first / kChunk} * 2,
                                   .chunks = at,
                                   .end = end,
                                   .blocks = count,
                                   .coefficients = coefficients_,
                                   .last = last_});
    if (at == nullptr) return false;
    const uint32_t from = std::max(first, row.first);
    const uint32_t to = std::min(first + count, row.end);
    const int64_t begin = idct_ns != nullptr ? NowNs() : 0;
    simd::Idct({.coefficients = coefficients_ + size_t{from - first} * kJpegCoefficients,
                .last = last_ + (from - first),
                .blocks = WholeGroups(to - from),
                .out = row.out + size_t{from - row.first} * size,
                .stride_bytes = row.stride_bytes},
               tables_.of(row.component), size_[row.component]);
    if (idct_ns != nullptr) *idct_ns += static_cast<uint64_t>(NowNs() - begin);
  }
  return true;
}

}  // namespace headrace::codecs
