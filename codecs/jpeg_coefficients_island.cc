#include "codecs/jpeg_coefficients_island.h"

#include <algorithm>
#include <cstring>

#include "codecs/jpeg_decompress_island.h"
#include "codecs/jpeg_scan_tables.h"
#include "codecs/jpeg_writer_island.h"

// After jpeglib.h.
#include <jerror.h>

namespace headrace::codecs {
namespace {

static_assert(sizeof(JBLOCK) == kJpegCoefficients * sizeof(int16_t));

// ---- Reading

enum class ReadEnd { kDone, kEscaped, kWarned, kPartial, kNotAsDocumented };

bool CopyPlane(JpegIsland& island, const JpegCoefficientPlane& plane, int component,
               jvirt_barray_ptr array) {
  jpeg_decompress_struct& jpeg = island.jpeg;
  const jpeg_component_info& info = jpeg.comp_info[component];
  if (info.width_in_blocks != plane.blocks_across || info.height_in_blocks != plane.blocks_down) {
    return false;
  }
  const size_t row_values = size_t{plane.blocks_across} * kJpegCoefficients;
  for (uint32_t row = 0; row < plane.blocks_down; ++row) {
    const JBLOCKARRAY rows =
        jpeg.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&jpeg), array, row, 1, FALSE);
    std::memcpy(plane.coefficients + row * row_values, rows[0], row_values * sizeof(int16_t));
  }
  return true;
}

ReadEnd ScansBody(JpegIsland& island) {
  jpeg_decompress_struct& jpeg = island.jpeg;
  jpeg_read_coefficients(&jpeg);
  if (JpegIsSmoothed(jpeg)) return ReadEnd::kPartial;
  if (jpeg.err->num_warnings != 0) return ReadEnd::kWarned;
  return ReadEnd::kDone;
}

ReadEnd CopyBody(JpegIsland& island, JpegCoefficientPlanes* planes) {
  jpeg_decompress_struct& jpeg = island.jpeg;
  // All scans were read: this only gives the arrays once more.
  jvirt_barray_ptr* const arrays = jpeg_read_coefficients(&jpeg);
  for (uint32_t c = 0; c < planes->components; ++c) {
    // The table as it was when the component's first scan began; none: it has no scan.
    const JQUANT_TBL* table = jpeg.comp_info[c].quant_table;
    if (table == nullptr) return ReadEnd::kPartial;
    std::copy_n(table->quantval, kJpegCoefficients, planes->plane[c].quantisers);
    if (!CopyPlane(island, planes->plane[c], static_cast<int>(c), arrays[c])) {
      return ReadEnd::kNotAsDocumented;
    }
  }
  return ReadEnd::kDone;
}

ReadEnd ScansUnderSetjmp(JpegIsland& island) {
  if (setjmp(island.escape) != 0) return ReadEnd::kEscaped;
  return ScansBody(island);
}

ReadEnd CopyUnderSetjmp(JpegIsland& island, JpegCoefficientPlanes* planes) {
  if (setjmp(island.escape) != 0) return ReadEnd::kEscaped;
  return CopyBody(island, planes);
}

Status StatusOf(ReadEnd end, const JpegIsland& island) {
  switch (end) {
    case ReadEnd::kDone: return {};
    case ReadEnd::kEscaped: return JpegStatusOf(island);
    case ReadEnd::kWarned:
      // Only counted where pixels are wanted, so no fault here either.
      if (island.report.extraneous != 0) {
        return {Code::kUnsupportedFormat, "the JPEG has bytes or scans that belong nowhere"};
      }
      return {Code::kUnsupportedFormat, "the JPEG has markers that contradict each other"};
    case ReadEnd::kPartial:
      return {Code::kUnsupportedFormat, "the JPEG lacks scans: its coefficients are not all there"};
    case ReadEnd::kNotAsDocumented: break;
  }
  return {Code::kInternal, "libjpeg-turbo gave other blocks than its header says"};
}

// ---- Writing

// One for each different table; the standard has four places.
void SetQuantisers(JpegWriter& writer, const JpegCoefficientPlanes& planes) {
  jpeg_compress_struct& jpeg = writer.jpeg;
  int count = 0;
  for (uint32_t c = 0; c < planes.components; ++c) {
    const uint16_t* wanted = planes.plane[c].quantisers;
    int slot = 0;
    while (slot < count &&
           !std::equal(wanted, wanted + kJpegCoefficients, jpeg.quant_tbl_ptrs[slot]->quantval)) {
      ++slot;
    }
    if (slot == count) {
      ++count;
      if (jpeg.quant_tbl_ptrs[slot] == nullptr) {
        jpeg.quant_tbl_ptrs[slot] = jpeg_alloc_quant_table(reinterpret_cast<j_common_ptr>(&jpeg));
      }
      std::copy_n(wanted, kJpegCoefficients, jpeg.quant_tbl_ptrs[slot]->quantval);
      jpeg.quant_tbl_ptrs[slot]->sent_table = FALSE;
    }
    jpeg.comp_info[c].quant_tbl_no = slot;
  }
}

