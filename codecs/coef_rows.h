// Rows of MCUs of a coefficient record, from its bytes to samples.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codecs/coef_layout.h"
#include "codecs/jpeg_idct_tables.h"
#include "codecs/jpeg_region.h"
#include "simd/coef_unpack.h"
#include "simd/idct.h"

namespace headrace::codecs {

// The first MCU of a rectangle is a multiple of this: its blocks then begin a group of those that
// simd::Idct takes, on every target.
inline constexpr uint32_t kCoefMcuStep = simd::kIdctGroupBlocksMax;

// What: decodes row after row of one region. Owner: a decoder. Thread: one. Cost: nothing is
// allocated; about 7 KiB of coefficients.
class CoefRows final : public JpegMcuRows {
 public:
  // `layout` must outlive the rows. `size`: a component.
  void Begin(const CoefLayout& layout, const JpegMcuRect& rect, const simd::IdctSize* size);
  // False: the record is damaged in a row of blocks that it needs. `to`: its strides are multiples
  // of kScratchAlign, and what rows have behind their MCUs may be written.
  bool DecodeRows(uint32_t count, const JpegPlaneRows& to) override;

  // Of the time in rows that was the inverse DCT.
  float idct_share() const;

 private:
  static constexpr uint32_t kRunBlocks = 48;  // stay in the first-level cache
  static_assert(kRunBlocks % simd::kCoefChunkBlocks == 0);

  // Where a row of blocks has its samples, and which of its blocks are wanted.
  struct BlockRow {
    uint32_t component = 0;
    uint32_t number = 0;
    uint32_t first = 0;  // a multiple of kCoefMcuStep
    uint32_t end = 0;
    uint8_t* out = nullptr;
    size_t stride_bytes = 0;
  };
  bool DecodeMcuRow(const JpegPlaneRows& to, uint64_t* idct_ns);
  bool DecodeBlocks(const BlockRow& row, uint64_t* idct_ns);

  const CoefLayout* layout_ = nullptr;
  JpegMcuRect rect_;
  simd::IdctSize size_[kJpegComponentsMax] = {};
  uint32_t row_ = 0;
  JpegRowTimes times_;
  JpegIdctTables tables_;
  alignas(64) int16_t coefficients_[size_t{kRunBlocks} * kJpegCoefficients] = {};
  uint8_t last_[kRunBlocks] = {};
};

}  // namespace headrace::codecs
