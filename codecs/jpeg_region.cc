#include "codecs/jpeg_region.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "base/check.h"
#include "base/clock.h"

namespace headrace::codecs {
namespace {

// Coefficients of a chunk stay in the first-level cache until they are transformed.
constexpr uint32_t kChunkBlocks = 48;
// Two clock readings a chunk would cost a percent: one row in so many is timed.
constexpr uint32_t kTimedRows = 8;

}  // namespace

bool JpegRegionDecoder::Begin(const JpegFrame& frame, const JpegRegionJob& job) {
  frame_ = &frame;
  job_ = job;
  times_ = {};
  complete_ = false;
  row_ = job.rect.top;
  HR_DCHECK(job.checkpoints == nullptr || job.maker == nullptr);
  HR_DCHECK(!job.restarts_trusted || (job.checkpoints == nullptr && job.maker == nullptr));
  HR_DCHECK(!job.restarts_trusted || frame.restart_interval > 0);
  HR_DCHECK(job.restarts_trusted || job.part.is_whole());
  // Rows above those of the part would be decoded from what happens to lie there.
  if (!job.part.is_whole() && job.rect.top < job.part.mcu_row) return false;
  if (job.restarts_trusted && !restarts_.Begin(frame, job.part)) return false;
  interval_ = job.maker != nullptr ? job.maker->interval() : 0;
  if (!tables_.Prepare(frame)) return false;
  // Whole groups, so that every chunk but the last ends with one.
  chunk_mcus_ = std::max(kChunkBlocks / tables_.layout().blocks, 1u);
  chunk_mcus_ = (chunk_mcus_ + simd::kIdctGroupBlocksMax - 1) / simd::kIdctGroupBlocksMax *
                simd::kIdctGroupBlocksMax;
  uint32_t block = 0;
  for (uint32_t c = 0; c < frame.components; ++c) {
    for (uint32_t row = 0; row < frame.BlocksDown(c); ++row) {
      first_block_[c][row] = block;
      block += chunk_mcus_ * frame.BlocksAcross(c);
    }
  }
  if (block > kChunkBlocksMax) return false;
  idct_tables_.Prepare(frame);
  return entropy_.Begin(tables_) && second_.Begin(tables_);
}

JpegCoefficients JpegRegionDecoder::Chunk::Rows(const JpegMcuLayout& layout,
                                                const uint32_t (*first_block)[2]) {
  JpegCoefficients rows;
  for (uint32_t b = 0; b < layout.blocks; ++b) {
    const uint32_t first = first_block[layout.block[b].component][layout.block[b].row];
    rows.row[b] = {coefficients + size_t{first} * kJpegCoefficients, last + first};
  }
  return rows;
}

// ------------------------------------------------------------------ getting to a place

// The next MCU before which a checkpoint is to be made.
uint32_t JpegRegionDecoder::NextStop(uint32_t mcu) const {
  return interval_ == 0 ? UINT32_MAX : (mcu / interval_ + 1) * interval_;
}

bool JpegRegionDecoder::SkipTo(JpegEntropyDecoder* entropy, uint32_t mcu) {
  while (entropy->mcu() < mcu) {
    const uint32_t stop = NextStop(entropy->mcu());
    if (!entropy->Skip(std::min(mcu, stop) - entropy->mcu())) return false;
    if (entropy->mcu() == stop) job_.maker->Add(entropy->place());
  }
  return true;
}

// To the restart marker that the MCU's segment begins with, if it is not this one.
bool JpegRegionDecoder::PassToSegment(JpegEntropyDecoder* entropy, uint32_t mcu) {
  const uint32_t interval = frame_->restart_interval;
  const uint32_t segment = mcu / interval;
  if (segment <= entropy->segment()) return segment > 0 || restarts_.from_start();
  const JpegEntropyDecoder& last = Foremost();
  if (segment == last.segment()) {  // where the other one has ended
    *entropy = last;
    return true;
  }
  // What was decoded need not be looked through; rows come in order, so there is no way back.
  restarts_.SkipTo(last.segment(), last.byte());
  uint64_t byte = 0;
  if (segment <= restarts_.segment() || !restarts_.Find(segment, &byte)) return false;
  return entropy->Seek(segment * interval, {.bit = byte * 8});
}

// By a checkpoint or a restart marker, if there is one on the way.
bool JpegRegionDecoder::PassTo(JpegEntropyDecoder* entropy, uint32_t mcu) {
  if (job_.restarts_trusted && !PassToSegment(entropy, mcu)) return false;
  if (job_.checkpoints != nullptr) {
    const uint32_t start = job_.checkpoints->Before(mcu);
    JpegPlace place;
    if (start > entropy->mcu() && job_.checkpoints->Find(start, &place)) {
      if (!job_.checkpoints->DataMatch(start) || !entropy->Seek(start, place)) return false;
    }
  }
  return SkipTo(entropy, mcu);
}

bool JpegRegionDecoder::DecodeTo(uint32_t mcu, JpegCoefficients* to) {
  while (entropy_.mcu() < mcu) {
    const uint32_t stop = NextStop(entropy_.mcu());
    const uint32_t count = std::min(mcu, stop) - entropy_.mcu();
    if (!entropy_.Decode(count, *to)) return false;
    to->mcus_before += count;
    if (entropy_.mcu() == stop) job_.maker->Add(entropy_.place());
  }
  return true;
}

// Whether decoding can begin shortly before `mcu`, so that the row above is not waited for.
bool JpegRegionDecoder::CanBegin(uint32_t mcu) const {
  if (job_.restarts_trusted) {
    const uint32_t interval = frame_->restart_interval;
    return mcu / interval > (mcu - frame_->mcus_across()) / interval;
  }
  if (job_.checkpoints == nullptr) return false;
  const uint32_t start = job_.checkpoints->Before(mcu);
  return start > 0 && mcu - start < job_.checkpoints->interval();
}

// ------------------------------------------------------------------ rows

void JpegRegionDecoder::Transform(Chunk* chunk, uint32_t mcus, uint32_t mcu_offset,
                                  const JpegPlaneRows& to) {
  for (uint32_t c = 0; c < frame_->components; ++c) {
    const uint32_t across = frame_->BlocksAcross(c);
    const auto size = static_cast<uint32_t>(job_.size[c]);
    for (uint32_t row = 0; row < frame_->BlocksDown(c); ++row) {
      const uint32_t first = first_block_[c][row];
      simd::Idct({.coefficients = chunk->coefficients + size_t{first} * kJpegCoefficients,
                  .last = chunk->last + first,
                  .blocks = mcus * across,
                  .out = to.plane[c] + size_t{row} * size * to.stride_bytes[c] +
                         size_t{mcu_offset} * across * size,
                  .stride_bytes = to.stride_bytes[c]},
                 idct_tables_.of(c), job_.size[c]);
    }
  }
}

JpegPlaneRows JpegRegionDecoder::NextRow(JpegPlaneRows rows) const {
  for (uint32_t c = 0; c < frame_->components; ++c) {
    const uint32_t samples = frame_->BlocksDown(c) * static_cast<uint32_t>(job_.size[c]);
    rows.plane[c] += samples * rows.stride_bytes[c];
  }
  return rows;
}

bool JpegRegionDecoder::DecodeRow(uint32_t row, const JpegPlaneRows& to, uint64_t* idct_ns) {
  const uint32_t row_start = row * frame_->mcus_across();
  if (!PassTo(&entropy_, row_start + job_.rect.left)) return false;
  for (uint32_t done = job_.rect.left; done < job_.rect.right;) {
    const uint32_t count = std::min(chunk_mcus_, job_.rect.right - done);
    JpegCoefficients rows = chunks_[0].Rows(tables_.layout(), first_block_);
    if (!DecodeTo(row_start + done + count, &rows)) return false;
    const int64_t begin = idct_ns != nullptr ? NowNs() : 0;
    Transform(&chunks_[0], count, done - job_.rect.left, to);
    if (idct_ns != nullptr) *idct_ns += static_cast<uint64_t>(NowNs() - begin);
    done += count;
  }
  return true;
}

bool JpegRegionDecoder::DecodeTwoRows(uint32_t row, const JpegPlaneRows& to, uint64_t* idct_ns) {
  const uint32_t row_start = row * frame_->mcus_across();
  const uint32_t second_start = row_start + frame_->mcus_across();
  if (!PassTo(&entropy_, row_start + job_.rect.left)) return false;
  if (!PassTo(&second_, second_start + job_.rect.left)) return false;
  const JpegPlaneRows to_second = NextRow(to);
  for (uint32_t done = job_.rect.left; done < job_.rect.right;) {
    const uint32_t count = std::min(chunk_mcus_, job_.rect.right - done);
    if (!JpegEntropyDecoder::DecodeBoth(&entropy_, chunks_[0].Rows(tables_.layout(), first_block_),
                                        &second_, chunks_[1].Rows(tables_.layout(), first_block_),
                                        count)) {
      return false;
    }
    const int64_t begin = idct_ns != nullptr ? NowNs() : 0;
    Transform(&chunks_[0], count, done - job_.rect.left, to);
    Transform(&chunks_[1], count, done - job_.rect.left, to_second);
    if (idct_ns != nullptr) *idct_ns += static_cast<uint64_t>(NowNs() - begin);
    done += count;
  }
  return true;
}

bool JpegRegionDecoder::DecodeRows(uint32_t count, const JpegPlaneRows& to) {
  HR_DCHECK(count >= 1 && count <= kJpegRowsAtATime && row_ + count <= job_.rect.bottom);
  const bool timed = (row_ - job_.rect.top) % kTimedRows == 0;
  const int64_t begin = timed ? NowNs() : 0;
  uint64_t* idct_ns = timed ? &times_.idct_ns : nullptr;
  bool ok = false;
  if (count == 2 && CanBegin((row_ + 1) * frame_->mcus_across() + job_.rect.left)) {
    ok = DecodeTwoRows(row_, to, idct_ns);
  } else {
    ok = DecodeRow(row_, to, idct_ns);
    if (ok && count == 2) ok = DecodeRow(row_ + 1, NextRow(to), idct_ns);
  }
  if (!ok) {
    // What chunks leave must be zero for the next file.
    for (Chunk& chunk : chunks_) {
      std::fill(std::begin(chunk.coefficients), std::end(chunk.coefficients), int16_t{0});
    }
    return false;
  }
  if (timed) times_.row_ns += static_cast<uint64_t>(NowNs() - begin);
  row_ += count;
  return true;
}

// Data that a false marker had made begin in the wrong place end in the wrong place.
bool JpegRegionDecoder::EndByMarker() {
  restarts_.SkipTo(Foremost().segment(), Foremost().byte());
  return restarts_.EndsWell(restarts_.segment() == (tables_.mcus() - 1) / frame_->restart_interval);
}

bool JpegRegionDecoder::End() {
  if (job_.checkpoints != nullptr && job_.checkpoints->complete()) return true;
  if (job_.restarts_trusted) return EndByMarker();
  const uint32_t at_once = frame_->mcu_rows_at_once();
  const uint32_t rows =
      std::min((job_.rect.bottom + at_once - 1) / at_once * at_once, frame_->mcus_down());
  // All that was decoded from a checkpoint was decoded from the start when that was made.
  if (!PassTo(&entropy_, rows * frame_->mcus_across()) || entropy_.NearBareEnd()) return false;
  if (job_.maker == nullptr) return true;
  complete_ =
      SkipTo(&entropy_, frame_->mcus_down() * frame_->mcus_across()) && !entropy_.NearBareEnd();
  return true;
}

}  // namespace headrace::codecs
