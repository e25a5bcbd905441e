#include "codecs/record_bands.h"

#include <algorithm>

namespace headrace::codecs {
namespace {

constexpr uint32_t kShiftMax = 4;  // fewer bytes than 8 restart markers are apart
constexpr uint64_t kSlackUnit = 64;
// Rows that doubling halved chroma looks at, above and below those wanted.
constexpr uint32_t kChromaRows = 3;

}  // namespace

RecordBands MakeRecordBands(const RecordLayout& layout) {
  if (layout.stored.width == 0 || layout.stored.width > UINT16_MAX || layout.stored.height == 0 ||
      layout.stored.height > UINT16_MAX || layout.record_bytes > RecordBands::kRecordBytesMax) {
    return {};
  }
  RecordBands bands;
  uint32_t shift = 0;
  while (layout.record_bytes >> shift > UINT16_MAX) ++shift;
  if (shift > kShiftMax) return {};
  const uint64_t unit = uint64_t{1} << shift;
  bands.form =
      static_cast<uint8_t>(layout.orientation | (layout.mcu_height_px == 16 ? 16 : 0) | shift << 5);
  const uint64_t head = (layout.head_bytes + unit - 1) >> shift;
  if (head > UINT16_MAX) return {};
  bands.head = static_cast<uint16_t>(head);
  uint64_t slack_bytes = 0;
  for (uint32_t i = 1; i <= RecordBands::kCount; ++i) {
    const uint64_t begin = layout.begin[i] >> shift;
    bands.begin[i - 1] = static_cast<uint16_t>(begin);
    slack_bytes = std::max(slack_bytes, layout.end_before[i] - (begin << shift));
  }
  const uint64_t slack = (slack_bytes + kSlackUnit - 1) / kSlackUnit;
  if (slack > UINT8_MAX) return {};
  bands.slack = static_cast<uint8_t>(slack);
  bands.width = static_cast<uint16_t>(layout.stored.width);
  bands.height = static_cast<uint16_t>(layout.stored.height);
  return bands;
}

bool FindRecordPart(const RecordBands& bands, uint64_t record_bytes, const RectPx& region,
                    RecordPart* part) {
  const uint64_t bottom_px = uint64_t{region.y} + region.height;
  if (!bands.known() || region.height == 0 || bottom_px > bands.height) return false;
  const uint32_t shift = bands.form >> 5;
  const uint32_t row_px = bands.mcu_height_px();
  const uint32_t around = row_px == 16 ? kChromaRows : 0;
  const uint32_t top = (region.y - std::min(region.y, around)) / row_px;
  const auto bottom = static_cast<uint32_t>(
      std::min<uint64_t>((bottom_px + around + row_px - 1) / row_px, bands.mcu_rows()));
  uint32_t first = 0;
  while (first + 1 < RecordBands::kCount && bands.FirstRow(first + 1) <= top) ++first;
  uint32_t end = first + 1;
  while (bands.FirstRow(end) < bottom) ++end;
  const auto place = [&](uint32_t band) { return uint64_t{bands.begin[band - 1]} << shift; };
  part->head_bytes = uint64_t{bands.head} << shift;
  part->begin = first == 0 ? 0 : place(first);
  part->end = std::min(place(end) + bands.slack * kSlackUnit, record_bytes);
  part->mcu_row = bands.FirstRow(first);
  part->stored = bands.stored();
  part->mcu_height_px = row_px;
  part->head_bytes = std::min(part->head_bytes, record_bytes);
  return shift <= kShiftMax && part->head_bytes > 0 && part->begin < part->end;
}

}  // namespace headrace::codecs
