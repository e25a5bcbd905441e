#include "codecs/png_island.h"

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include <png.h>

#include "base/checked_math.h"
#include "codecs/alpha.h"

namespace headrace::codecs {
namespace {

constexpr size_t kBlockAlign = 16;
// Picture data go to libpng in pieces, so that decoding stops soon after the last row needed.
constexpr size_t kPieceBytes = 8192;

// What the hooks share with the code that feeds libpng. Lives outside the function that calls
// setjmp, so a jump leaves it as it was.
struct Reading {
  const PngRegionJob* job = nullptr;
  PngRegionResult* result = nullptr;
  PngArena* arena = nullptr;
  uint32_t rows_end = 0;  // one past the last row needed
  // The last row that an interlaced picture's last pass brings.
  int last_pass = 0;
  uint32_t last_pass_row = 0;

  bool rows_done = false;   // all that the region needs were seen
  bool damaged = false;     // a sum was wrong, which libpng only warns of
  bool unexpected = false;  // libpng gives rows of another form than asked for
  bool cut = false;         // the file ends within or right after the picture data
  bool cut_in_data = false;
  char message[64] = {};  // libpng's error
};

// The region needs data to the end of the picture.
bool NeedsAll(const PngRegionJob& job) {
  return job.header->interlaced || job.region.y + job.region.height == job.header->size.height;
}

// ---- Hooks. Each may jump, so each holds plain values only.

void* OnMalloc(png_structp png, png_alloc_size_t bytes) {
  return static_cast<PngArena*>(png_get_mem_ptr(png))->Take(bytes);
}

void OnFree(png_structp png, void* block) {
  static_cast<PngArena*>(png_get_mem_ptr(png))->GiveBack(block);
}

[[noreturn]] void OnError(png_structp png, const char* message) {
  Reading& reading = *static_cast<Reading*>(png_get_error_ptr(png));
  std::strncpy(reading.message, message, sizeof(reading.message) - 1);
  png_longjmp(png, 1);
}

void OnWarning(png_structp png, const char* message) {
  Reading& reading = *static_cast<Reading*>(png_get_error_ptr(png));
  if (std::strstr(message, "Extra compressed data") != nullptr) {
    ++reading.result->report.extraneous;
  } else if (std::strstr(message, "ADLER32") != nullptr ||
             std::strstr(message, "Truncated compressed data") != nullptr) {
    ++reading.result->report.warnings;
    reading.damaged = true;
  }
  // The rest is about chunks that do not change pixels here.
}

// The header and palette are in: asks for 8-bit RGB, or RGBA to blend.
void OnInfo(png_structp png, png_infop info) {
  Reading& reading = *static_cast<Reading*>(png_get_progressive_ptr(png));
  const PngHeader& header = *reading.job->header;
  if (header.colour_type == PNG_COLOR_TYPE_PALETTE) {
    if (reading.job->palette_indices) {
      // As many as the depth allows: an index beyond the file's own palette shows as it is, too.
      png_color indices[256];
      const int count = 1 << header.bit_depth;
      for (int i = 0; i < count; ++i) {
        const auto value = static_cast<png_byte>(i);
        indices[i] = {value, value, value};
      }
      png_set_PLTE(png, info, indices, count);
    }
    png_set_palette_to_rgb(png);
  }
  if (header.colour_type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  if (reading.job->blend && png_get_valid(png, info, PNG_INFO_tRNS) != 0) {
    png_set_tRNS_to_alpha(png);
  }
  if (header.bit_depth == 16) {
    // Pillow reads 16-bit colour by its high byte. It keeps 16-bit grey without alpha as integers,
    // whose convert("RGB") would clip at 255; here these are value / 257, rounded.
    if (header.colour_type == PNG_COLOR_TYPE_GRAY) {
      png_set_scale_16(png);
    } else {
      png_set_strip_16(png);
    }
  }
  if (!reading.job->blend) png_set_strip_alpha(png);
  png_set_gray_to_rgb(png);  // colour stays as it is
  png_set_interlace_handling(png);
  png_read_update_info(png, info);

  const uint32_t channels = png_get_channels(png, info);
  reading.result->channels = channels;
  const bool fits = !header.interlaced || channels <= reading.job->target.channels;
  reading.unexpected = (channels != 3 && channels != 4) || !fits ||
                       png_get_rowbytes(png, info) != size_t{header.size.width} * channels;
  if (reading.unexpected) png_error(png, "rows of another form");
}

void OnRow(png_structp png, png_bytep row, png_uint_32 row_index, int pass) {
  Reading& reading = *static_cast<Reading*>(png_get_progressive_ptr(png));
  const PngRegionJob& job = *reading.job;
  const bool wanted = row_index >= job.region.y && row_index < reading.rows_end;
  if (job.header->interlaced) {
    if (row == nullptr) return;  // nothing new in this pass
    if (wanted) png_progressive_combine_row(png, job.target.Row(row_index - job.region.y), row);
    if (pass == reading.last_pass && row_index >= reading.last_pass_row) reading.rows_done = true;
    return;
  }
  if (!wanted) return;
  uint8_t* to = job.target.Row(row_index - job.region.y);
  const size_t channels = reading.result->channels;
  const uint8_t* from = row + job.region.x * channels;
  if (channels == 4) {
    BlendOver(job.background, from, to, job.region.width);
  } else {
    std::memcpy(to, from, size_t{job.region.width} * 3);
  }
  if (row_index + 1 == reading.rows_end) reading.rows_done = true;
}

// ---- Feeding libpng. Runs under setjmp: plain values only.

void Feed(png_structp png, png_infop info, std::span<const std::byte> bytes) {
  // libpng's parameter lacks a const; it does not write.
  png_process_data(png, info, reinterpret_cast<png_bytep>(const_cast<std::byte*>(bytes.data())),
                   bytes.size());
}

void FeedInPieces(png_structp png, png_infop info, const Reading& reading,
                  std::span<const std::byte> bytes) {
  const bool needs_all = NeedsAll(*reading.job);
  while (!bytes.empty() && (needs_all || !reading.rows_done)) {
    const size_t piece = std::min(bytes.size(), kPieceBytes);
    Feed(png, info, bytes.first(piece));
    bytes = bytes.subspan(piece);
  }
}

// Signature, header, palette, transparency if it is wanted, and the first run of picture data. What
// else the file has is not shown to libpng.
void FeedBody(png_structp png, png_infop info, Reading& reading) {
  const PngRegionJob& job = *reading.job;
  PngChunkWalker walker(job.file);
  PngChunk chunk;
  Feed(png, info, job.file.first(kPngSignatureBytes));
  bool in_data = false;
  bool more = false;
  while ((more = walker.Next(&chunk))) {
    if (chunk.tag == kPngIdat) {
      in_data = true;
      FeedInPieces(png, info, reading, chunk.all);
      if (!chunk.whole) break;
      if (reading.rows_done && !NeedsAll(job)) return;
    } else if (in_data || chunk.tag == kPngIend) {
      break;
    } else if (chunk.tag == kPngIhdr || chunk.tag == kPngPlte ||
               (chunk.tag == kPngTrns && job.blend)) {
      Feed(png, info, chunk.all);
    }
  }
  reading.cut = !more || !chunk.whole;
  reading.cut_in_data = in_data && chunk.tag == kPngIdat && !chunk.whole;
}

// False after an error.
bool FeedUnderSetjmp(png_structp png, png_infop info, Reading& reading) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // ours were checked before
  png_set_chunk_malloc_max(png, 0);                            // libpng is shown no such chunks
  png_set_benign_errors(png, 1);                               // warn; OnWarning decides
  png_set_progressive_read_fn(png, &reading, OnInfo, OnRow, nullptr);
  FeedBody(png, info, reading);
  return true;
}

Status Verdict(const Reading& reading, bool ended_well) {
  if (reading.unexpected) return {Code::kInternal, "libpng gave other rows than asked for"};
  if (reading.arena->exhausted) {
    return {Code::kLimitMemory, "the PNG needs more memory than its size explains"};
  }
  // What came after the last row needed, within the same piece of data, is not looked at.
  if (reading.rows_done && !NeedsAll(*reading.job)) return {};
  if (!ended_well) {
    if (std::strstr(reading.message, "CRC") != nullptr) {
      return {Code::kCorrupt, "a chunk of the PNG has a wrong CRC"};
    }
    return {Code::kCorrupt, "the PNG's picture data are damaged"};
  }
  if (reading.damaged) return {Code::kCorrupt, "the PNG's picture data are damaged"};
  if (!reading.rows_done && !reading.cut) {
    return {Code::kCorrupt, "the PNG's picture data end before the last row"};
  }
  if (!reading.rows_done || reading.cut_in_data) {
    return {Code::kTruncated, "the PNG ends within its picture data"};
  }
  return {};
}

// Where an interlaced picture ends: its last pass that has pixels.
void FindLastPass(SizePx size, Reading* reading) {
  for (int pass = 6; pass >= 0; --pass) {
    const uint32_t rows = PNG_PASS_ROWS(size.height, pass);
    if (rows == 0 || PNG_PASS_COLS(size.width, pass) == 0) continue;
    reading->last_pass = pass;
    reading->last_pass_row = PNG_ROW_FROM_PASS_ROW(rows - 1, pass);
    return;
  }
}

}  // namespace

void PngArena::Rewind() {
  used = 0;
  last_block = 0;
  exhausted = false;
}

void* PngArena::Take(size_t bytes) {
  const uint64_t rounded = RoundUp(bytes, kBlockAlign);
  if (rounded > memory.size() - used) {
    exhausted = true;
    return nullptr;
  }
  last_block = used;
  used += rounded;
  return memory.data() + last_block;
}

void PngArena::GiveBack(const void* block) {
  if (block == memory.data() + last_block) used = last_block;
}

// Two rows of at most 8 bytes a pixel, and 128 KiB for the structs (below 3 KB), zlib's window and
// state (below 48 KB), palettes and small change.
uint64_t PngArenaBytes(uint64_t width_px) {
  return SaturatingAdd(SaturatingMul(width_px, 16), uint64_t{128} << 10);
}

Status PngReadRegion(PngArena& arena, const PngRegionJob& job, PngRegionResult* result) {
  *result = {};
  arena.Rewind();
  Reading reading;
  reading.job = &job;
  reading.result = result;
  reading.arena = &arena;
  reading.rows_end = job.region.y + job.region.height;
  FindLastPass(job.header->size, &reading);

  png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &reading, OnError, OnWarning,
                                             &arena, OnMalloc, OnFree);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  if (info == nullptr) {
    if (png != nullptr) png_destroy_read_struct(&png, nullptr, nullptr);
    return {Code::kLimitMemory, "the PNG arena is too small for libpng"};
  }
  const bool ended_well = FeedUnderSetjmp(png, info, reading);
  png_destroy_read_struct(&png, &info, nullptr);
  return Verdict(reading, ended_well);
}

}  // namespace headrace::codecs
