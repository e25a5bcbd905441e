#include "codecs/jpeg_encode_island.h"

#include "codecs/jpeg_writer_island.h"

namespace headrace::codecs {
namespace {

void WriteBody(JpegWriter& writer, const ConstImageView& image, const JpegEncodeOptions& options) {
  jpeg_compress_struct& jpeg = writer.jpeg;
  jpeg_create_compress(&jpeg);
  jpeg.dest = &writer.destination;
  jpeg.image_width = image.width;
  jpeg.image_height = image.height;
  jpeg.input_components = static_cast<int>(image.channels);
  jpeg.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, options.quality, TRUE);
  if (image.channels == 3) {
    const int factor = options.subsample ? 2 : 1;
    jpeg.comp_info[0].h_samp_factor = factor;
    jpeg.comp_info[0].v_samp_factor = factor;
  }
  if (options.progressive) jpeg_simple_progression(&jpeg);
  jpeg.restart_in_rows = options.restart_rows;
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    // libjpeg's parameter lacks a const; it does not write.
    JSAMPROW row = const_cast<JSAMPLE*>(image.Row(jpeg.next_scanline));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
}

bool WriteUnderSetjmp(JpegWriter& writer, const ConstImageView& image,
                      const JpegEncodeOptions& options) {
  if (setjmp(writer.escape) != 0) return false;
  WriteBody(writer, image, options);
  return true;
}

}  // namespace

Status JpegWrite(const ConstImageView& image, const JpegEncodeOptions& options, EncodedBytes* out) {
  JpegWriter writer;
  PrepareJpegWriter(&writer, out);
  const bool written = WriteUnderSetjmp(writer, image, options);
  jpeg_destroy_compress(&writer.jpeg);
  // Sizes and options were checked before, so only memory can have been missing.
  if (!written) return {Code::kOutOfMemory, "no memory to write a JPEG"};
  return {};
}

}  // namespace headrace::codecs
