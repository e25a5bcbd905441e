#include "codecs/jpeg_checkpoints.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"

namespace headrace::codecs {
namespace {

// Little-endian, as all machines that headrace runs on; elsewhere the magic number differs.
struct RecordHead {
  uint32_t magic;
  uint32_t interval;  // MCUs from one checkpoint to the next
  uint32_t count;     // checkpoints
  uint32_t complete;  // 1: all MCUs were decoded, 0: until damage
  uint64_t file_bytes;
  uint64_t header_hash;  // XXH3 of the file up to the first entropy-coded byte
  uint64_t checksum;     // XXH3 of the record with this field 0
};
static_assert(sizeof(RecordHead) == 40);
constexpr uint32_t kMagic = 0x314A5248;  // "HRJ1"

// A checkpoint: the bit, counted from the first entropy-coded byte (4 bytes), DC predictions (2 a
// component), a check value (2).
constexpr size_t PointBytes(uint32_t components) { return 4 + 2 * size_t{components} + 2; }

// Steps below this cost more in checks than they save.
constexpr uint32_t kIntervalMin = 4;
constexpr size_t kCheckedBytes = 64;

uint64_t HeaderHash(const JpegFrame& frame) {
  return Hash64(std::as_bytes(frame.file.first(frame.data_offset)));
}

uint64_t Checksum(std::span<const std::byte> record) {
  RecordHead head;
  std::memcpy(&head, record.data(), sizeof(head));
  head.checksum = 0;
  const uint64_t seed = Hash64(std::as_bytes(std::span(&head, 1)));
  return Hash64(record.subspan(sizeof(head)), seed);
}

// Of the place and of the data that follow it.
uint16_t CheckValue(const JpegFrame& frame, const JpegPlace& place) {
  const uint64_t byte = std::min<uint64_t>(place.bit / 8, frame.file.size());
  uint64_t seed = place.bit % 8;
  for (const int32_t dc : place.dc) seed = seed << 16 | static_cast<uint16_t>(dc);
  const size_t bytes = std::min(kCheckedBytes, frame.file.size() - byte);
  return static_cast<uint16_t>(Hash64(std::as_bytes(frame.file.subspan(byte, bytes)), seed));
}

}  // namespace

uint64_t JpegRecordBytesMax(uint64_t file_bytes) {
  return file_bytes / 100 * kJpegRecordPercentMax;
}

bool JpegCheckpoints::Open(std::span<const std::byte> record, const JpegFrame& frame) {
  RecordHead head;
  if (record.size() < sizeof(head)) return false;
  std::memcpy(&head, record.data(), sizeof(head));
  if (head.magic != kMagic || head.file_bytes != frame.file.size()) return false;
  if (head.interval == 0 || head.complete > 1) return false;
  const uint64_t points_bytes = uint64_t{head.count} * PointBytes(frame.components);
  if (record.size() - sizeof(head) != points_bytes) return false;
  if (head.checksum != Checksum(record) || head.header_hash != HeaderHash(frame)) return false;
  frame_ = &frame;
  points_ = record.data() + sizeof(head);
  count_ = head.count;
  interval_ = head.interval;
  complete_ = head.complete == 1;
  return true;
}

uint32_t JpegCheckpoints::Before(uint32_t mcu) const {
  return std::min(mcu / interval_, count_) * interval_;
}

bool JpegCheckpoints::Find(uint32_t mcu, JpegPlace* place) const {
  const uint32_t number = mcu / interval_;
  if (number == 0 || number > count_) return false;
  const std::byte* point = points_ + (number - 1) * PointBytes(frame_->components);
  uint32_t bit = 0;
  std::memcpy(&bit, point, sizeof(bit));
  *place = {.bit = uint64_t{frame_->data_offset} * 8 + bit};
  for (uint32_t c = 0; c < frame_->components; ++c) {
    int16_t dc = 0;
    std::memcpy(&dc, point + 4 + 2 * c, sizeof(dc));
    place->dc[c] = dc;
  }
  return true;
}

bool JpegCheckpoints::DataMatch(uint32_t mcu) const {
  JpegPlace place;
  if (!Find(mcu, &place)) return false;
  const size_t bytes = PointBytes(frame_->components);
  uint16_t check = 0;
  std::memcpy(&check, points_ + mcu / interval_ * bytes - sizeof(check), sizeof(check));
  return check == CheckValue(*frame_, place);
}

bool JpegCheckpointMaker::Begin(const JpegFrame& frame, std::span<std::byte> room) {
  frame_ = &frame;
  count_ = 0;
  const uint64_t mcus = uint64_t{frame.mcus_across()} * frame.mcus_down();
  // Bits are kept in 32 bits.
  if (frame.file.size() > UINT32_MAX / 8 || mcus > UINT32_MAX) return false;
  const uint64_t bytes = std::min<uint64_t>(JpegRecordBytesMax(frame.file.size()), room.size());
  const size_t each = PointBytes(frame.components);
  if (bytes < sizeof(RecordHead) + each) return false;
  const uint64_t points = (bytes - sizeof(RecordHead)) / each;
  interval_ = static_cast<uint32_t>(std::max<uint64_t>(kIntervalMin, mcus / (points + 1) + 1));
  count_max_ = static_cast<uint32_t>((mcus - 1) / interval_);
  room_ = room.first(sizeof(RecordHead) + count_max_ * each);
  return count_max_ > 0;
}

void JpegCheckpointMaker::Add(const JpegPlace& place) {
  if (count_ == count_max_) return;
  std::byte* point = room_.data() + sizeof(RecordHead) + count_ * PointBytes(frame_->components);
  const auto bit = static_cast<uint32_t>(place.bit - uint64_t{frame_->data_offset} * 8);
  std::memcpy(point, &bit, sizeof(bit));
  for (uint32_t c = 0; c < frame_->components; ++c) {
    const auto dc = static_cast<int16_t>(place.dc[c]);
    std::memcpy(point + 4 + 2 * c, &dc, sizeof(dc));
  }
  const uint16_t check = CheckValue(*frame_, place);
  std::memcpy(point + 4 + 2 * frame_->components, &check, sizeof(check));
  ++count_;
}

size_t JpegCheckpointMaker::Finish(bool complete) {
  if (count_ == 0) return 0;
  const size_t bytes = sizeof(RecordHead) + count_ * PointBytes(frame_->components);
  RecordHead head = {.magic = kMagic,
                     .interval = interval_,
                     .count = count_,
                     .complete = complete ? 1u : 0u,
                     .file_bytes = frame_->file.size(),
                     .header_hash = HeaderHash(*frame_),
                     .checksum = 0};
  std::memcpy(room_.data(), &head, sizeof(head));
  head.checksum = Checksum(room_.first(bytes));
  std::memcpy(room_.data(), &head, sizeof(head));
  return bytes;
}

}  // namespace headrace::codecs
