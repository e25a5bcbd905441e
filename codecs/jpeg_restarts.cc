#include "codecs/jpeg_restarts.h"

#include <cstring>

namespace headrace::codecs {
namespace {

constexpr uint8_t kFirstRestart = 0xD0;

}  // namespace

bool JpegRestarts::Begin(const JpegFrame& frame, const RecordPart& part) {
  begin_ = frame.file.data();
  at_ = begin_ + frame.data_offset;
  end_ = begin_ + frame.file.size();
  segment_ = 0;
  from_start_ = true;
  if (part.is_whole()) return true;
  const uint64_t mcu = uint64_t{part.mcu_row} * frame.mcus_across();
  if (mcu / frame.restart_interval == 0) return part.Has(frame.data_offset, part.end);
  if (part.begin < frame.data_offset || part.begin >= frame.file.size()) return false;
  from_start_ = false;
  // The place is not known to the byte. Markers with one number are further apart.
  at_ = begin_ + part.begin;
  segment_ = static_cast<uint32_t>(mcu / frame.restart_interval) - 1;
  for (uint32_t i = 0; i < 8 && NextMarker(); ++i, at_ += 2) {
    if (at_[1] == kFirstRestart + segment_ % 8) return true;
  }
  return false;
}

void JpegRestarts::SkipTo(uint32_t segment, const uint8_t* at) {
  if (at <= at_) return;
  at_ = at;
  segment_ = segment;
}

bool JpegRestarts::NextMarker() {
  for (;;) {
    if (end_ - at_ < 2) return false;
    const void* found = std::memchr(at_, 0xFF, static_cast<size_t>(end_ - at_ - 1));
    if (found == nullptr) return false;
    at_ = static_cast<const uint8_t*>(found);
    if (at_[1] != 0) return true;
    at_ += 2;
  }
}

bool JpegRestarts::Find(uint32_t segment, uint64_t* byte) {
  while (segment_ < segment) {
    if (!NextMarker() || at_[1] != kFirstRestart + segment_ % 8) return false;
    *byte = static_cast<uint64_t>(at_ - begin_);
    at_ += 2;
    ++segment_;
  }
  return true;
}

bool JpegRestarts::EndsWell(bool is_last) {
  if (!NextMarker()) return false;
  return is_last ? (at_[1] & 0xF8) != kFirstRestart : at_[1] == kFirstRestart + segment_ % 8;
}

}  // namespace headrace::codecs