void SetComponents(JpegWriter& writer, const JpegCoefficientPlanes& planes) {
  jpeg_compress_struct& jpeg = writer.jpeg;
  jpeg.image_width = planes.size.width;
  jpeg.image_height = planes.size.height;
  jpeg.input_components = static_cast<int>(planes.components);
  const bool rgb = planes.colour == JpegColour::kRgb;
  const J_COLOR_SPACE space = planes.components == 1 ? JCS_GRAYSCALE : rgb ? JCS_RGB : JCS_YCbCr;
  jpeg.in_color_space = space;
  jpeg_set_defaults(&jpeg);
  jpeg_set_colorspace(&jpeg, space);
  jpeg.write_JFIF_header = FALSE;  // the file's own segments say the same
  jpeg.write_Adobe_marker = FALSE;
  // By these a decoder knows the colours where no segment says.
  constexpr int kIds[2][3] = {{1, 2, 3}, {'R', 'G', 'B'}};
  for (uint32_t c = 0; c < planes.components; ++c) {
    jpeg_component_info& info = jpeg.comp_info[c];
    info.component_id = kIds[rgb ? 1 : 0][c];
    info.h_samp_factor = static_cast<int>(planes.plane[c].across);
    info.v_samp_factor = static_cast<int>(planes.plane[c].down);
    info.dc_tbl_no = info.ac_tbl_no = c == 0 ? 0 : 1;
  }
}

// A scan a component, where one for all would have too many blocks an MCU.
void SetScans(JpegWriter& writer, const JpegCoefficientPlanes& planes, jpeg_scan_info* scans) {
  if (HaveOneScan(planes)) return;
  for (uint32_t c = 0; c < planes.components; ++c) {
    scans[c] = {.comps_in_scan = 1,
                .component_index = {static_cast<int>(c)},
                .Ss = 0,
                .Se = DCTSIZE2 - 1,
                .Ah = 0,
                .Al = 0};
  }
  writer.jpeg.scan_info = scans;
  writer.jpeg.num_scans = static_cast<int>(planes.components);
}

// jpeg_set_defaults has made the tables of both places.
void SetTables(JpegWriter& writer, const JpegCoefficientPlanes& planes, const JpegWriteJob& job) {
  jpeg_compress_struct& jpeg = writer.jpeg;
  jpeg.optimize_coding = job.dc == nullptr ? TRUE : FALSE;
  if (job.dc == nullptr) return;
  const auto set = [](const JpegHuffmanSpec& spec, JHUFF_TBL* table) {
    static_assert(sizeof(spec.counts) == sizeof(table->bits));
    static_assert(sizeof(spec.symbols) == sizeof(table->huffval));
    std::memcpy(table->bits, spec.counts, sizeof(spec.counts));
    std::memcpy(table->huffval, spec.symbols, sizeof(spec.symbols));
    table->sent_table = FALSE;
  };
  for (uint32_t i = 0; i < std::min(planes.components, 2u); ++i) {
    set(job.dc[i], jpeg.dc_huff_tbl_ptrs[i]);
    set(job.ac[i], jpeg.ac_huff_tbl_ptrs[i]);
  }
}

void FillPlane(JpegWriter& writer, const JpegCoefficientPlane& plane, jvirt_barray_ptr array) {
  jpeg_compress_struct& jpeg = writer.jpeg;
  const size_t row_values = size_t{plane.blocks_across} * kJpegCoefficients;
  for (uint32_t row = 0; row < plane.blocks_down; ++row) {
    const JBLOCKARRAY rows =
        jpeg.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&jpeg), array, row, 1, TRUE);
    std::memcpy(rows[0], plane.coefficients + row * row_values, row_values * sizeof(int16_t));
  }
}

