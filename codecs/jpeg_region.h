// A rectangle of a JPEG's MCUs, from entropy-coded data to samples, by our own decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "codecs/jpeg_checkpoints.h"
#include "codecs/jpeg_entropy.h"
#include "codecs/jpeg_frame.h"
#include "codecs/jpeg_idct_tables.h"
#include "codecs/jpeg_restarts.h"
#include "simd/idct.h"

namespace headrace::codecs {

// Rows of MCUs that are decoded together.
inline constexpr uint32_t kJpegRowsAtATime = 2;

// Columns [left, right) and rows [top, bottom) of MCUs.
struct JpegMcuRect {
  uint32_t left = 0;
  uint32_t top = 0;
  uint32_t right = 0;
  uint32_t bottom = 0;
};

// Where the samples of a row of MCUs go, a plane a component. Rows hold whole blocks.
struct JpegPlaneRows {
  uint8_t* plane[kJpegComponentsMax] = {};
  size_t stride_bytes[kJpegComponentsMax] = {};
};

// What gives the samples of a rectangle of MCUs row after row: of a JPEG or of a coefficient
// record.
class JpegMcuRows {
 public:
  // The next `count` rows of MCUs of the rectangle, 1 or kJpegRowsAtATime, the second below the
  // first. False: they cannot be had.
  virtual bool DecodeRows(uint32_t count, const JpegPlaneRows& to) = 0;

 protected:
  ~JpegMcuRows() = default;
};

struct JpegRegionJob {
  JpegMcuRect rect;
  simd::IdctSize size[kJpegComponentsMax] = {simd::IdctSize::k8, simd::IdctSize::k8,
                                             simd::IdctSize::k8};
  const JpegCheckpoints* checkpoints = nullptr;  // to begin from; null: none
  JpegCheckpointMaker* maker = nullptr;          // gets the places passed; null: not wanted
  bool restarts_trusted = false;                 // begin at restart markers, in place of both
  RecordPart part;                               // what is there of the file; of trusted ones only
};

// Of the rows that were timed, one in several.
struct JpegRowTimes {
  uint64_t row_ns = 0;
  uint64_t idct_ns = 0;  // of row_ns
};

// What: decodes row after row of one region. Owner: a decoder. Thread: one. Cost: nothing is
// allocated; about 70 KiB of tables and coefficients.
class JpegRegionDecoder final : public JpegMcuRows {
 public:
  // False, from any call: the file is one for libjpeg-turbo, or (with checkpoints) perhaps the
  // checkpoints are wrong.
  bool Begin(const JpegFrame& frame, const JpegRegionJob& job);
  // Two rows are faster than one and one, where checkpoints let both begin.
  bool DecodeRows(uint32_t count, const JpegPlaneRows& to) override;
  // After the last row: reads on to the end of it, so that damage there is noticed, and if a maker
  // is there on to the end of the data; damage in that rest only ends the checkpoints.
  bool End();
  // After End, with a maker: it has seen the whole file, and nothing was wrong with it.
  bool complete() const { return complete_; }

  const JpegRowTimes& times() const { return times_; }

 private:
  // Coefficients of some MCUs of a row.
  static constexpr uint32_t kChunkBlocksMax = 160;
  struct Chunk {
    alignas(64) int16_t coefficients[kChunkBlocksMax * kJpegCoefficients] = {};
    uint8_t last[kChunkBlocksMax] = {};

    JpegCoefficients Rows(const JpegMcuLayout& layout, const uint32_t (*first_block)[2]);
  };

  bool PassTo(JpegEntropyDecoder* entropy, uint32_t mcu);
  bool PassToSegment(JpegEntropyDecoder* entropy, uint32_t mcu);
  const JpegEntropyDecoder& Foremost() const {
    return second_.mcu() > entropy_.mcu() ? second_ : entropy_;
  }
  bool SkipTo(JpegEntropyDecoder* entropy, uint32_t mcu);
  bool DecodeTo(uint32_t mcu, JpegCoefficients* to);
  uint32_t NextStop(uint32_t mcu) const;
  void AtStop();
  bool CanBegin(uint32_t mcu) const;
  bool EndByMarker();
  bool DecodeRow(uint32_t row, const JpegPlaneRows& to, uint64_t* idct_ns);
  bool DecodeTwoRows(uint32_t row, const JpegPlaneRows& to, uint64_t* idct_ns);
  void Transform(Chunk* chunk, uint32_t mcus, uint32_t mcu_offset, const JpegPlaneRows& to);
  JpegPlaneRows NextRow(JpegPlaneRows rows) const;

  JpegScanTables tables_;
  JpegEntropyDecoder entropy_;
  JpegEntropyDecoder second_;  // for the second of two rows
  JpegRestarts restarts_;      // if job_.restarts_trusted
  const JpegFrame* frame_ = nullptr;
  JpegRegionJob job_;
  uint32_t row_ = 0;
  uint32_t chunk_mcus_ = 0;
  uint32_t interval_ = 0;  // of the checkpoints being made; 0: none are
  JpegRowTimes times_;
  bool complete_ = false;

  JpegIdctTables idct_tables_;
  // Rows of blocks of one chunk: where each begins, in blocks.
  uint32_t first_block_[kJpegComponentsMax][2] = {};
  Chunk chunks_[kJpegRowsAtATime];
};

}  // namespace headrace::codecs
