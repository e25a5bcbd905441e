// Entropy checkpoints: places in a JPEG's data from which decoding can begin, every so many MCUs,
// as a record that is kept apart from the file. docs/checkpoints.md has the format.
//
// A record is never trusted: it must carry the file's size, the hash of its header and its own
// checksum; each place is checked against the data when it is used, and a wrong one costs time,
// never pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codecs/jpeg_entropy.h"
#include "codecs/jpeg_frame.h"

namespace headrace::codecs {

// A record may have this part of its file's bytes, in percent.
inline constexpr uint64_t kJpegRecordPercentMax = 4;

// What: reads a record. Plain view; the record and the frame must outlive it.
class JpegCheckpoints {
 public:
  // False: not a record of this file, or damaged.
  bool Open(std::span<const std::byte> record, const JpegFrame& frame);

  uint32_t interval() const { return interval_; }
  // Every MCU of the file was decoded without anything odd when the record was made.
  bool complete() const { return complete_; }

  // The last checkpoint at or before `mcu`; 0: only the beginning.
  uint32_t Before(uint32_t mcu) const;
  // `mcu`: a multiple of interval() other than 0. False: the record has no such checkpoint.
  bool Find(uint32_t mcu, JpegPlace* place) const;
  // Whether the data at a checkpoint that Find gave are those that it was made from.
  bool DataMatch(uint32_t mcu) const;

 private:
  const JpegFrame* frame_ = nullptr;
  const std::byte* points_ = nullptr;
  uint32_t count_ = 0;
  uint32_t interval_ = 0;
  bool complete_ = false;
};

// What: writes a record while a file is decoded from its start.
class JpegCheckpointMaker {
 public:
  // False: the file is too small for checkpoints to pay, or `room` for a record of it.
  bool Begin(const JpegFrame& frame, std::span<std::byte> room);

  uint32_t interval() const { return interval_; }
  // Checkpoints come in order: interval(), 2 * interval(), ...
  void Add(const JpegPlace& place);
  // Bytes of the record, at the beginning of the room; 0: nothing worth keeping. `complete`: all
  // MCUs were decoded.
  size_t Finish(bool complete);

 private:
  const JpegFrame* frame_ = nullptr;
  std::span<std::byte> room_;
  uint32_t interval_ = 0;
  uint32_t count_ = 0;
  uint32_t count_max_ = 0;
};

// Room for the largest record of a file of `file_bytes`.
uint64_t JpegRecordBytesMax(uint64_t file_bytes);

}  // namespace headrace::codecs