void WriteBody(JpegWriter& writer, const JpegCoefficientPlanes& planes, const JpegWriteJob& job,
               jpeg_scan_info* scans) {
  jpeg_compress_struct& jpeg = writer.jpeg;
  jpeg_create_compress(&jpeg);
  jpeg.dest = &writer.destination;
  jpeg.mem->max_memory_to_use = 0;  // in proportion to what the caller holds
  SetComponents(writer, planes);
  SetQuantisers(writer, planes);
  SetScans(writer, planes, scans);
  SetTables(writer, planes, job);
  jpeg.restart_interval = job.restart_mcus;
  jpeg.restart_in_rows = 0;
  jvirt_barray_ptr arrays[kJpegComponentsMax];
  for (uint32_t c = 0; c < planes.components; ++c) {
    const JpegCoefficientPlane& plane = planes.plane[c];
    // The library asks for whole MCUs.
    const uint32_t columns = (plane.blocks_across + plane.across - 1) / plane.across * plane.across;
    const uint32_t rows = (plane.blocks_down + plane.down - 1) / plane.down * plane.down;
    arrays[c] = jpeg.mem->request_virt_barray(reinterpret_cast<j_common_ptr>(&jpeg), JPOOL_IMAGE,
                                              TRUE, columns, rows, plane.down);
  }
  jpeg_write_coefficients(&jpeg, arrays);
  for (const std::span<const std::byte> segment : job.segments) {
    constexpr size_t kHead = 4;  // FF, marker, length
    jpeg_write_marker(&jpeg, std::to_integer<int>(segment[1]),
                      reinterpret_cast<const JOCTET*>(segment.data()) + kHead,
                      static_cast<unsigned>(segment.size() - kHead));
  }
  for (uint32_t c = 0; c < planes.components; ++c) FillPlane(writer, planes.plane[c], arrays[c]);
  jpeg_finish_compress(&jpeg);
}

bool WriteUnderSetjmp(JpegWriter& writer, const JpegCoefficientPlanes& planes,
                      const JpegWriteJob& job, jpeg_scan_info* scans) {
  if (setjmp(writer.escape) != 0) return false;
  WriteBody(writer, planes, job, scans);
  return true;
}

}  // namespace

Status JpegDescribePlanes(const JpegIsland& island, JpegCoefficientPlanes* planes) {
  const jpeg_decompress_struct& jpeg = island.jpeg;
  *planes = {};
  planes->size = {jpeg.image_width, jpeg.image_height};
  planes->components = static_cast<uint32_t>(jpeg.num_components);
  switch (jpeg.jpeg_color_space) {
    case JCS_GRAYSCALE: planes->colour = JpegColour::kGrey; break;
    case JCS_YCbCr: planes->colour = JpegColour::kYcc; break;
    case JCS_RGB: planes->colour = JpegColour::kRgb; break;
    default:
      return {Code::kUnsupportedFormat, "only grey, YCbCr and RGB JPEGs are kept as coefficients"};
  }
  for (uint32_t c = 0; c < planes->components; ++c) {
    const jpeg_component_info& info = jpeg.comp_info[c];
    JpegCoefficientPlane& plane = planes->plane[c];
    plane.across = static_cast<uint32_t>(info.h_samp_factor);
    plane.down = static_cast<uint32_t>(info.v_samp_factor);
    if (jpeg.max_h_samp_factor % info.h_samp_factor != 0 ||
        jpeg.max_v_samp_factor % info.v_samp_factor != 0) {
      return {Code::kUnsupportedFormat, "the JPEG's colour space or sampling is not supported"};
    }
    plane.blocks_across = info.width_in_blocks;
    plane.blocks_down = info.height_in_blocks;
  }
  return {};
}

Status JpegReadScans(JpegIsland& island) {
  const Status status = StatusOf(ScansUnderSetjmp(island), island);
  if (!status.ok()) EndJpegImage(island);
  return status;
}

Status JpegCopyCoefficients(JpegIsland& island, JpegCoefficientPlanes* planes) {
  const Status status = StatusOf(CopyUnderSetjmp(island, planes), island);
  EndJpegImage(island);
  return status;
}

bool HaveOneScan(const JpegCoefficientPlanes& planes) {
  uint32_t blocks = 0;
  for (uint32_t c = 0; c < planes.components; ++c) {
    blocks += planes.plane[c].across * planes.plane[c].down;
  }
  return planes.components == 1 || blocks <= kJpegMcuBlocksMax;
}

Status JpegWriteCoefficients(const JpegCoefficientPlanes& planes, const JpegWriteJob& job,
                             EncodedBytes* out) {
  JpegWriter writer;
  PrepareJpegWriter(&writer, out);
  jpeg_scan_info scans[kJpegComponentsMax];
  const bool written = WriteUnderSetjmp(writer, planes, job, scans);
  jpeg_destroy_compress(&writer.jpeg);
  if (written) return {};
  if (writer.message == JERR_BAD_DCT_COEF) {
    return {Code::kUnsupportedFormat, "the JPEG has coefficients that no picture of 8 bits has"};
  }
  // Shapes were checked before, so only memory can have been missing.
  return {Code::kOutOfMemory, "no memory to write a JPEG"};
}

}  // namespace headrace::codecs
