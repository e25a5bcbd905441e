#include "codecs/jpeg_scan_tables.h"

#include <algorithm>
#include <bit>

#include "simd/idct.h"

namespace headrace::codecs {
namespace {

// Row-major index of each coefficient in zigzag order.
constexpr uint8_t kNaturalOrder[kJpegCoefficients] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

}  // namespace

JpegMcuLayout LayOutMcu(const JpegFrame& frame) {
  JpegMcuLayout layout;
  for (uint32_t c = 0; c < frame.components; ++c) {
    for (uint32_t row = 0; row < frame.BlocksDown(c); ++row) {
      for (uint32_t column = 0; column < frame.BlocksAcross(c); ++column) {
        layout.block[layout.blocks++] = {static_cast<uint8_t>(c), static_cast<uint8_t>(column),
                                         static_cast<uint8_t>(row),
                                         static_cast<uint8_t>(frame.BlocksAcross(c))};
      }
    }
  }
  return layout;
}

bool JpegScanTables::Prepare(const JpegFrame& frame) {
  frame_ = &frame;
  layout_ = LayOutMcu(frame);
  mcus_ = frame.mcus_across() * frame.mcus_down();
  for (uint32_t c = 0; c < frame.components; ++c) {
    const uint32_t dc = frame.component[c].dc_table;
    const uint32_t ac = frame.component[c].ac_table;
    if (!dc_made_[dc] || dc_specs_[dc] != frame.dc[dc]) {
      dc_made_[dc] = MakeJpegDcTable(frame.dc[dc], &dc_tables_[dc]);
      dc_specs_[dc] = frame.dc[dc];
    }
    if (!ac_made_[ac] || ac_specs_[ac] != frame.ac[ac]) {
      ac_made_[ac] = MakeJpegAcTable(frame.ac[ac], &ac_tables_[ac]);
      ac_specs_[ac] = frame.ac[ac];
    }
    if (!dc_made_[dc] || !ac_made_[ac]) return false;
  }
  for (uint32_t b = 0; b < layout_.blocks; ++b) {
    const JpegComponent& component = frame.component[layout_.block[b].component];
    dc_of_[b] = &dc_tables_[component.dc_table];
    ac_of_[b] = &ac_tables_[component.ac_table];
  }
  const uint32_t group = simd::IdctGroupBlocks();
  group_shift_ = static_cast<uint32_t>(std::countr_zero(group));
  for (uint32_t k = 0; k < kPlaces; ++k) {
    const uint32_t natural = kNaturalOrder[std::min(k, kJpegCoefficients - 1)];
    places_[k] = static_cast<uint16_t>((natural / kJpegBlockPx * group) * kJpegBlockPx +
                                       natural % kJpegBlockPx);
  }
  return true;
}

}  // namespace headrace::codecs
