#include "codecs/jpeg_island.h"

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <iterator>

#include "base/checked_math.h"
#include "codecs/jpeg_decompress_island.h"
#include "codecs/limit_checks.h"

// After jpeglib.h.
#include <jerror.h>

namespace headrace::codecs {
namespace {

constexpr JOCTET kEndOfImage[2] = {0xFF, JPEG_EOI};

JpegIsland& IslandOf(j_common_ptr jpeg) { return *static_cast<JpegIsland*>(jpeg->client_data); }
JpegIsland& IslandOf(j_decompress_ptr jpeg) { return *static_cast<JpegIsland*>(jpeg->client_data); }

// ---- Hooks. Each may jump, so each holds plain values only.

[[noreturn]] void Escape(JpegIsland& island, int message) {
  island.message = message;
  std::longjmp(island.escape, 1);
}

[[noreturn]] void OnError(j_common_ptr jpeg) { Escape(IslandOf(jpeg), jpeg->err->msg_code); }

// A progressive scan of fine detail that ends at its marker a few bits early, in its last row of
// blocks. Partial progressive files have such scans, every viewer shows them, and what is missing
// is detail of the last blocks: counted, not corrupt.
bool IsShortDetailScan(const JpegIsland& island, int message) {
  const jpeg_decompress_struct& jpeg = island.jpeg;
  return message == JWRN_HIT_MARKER && jpeg.progressive_mode && jpeg.Ss > 0 &&
         jpeg.input_iMCU_row + 1 == jpeg.total_iMCU_rows && !island.end_of_file_hit;
}

// Warnings about the data (premature end, bad code, lost restart marker) end the decode. Extraneous
// bytes and what partial progressive files cause are counted. The rest (an odd JFIF version, an
// unknown Adobe transform, sequential scans with progressive parameters, a broken ICC profile) says
// nothing about the pixels.
void OnMessage(j_common_ptr jpeg, int level) {
  if (level >= 0) return;  // a trace
  JpegIsland& island = IslandOf(jpeg);
  const int message = jpeg->err->msg_code;
  ++jpeg->err->num_warnings;  // of every kind; the library sets it back at the next header
  if (message == JWRN_EXTRANEOUS_DATA || message == JWRN_BOGUS_PROGRESSION ||
      IsShortDetailScan(island, message)) {
    ++island.report.extraneous;
    return;
  }
  switch (message) {
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_BOGUS_ICC: return;
    default: ++island.report.warnings; Escape(island, message);
  }
}

void OnOutput(j_common_ptr) {}  // never print
void OnFormat(j_common_ptr, char* buffer) { buffer[0] = '\0'; }

void OnSourceStart(j_decompress_ptr) {}
void OnSourceEnd(j_decompress_ptr) {}

// The whole file is in memory: asking for more means that it is cut short.
boolean OnSourceEmpty(j_decompress_ptr jpeg) {
  IslandOf(jpeg).end_of_file_hit = true;
  jpeg->src->next_input_byte = kEndOfImage;
  jpeg->src->bytes_in_buffer = sizeof(kEndOfImage);
  WARNMS(jpeg, JWRN_JPEG_EOF);
  return TRUE;
}

void OnSourceSkip(j_decompress_ptr jpeg, long count) {
  if (count <= 0) return;
  if (static_cast<size_t>(count) > jpeg->src->bytes_in_buffer) {
    OnSourceEmpty(jpeg);
    return;
  }
  jpeg->src->next_input_byte += count;
  jpeg->src->bytes_in_buffer -= static_cast<size_t>(count);
}

// APP1, where EXIF is: only remembers where the first block lies in the file.
boolean OnApp1(j_decompress_ptr jpeg) {
  JpegIsland& island = IslandOf(jpeg);
  const JOCTET* bytes = jpeg->src->next_input_byte;
  const size_t left = jpeg->src->bytes_in_buffer;
  if (left < 2) return OnSourceEmpty(jpeg);
  const size_t segment_bytes = size_t{bytes[0]} << 8 | bytes[1];
  if (segment_bytes < 2) ERREXIT(jpeg, JERR_BAD_LENGTH);
  const size_t payload_bytes = std::min(segment_bytes, left) - 2;
  if (island.exif == nullptr && payload_bytes >= 6 && std::memcmp(bytes + 2, "Exif\0", 5) == 0) {
    island.exif = bytes + 8;
    island.exif_bytes = payload_bytes - 6;
  }
  OnSourceSkip(jpeg, static_cast<long>(segment_bytes));
  return TRUE;
}

bool ScansAllowed(const JpegIsland& island, uint64_t scans) {
  const uint64_t pixels = SaturatingMul(island.jpeg.image_width, island.jpeg.image_height);
  return scans <= island.scans_max && SaturatingMul(scans, pixels) <= island.pixel_scans_max;
}

// Called while scans are absorbed; stops the scans that CountScans did not see.
void OnProgress(j_common_ptr common) {
  JpegIsland& island = IslandOf(common);
  if (ScansAllowed(island, static_cast<uint64_t>(std::max(island.jpeg.input_scan_number, 0)))) {
    return;
  }
  island.limit_hit = true;
  Escape(island, 0);
}

// libjpeg-turbo keeps quantisation and Huffman tables from one file to the next, for streams that
// leave them out. A file must never be decoded with the tables of the one before it, so here they
// live and end with their file: what would be permanent is taken from the image's memory.
void* OnAllocSmall(j_common_ptr jpeg, int, size_t bytes) {
  return IslandOf(jpeg).alloc_small(jpeg, JPOOL_IMAGE, bytes);
}

// ---- What a message of the library means to us.

Status ScansStatus() {
  return {Code::kLimitScans, "the JPEG has more scans than limits.jpeg_scans allows for its size"};
}

}  // namespace

void EndJpegImage(JpegIsland& island) {
  jpeg_decompress_struct& jpeg = island.jpeg;
  jpeg_abort_decompress(&jpeg);
  std::fill(std::begin(jpeg.quant_tbl_ptrs), std::end(jpeg.quant_tbl_ptrs), nullptr);
  std::fill(std::begin(jpeg.dc_huff_tbl_ptrs), std::end(jpeg.dc_huff_tbl_ptrs), nullptr);
  std::fill(std::begin(jpeg.ac_huff_tbl_ptrs), std::end(jpeg.ac_huff_tbl_ptrs), nullptr);
}

bool JpegIsSmoothed(const jpeg_decompress_struct& jpeg) {
  if (!jpeg.progressive_mode || jpeg.coef_bits == nullptr) return false;
  for (int c = 0; c < jpeg.num_components; ++c) {
    for (int k = 0; k < DCTSIZE2; ++k) {
      if (jpeg.coef_bits[c][k] != 0) return true;
    }
  }
  return false;
}

Status JpegStatusOf(const JpegIsland& island) {
  if (island.limit_hit) return ScansStatus();
  switch (island.message) {
    case JERR_NO_BACKING_STORE:
      return {Code::kLimitMemory, "the JPEG needs more than limits.jpeg_memory to decode"};
    case JERR_OUT_OF_MEMORY: return {Code::kOutOfMemory, "no memory for libjpeg-turbo"};
    case JERR_IMAGE_TOO_BIG:
      return {Code::kLimitPixels, "a side of the JPEG is longer than 65500, libjpeg-turbo's limit"};
    case JERR_BAD_PRECISION:
      return {Code::kUnsupportedFormat, "a JPEG of other than 8 bits a sample is not supported"};
    case JERR_SOF_UNSUPPORTED:
      return {Code::kUnsupportedFormat, "a lossless or hierarchical JPEG is not supported"};
    case JERR_ARITH_NOTIMPL:
      return {Code::kUnsupportedFormat, "this libjpeg-turbo cannot decode arithmetic coding"};
    case JERR_CONVERSION_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
      return {Code::kUnsupportedFormat, "the JPEG's colour space or sampling is not supported"};
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
      return {Code::kCorrupt, "the JPEG has a bad code in its picture data"};
    case JWRN_MUST_RESYNC: return {Code::kCorrupt, "the JPEG misses a restart marker"};
    case JWRN_HIT_MARKER:
    case JWRN_JPEG_EOF: return {Code::kTruncated, "the JPEG ends too early"};
    default: break;
  }
  if (island.end_of_file_hit) return {Code::kTruncated, "the JPEG ends within its header"};
  return {Code::kCorrupt, "the JPEG's header or tables are damaged"};
}

namespace {

// ---- Bodies. They run under the setjmp of their callers; all their locals are plain.

// Fills the first `count` rows of `into` with the next rows of the picture.
bool ReadRows(JpegIsland& island, uint8_t* into, size_t stride_bytes, uint32_t count) {
  JSAMPROW rows[kJpegRowsAtOnce];
  for (uint32_t i = 0; i < count; ++i) rows[i] = into + i * stride_bytes;
  for (uint32_t done = 0; done < count;) {
    const uint32_t got = jpeg_read_scanlines(&island.jpeg, rows + done, count - done);
    if (got == 0) return false;  // only a source that can suspend gives no rows
    done += got;
  }
  return true;
}

// Pillow's inverted (Adobe) CMYK to RGB: 255 - k scaled by the other inks, each product rounded.
void CmykToRgb(const uint8_t* cmyk, uint8_t* rgb, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i, cmyk += 4, rgb += 3) {
    const uint32_t white = cmyk[3];  // the file holds 255 - k
    for (uint32_t c = 0; c < 3; ++c) {
      const uint32_t product = (255u - cmyk[c]) * white + 128;
      rgb[c] = static_cast<uint8_t>(white - (((product >> 8) + product) >> 8));
    }
  }
}

// Takes rows through job.rows: colour conversion or cutting out columns is left to us. `left_px` is
// the column of the picture that the rows begin with.
bool ReadThroughRows(JpegIsland& island, const JpegRowsJob& job, uint32_t left_px) {
  const RectPx& region = job.region;
  const size_t stride = size_t{island.jpeg.output_width} * job.row_channels;
  const size_t offset = size_t{region.x - left_px} * job.row_channels;
  for (uint32_t y = island.jpeg.output_scanline; y < region.y + region.height;) {
    const uint32_t count = std::min(kJpegRowsAtOnce, region.y + region.height - y);
    if (!ReadRows(island, job.rows.data(), stride, count)) return false;
    for (uint32_t i = 0; i < count; ++i, ++y) {
      if (y < region.y) continue;
      const uint8_t* from = job.rows.data() + i * stride + offset;
      uint8_t* to = job.target.Row(y - region.y);
      if (job.row_channels == 4) {
        CmykToRgb(from, to, region.width);
      } else {
        std::memcpy(to, from, size_t{region.width} * 3);
      }
    }
  }
  return true;
}

bool ReadStraight(JpegIsland& island, const JpegRowsJob& job) {
  for (uint32_t y = 0; y < job.region.height;) {
    const uint32_t count = std::min(kJpegRowsAtOnce, job.region.height - y);
    if (!ReadRows(island, job.target.Row(y), job.target.stride_bytes, count)) return false;
    y += count;
  }
  return true;
}

// False when the library did not do what its documentation says.
bool RegionBody(JpegIsland& island, const JpegRowsJob& job) {
  jpeg_decompress_struct& jpeg = island.jpeg;
  jpeg.out_color_space = job.row_channels == 4 ? JCS_CMYK : JCS_RGB;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.do_fancy_upsampling = TRUE;
  jpeg.quantize_colors = FALSE;
  jpeg_start_decompress(&jpeg);
  if (jpeg.output_width != jpeg.image_width || jpeg.output_height != jpeg.image_height)
    return false;
  if (jpeg.output_components != static_cast<int>(job.row_channels)) return false;

  JDIMENSION left = 0;
  JDIMENSION width = jpeg.output_width;
  if (!JpegIsSmoothed(jpeg)) {
    // Before any row is read; it moves `left` down and gives the width that rows have from now on.
    if (job.columns.width < width) {
      left = job.columns.x;
      width = job.columns.width;
      jpeg_crop_scanline(&jpeg, &left, &width);
      if (left > job.region.x || left + width < job.region.x + job.region.width) return false;
    }
    if (job.region.y > 0 && jpeg_skip_scanlines(&jpeg, job.region.y) != job.region.y) return false;
  }
  if (!job.rows.empty()) return ReadThroughRows(island, job, left);
  if (left != job.columns.x || width != job.columns.width) return false;
  return ReadStraight(island, job);
}

// Copies what is wanted of the `count` plane rows that begin with row `first` of the whole plane.
void CopyWanted(const JpegPlanesJob::Plane& plane, uint32_t first, uint32_t count) {
  const RectPx& samples = plane.samples;
  const uint32_t from = std::max(first, samples.y);
  const uint32_t to = std::min(first + count, samples.y + samples.height);
  for (uint32_t y = from; y < to; ++y) {
    std::memcpy(plane.target.Row(y - samples.y),
                plane.rows + (y - first) * plane.row_bytes + samples.x, samples.width);
  }
}

bool PlanesBody(JpegIsland& island, const JpegPlanesJob& job) {
  jpeg_decompress_struct& jpeg = island.jpeg;
  jpeg.out_color_space = jpeg.jpeg_color_space;
  jpeg.raw_data_out = TRUE;
  jpeg.scale_num = 1;
  jpeg.scale_denom = job.reduction;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.quantize_colors = FALSE;
  jpeg_start_decompress(&jpeg);
  constexpr int kRowsMax = 2 * DCTSIZE;
  JSAMPROW rows[kJpegComponentsMax][kRowsMax];
  JSAMPARRAY planes[kJpegComponentsMax];
  uint32_t rows_each[kJpegComponentsMax];
  uint32_t end = 0;  // rows of MCUs to read
  for (uint32_t c = 0; c < job.components; ++c) {
    const JpegPlanesJob::Plane& plane = job.plane[c];
    const jpeg_component_info& info = jpeg.comp_info[c];
    if (info.DCT_scaled_size != static_cast<int>(plane.block_px)) return false;
    if (info.downsampled_width != plane.size.width) return false;
    if (info.downsampled_height != plane.size.height) return false;
    if (size_t{info.width_in_blocks} * plane.block_px > plane.row_bytes) return false;
    rows_each[c] = static_cast<uint32_t>(info.v_samp_factor) * plane.block_px;
    for (uint32_t y = 0; y < rows_each[c]; ++y) rows[c][y] = plane.rows + y * plane.row_bytes;
    planes[c] = rows[c];
    const uint32_t last = plane.samples.y + plane.samples.height - 1;
    end = std::max(end, last / rows_each[c] + 1);
  }
  const auto lines = static_cast<JDIMENSION>(jpeg.max_v_samp_factor * jpeg.min_DCT_scaled_size);
  for (uint32_t row = 0; row < end; ++row) {
    if (jpeg_read_raw_data(&jpeg, planes, lines) != lines) return false;
    for (uint32_t c = 0; c < job.components; ++c) {
      CopyWanted(job.plane[c], row * rows_each[c], rows_each[c]);
    }
  }
  return true;
}

// Start-of-scan markers from `bytes`, the data of the first scan, up to the end of the image. A
// progressive file can repeat its last scan for ever, and each costs a pass over all coefficients;
// counting them first is a pass over the bytes.
uint64_t CountScans(std::span<const JOCTET> bytes) {
  constexpr JOCTET kStartOfScan = 0xDA;
  uint64_t scans = 1;
  size_t at = 0;
  while (at + 1 < bytes.size()) {
    const void* found = std::memchr(bytes.data() + at, 0xFF, bytes.size() - 1 - at);
    if (found == nullptr) break;
    at = static_cast<size_t>(static_cast<const JOCTET*>(found) - bytes.data()) + 1;
    const JOCTET marker = bytes[at];
    if (marker == JPEG_EOI) break;
    if (marker == kStartOfScan) ++scans;
    // Tables between scans may hold any byte: over them by their length.
    const bool has_length = marker >= 0xC0 && marker != 0xFF && !(marker >= 0xD0 && marker <= 0xD8);
    if (has_length && at + 2 < bytes.size()) at += size_t{bytes[at + 1]} << 8 | bytes[at + 2];
  }
  return scans;
}

bool CopyTable(const JHUFF_TBL* table, JpegHuffmanSpec* spec) {
  if (table == nullptr) return false;  // libjpeg-turbo has standard ones for that
  static_assert(sizeof(spec->counts) == sizeof(table->bits));
  static_assert(sizeof(spec->symbols) == sizeof(table->huffval));
  std::memcpy(spec->counts, table->bits, sizeof(spec->counts));
  std::memcpy(spec->symbols, table->huffval, sizeof(spec->symbols));
  return true;
}

// Sampling and size.
bool DescribeSampling(const jpeg_decompress_struct& jpeg, JpegFrame* frame) {
  if (jpeg.num_components != 1 && jpeg.num_components != 3) return false;
  frame->size = {jpeg.image_width, jpeg.image_height};
  frame->components = static_cast<uint32_t>(jpeg.num_components);
  frame->across_max = static_cast<uint32_t>(jpeg.max_h_samp_factor);
  frame->down_max = static_cast<uint32_t>(jpeg.max_v_samp_factor);
  for (int c = 0; c < jpeg.num_components; ++c) {
    const jpeg_component_info& info = jpeg.comp_info[c];
    const auto is_factor = [](int factor) { return factor == 1 || factor == 2; };
    if (!is_factor(info.h_samp_factor) || !is_factor(info.v_samp_factor)) return false;
    frame->component[c].across = static_cast<uint8_t>(info.h_samp_factor);
    frame->component[c].down = static_cast<uint8_t>(info.v_samp_factor);
  }
  return frame->component[0].across == frame->across_max &&
         frame->component[0].down == frame->down_max;
}

bool DescribeColour(const jpeg_decompress_struct& jpeg, JpegFrame* frame) {
  switch (jpeg.jpeg_color_space) {
    case JCS_GRAYSCALE: frame->colour = JpegColour::kGrey; return true;
    case JCS_YCbCr: frame->colour = JpegColour::kYcc; return true;
    case JCS_RGB: frame->colour = JpegColour::kRgb; return true;
    default: return false;
  }
}

// Tables of component number `index` of the scan.
bool DescribeTables(const jpeg_decompress_struct& jpeg, int index, JpegFrame* frame) {
  const jpeg_component_info* info = jpeg.cur_comp_info[index];
  if (info == nullptr || info->component_index != index) return false;
  const auto is_table = [](int table) { return table >= 0 && table < NUM_HUFF_TBLS; };
  if (!is_table(info->dc_tbl_no) || !is_table(info->ac_tbl_no)) return false;
  if (info->quant_tbl_no < 0 || info->quant_tbl_no >= NUM_QUANT_TBLS) return false;
  const JQUANT_TBL* quantisers = jpeg.quant_tbl_ptrs[info->quant_tbl_no];
  if (quantisers == nullptr) return false;
  JpegComponent& component = frame->component[index];
  component.dc_table = static_cast<uint8_t>(info->dc_tbl_no);
  component.ac_table = static_cast<uint8_t>(info->ac_tbl_no);
  std::copy_n(quantisers->quantval, kJpegCoefficients, component.quantisers);
  return CopyTable(jpeg.dc_huff_tbl_ptrs[info->dc_tbl_no], &frame->dc[info->dc_tbl_no]) &&
         CopyTable(jpeg.ac_huff_tbl_ptrs[info->ac_tbl_no], &frame->ac[info->ac_tbl_no]);
}

bool DescribeScan(const jpeg_decompress_struct& jpeg, JpegFrame* frame) {
  if (jpeg.progressive_mode || jpeg.arith_code || jpeg.data_precision != 8) return false;
  if (jpeg.comps_in_scan != jpeg.num_components) return false;
  frame->restart_interval = jpeg.restart_interval;
  uint32_t blocks = 0;
  for (uint32_t c = 0; c < frame->components; ++c) {
    if (!DescribeTables(jpeg, static_cast<int>(c), frame)) return false;
    blocks += frame->BlocksAcross(c) * frame->BlocksDown(c);
  }
  return blocks <= D_MAX_BLOCKS_IN_MCU;
}

bool Create(JpegIsland& island) {
  // jpeg_create_decompress keeps err and client_data and clears the rest. Cleared here too, so that
  // a creation that fails half way can be destroyed.
  std::memset(&island.jpeg, 0, sizeof(island.jpeg));
  island.jpeg.err = jpeg_std_error(&island.errors);
  island.jpeg.client_data = &island;
  island.errors.error_exit = OnError;
  island.errors.emit_message = OnMessage;
  island.errors.output_message = OnOutput;
  island.errors.format_message = OnFormat;
  if (setjmp(island.escape) != 0) return false;
  jpeg_create_decompress(&island.jpeg);
  jpeg_set_marker_processor(&island.jpeg, JPEG_APP0 + 1, OnApp1);
  island.source.init_source = OnSourceStart;
  island.source.fill_input_buffer = OnSourceEmpty;
  island.source.skip_input_data = OnSourceSkip;
  island.source.resync_to_restart = jpeg_resync_to_restart;
  island.source.term_source = OnSourceEnd;
  island.jpeg.src = &island.source;
  island.alloc_small = island.jpeg.mem->alloc_small;
  island.jpeg.mem->alloc_small = OnAllocSmall;
  island.progress.progress_monitor = OnProgress;
  island.jpeg.progress = &island.progress;
  return true;
}

bool ReadHeaderUnderSetjmp(JpegIsland& island) {
  if (setjmp(island.escape) != 0) return false;
  EndJpegImage(island);  // whatever the file before left
  jpeg_read_header(&island.jpeg, TRUE);
  return true;
}

enum class RegionEnd { kDone, kEscaped, kNotAsDocumented };
RegionEnd ReadRegionUnderSetjmp(JpegIsland& island, const JpegRowsJob& job) {
  if (setjmp(island.escape) != 0) return RegionEnd::kEscaped;
  return RegionBody(island, job) ? RegionEnd::kDone : RegionEnd::kNotAsDocumented;
}

RegionEnd ReadPlanesUnderSetjmp(JpegIsland& island, const JpegPlanesJob& job) {
  if (setjmp(island.escape) != 0) return RegionEnd::kEscaped;
  return PlanesBody(island, job) ? RegionEnd::kDone : RegionEnd::kNotAsDocumented;
}

Status StatusOfEnd(JpegIsland& island, RegionEnd end, DecodeReport* report) {
  report->warnings = island.report.warnings;
  report->extraneous = island.report.extraneous;
  EndJpegImage(island);
  if (end == RegionEnd::kEscaped) return JpegStatusOf(island);
  if (end == RegionEnd::kNotAsDocumented) {
    return {Code::kInternal, "libjpeg-turbo gave other rows than asked for"};
  }
  return {};
}

}  // namespace

