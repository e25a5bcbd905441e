#include "codecs/jpeg_encode_island.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>

#include <jerror.h>

namespace headrace::codecs {
namespace {

constexpr size_t kBlockBytes = 16384;

struct Writer {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg_destination_mgr destination;
  std::jmp_buf escape;
  EncodedBytes* out = nullptr;
  JOCTET block[kBlockBytes];
};

[[noreturn]] void OnError(j_common_ptr jpeg) {
  std::longjmp(static_cast<Writer*>(jpeg->client_data)->escape, 1);
}
void OnMessage(j_common_ptr, int) {}
void OnOutput(j_common_ptr) {}

void OnStart(j_compress_ptr jpeg) {
  Writer& writer = *static_cast<Writer*>(jpeg->client_data);
  writer.destination.next_output_byte = writer.block;
  writer.destination.free_in_buffer = kBlockBytes;
}

// libjpeg calls this when the block is full; the two numbers are not up to date then.
boolean OnFull(j_compress_ptr jpeg) {
  Writer& writer = *static_cast<Writer*>(jpeg->client_data);
  if (!writer.out->Append({writer.block, kBlockBytes})) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
  OnStart(jpeg);
  return TRUE;
}

void OnEnd(j_compress_ptr jpeg) {
  Writer& writer = *static_cast<Writer*>(jpeg->client_data);
  const size_t count = kBlockBytes - writer.destination.free_in_buffer;
  if (!writer.out->Append({writer.block, count})) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
}

void WriteBody(Writer& writer, const ConstImageView& image, const JpegEncodeOptions& options) {
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

bool WriteUnderSetjmp(Writer& writer, const ConstImageView& image,
                      const JpegEncodeOptions& options) {
  if (setjmp(writer.escape) != 0) return false;
  WriteBody(writer, image, options);
  return true;
}

}  // namespace

Status JpegWrite(const ConstImageView& image, const JpegEncodeOptions& options, EncodedBytes* out) {
  Writer writer;
  std::memset(&writer.jpeg, 0, sizeof(writer.jpeg));
  writer.jpeg.err = jpeg_std_error(&writer.errors);
  writer.jpeg.client_data = &writer;
  writer.errors.error_exit = OnError;
  writer.errors.emit_message = OnMessage;
  writer.errors.output_message = OnOutput;
  writer.destination.init_destination = OnStart;
  writer.destination.empty_output_buffer = OnFull;
  writer.destination.term_destination = OnEnd;
  writer.out = out;
  const bool written = WriteUnderSetjmp(writer, image, options);
  jpeg_destroy_compress(&writer.jpeg);
  // Sizes and options were checked before, so only memory can have been missing.
  if (!written) return {Code::kOutOfMemory, "no memory to write a JPEG"};
  return {};
}

}  // namespace headrace::codecs
