// Huffman decoding of one scan, from any place whose state is known. Gives up ("false") on anything
// out of the ordinary: a bad code, a missing restart marker, data that end early, values that no
// 8-bit picture has. libjpeg-turbo then says what the file is worth.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codecs/jpeg_frame.h"
#include "codecs/jpeg_huffman.h"
#include "codecs/jpeg_scan_tables.h"

namespace headrace::codecs {

// A place between two MCUs: the next bit to read, and what DC values are predicted from.
struct JpegPlace {
  uint64_t bit = 0;  // from the first byte of the file; in a byte from the highest bit on
  int32_t dc[kJpegComponentsMax] = {0, 0, 0};
  friend bool operator==(const JpegPlace&, const JpegPlace&) = default;
};

// Coefficients of a run of MCUs, in the groups that simd::Idct takes. `row[i]`: of block i of the
// MCU, where the row of blocks that it belongs to begins. Coefficients must be zero before.
struct JpegCoefficients {
  struct Row {
    int16_t* coefficients = nullptr;
    uint8_t* last = nullptr;  // zigzag index of each block's last coefficient
  };
  Row row[kJpegMcuBlocksMax];
  uint32_t mcus_before = 0;  // MCUs that the rows already hold
};

// What: a place in a file's data, and decoding from there on. Owner and thread: as its tables.
class JpegEntropyDecoder {
 public:
  // Begins at the first MCU. `tables` must outlive the decoding.
  bool Begin(const JpegScanTables& tables);

  // Goes to MCU number `mcu`, whose place is known. False if it does not lie in the data.
  bool Seek(uint32_t mcu, const JpegPlace& place);

  uint32_t mcu() const { return mcu_; }
  JpegPlace place() const;

  // Passes over `count` MCUs, or stores their coefficients.
  bool Skip(uint32_t count);
  bool Decode(uint32_t count, const JpegCoefficients& to);
  // The same for two decoders of one file at a time: each waits for its own table lookups, and
  // meanwhile the processor goes on with the other.
  static bool DecodeBoth(JpegEntropyDecoder* a, const JpegCoefficients& to_a, JpegEntropyDecoder* b,
                         const JpegCoefficients& to_b, uint32_t count);

  // The number of restart markers passed, and the byte in which the next bit lies.
  uint32_t segment() const;
  const uint8_t* byte() const;

  // Whether a decoder that looks ahead, as libjpeg-turbo's does, could have met the end of the file
  // by now without meeting a marker: then its verdict counts.
  bool NearBareEnd() const;

 private:
  friend struct JpegEntropyRun;

  bool Run(uint32_t count, const JpegCoefficients* to);
  // MCUs until a restart marker must be passed; passes one that stands here. 0: give up.
  uint32_t ToRestart();
  bool PassRestart();
  void FillSlowly();
  void FindMarkerByte();
  const uint8_t* NextByte(uint32_t* bits_used) const;

  const JpegScanTables* tables_ = nullptr;
  uint32_t mcu_ = 0;
  uint32_t restart_passed_ = 0;  // the MCU whose marker was passed last
  int32_t dc_[kJpegComponentsMax] = {0, 0, 0};

  // The next bits, from the highest on; at least `bits_` of them. Below are more of the same data
  // or zeros.
  uint64_t window_ = 0;
  uint32_t bits_ = 0;
  uint32_t made_up_bits_ = 0;  // of bits_: zeros after the end of the data
  const uint8_t* next_ = nullptr;
  const uint8_t* end_ = nullptr;
  const uint8_t* marker_byte_ = nullptr;  // the next 0xFF from next_ on, or end_
  // While next_ is below, 8 bytes can be read at once and none of them is 0xFF.
  const uint8_t* fast_end_ = nullptr;
};

}  // namespace headrace::codecs