void JpegIslandDelete::operator()(JpegIsland* island) const {
  const std::unique_ptr<JpegIsland> owned(island);
  jpeg_destroy_decompress(&island->jpeg);  // cannot fail: it only frees
}

JpegIslandHandle MakeJpegIsland() {
  JpegIslandHandle handle(std::make_unique<JpegIsland>().release());
  return Create(*handle) ? std::move(handle) : nullptr;
}

Status JpegReadHeader(JpegIsland& island, std::span<const std::byte> file, const Limits& limits,
                      JpegHeader* header) {
  island.source.next_input_byte = reinterpret_cast<const JOCTET*>(file.data());
  island.source.bytes_in_buffer = file.size();
  island.message = 0;
  island.limit_hit = false;
  island.end_of_file_hit = false;
  island.scans_max = limits.jpeg_scans;
  island.pixel_scans_max = limits.pixel_scans_max;
  island.report = {};
  island.exif = nullptr;
  island.exif_bytes = 0;
  // Coefficients of a picture with several scans; beyond it libjpeg-turbo would open a temporary
  // file, which the Debian build refuses with an error.
  island.jpeg.mem->max_memory_to_use =
      static_cast<long>(std::min<uint64_t>(limits.jpeg_memory, INT64_MAX));
  if (!ReadHeaderUnderSetjmp(island)) {
    EndJpegImage(island);
    return JpegStatusOf(island);
  }

  const jpeg_decompress_struct& jpeg = island.jpeg;
  if (jpeg.num_components != 1 && jpeg.num_components != 3 && jpeg.num_components != 4) {
    return {Code::kUnsupportedFormat, "a JPEG of other than 1, 3 or 4 components is not supported"};
  }
  *header = {};
  header->size = {jpeg.image_width, jpeg.image_height};
  header->components = static_cast<uint32_t>(jpeg.num_components);
  header->all_scans = jpeg_has_multiple_scans(&island.jpeg) != FALSE;
  const bool one = jpeg.num_components == 1;
  header->crop_step_px = DCTSIZE * (one ? 1u : static_cast<uint32_t>(jpeg.max_h_samp_factor));
  // Fancy upsampling looks one chroma sample, so two columns, to each side.
  header->crop_margin_px = !one && jpeg.max_h_samp_factor > 1 ? 2 : 0;
  header->extraneous = island.report.extraneous;
  header->exif = {reinterpret_cast<const std::byte*>(island.exif), island.exif_bytes};
  HR_TRY(CheckSize(jpeg.image_width, jpeg.image_height, limits));
  if (!header->all_scans) return {};
  const uint64_t scans = CountScans({island.source.next_input_byte, island.source.bytes_in_buffer});
  if (!ScansAllowed(island, scans)) return ScansStatus();
  return {};
}

JpegFrame JpegDescribe(const JpegIsland& island, std::span<const std::byte> file) {
  JpegFrame frame;
  if (!DescribeSampling(island.jpeg, &frame) || !DescribeColour(island.jpeg, &frame)) return frame;
  frame.planar = frame.colour != JpegColour::kRgb;
  frame.file = {reinterpret_cast<const uint8_t*>(file.data()), file.size()};
  frame.data_offset = static_cast<size_t>(island.source.next_input_byte - frame.file.data());
  frame.ours = frame.data_offset <= file.size() && DescribeScan(island.jpeg, &frame);
  return frame;
}

Status JpegReadRegion(JpegIsland& island, const JpegRowsJob& job, DecodeReport* report) {
  return StatusOfEnd(island, ReadRegionUnderSetjmp(island, job), report);
}

Status JpegReadPlanes(JpegIsland& island, const JpegPlanesJob& job, DecodeReport* report) {
  return StatusOfEnd(island, ReadPlanesUnderSetjmp(island, job), report);
}

}  // namespace headrace::codecs
