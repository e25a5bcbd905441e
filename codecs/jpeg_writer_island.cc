#include "codecs/jpeg_writer_island.h"

#include <cstring>

// After jpeglib.h.
#include <jerror.h>

namespace headrace::codecs {
namespace {

[[noreturn]] void OnError(j_common_ptr jpeg) {
  JpegWriter& writer = *static_cast<JpegWriter*>(jpeg->client_data);
  writer.message = jpeg->err->msg_code;
  std::longjmp(writer.escape, 1);
}
void OnMessage(j_common_ptr, int) {}
void OnOutput(j_common_ptr) {}

void OnStart(j_compress_ptr jpeg) {
  JpegWriter& writer = *static_cast<JpegWriter*>(jpeg->client_data);
  writer.destination.next_output_byte = writer.block;
  writer.destination.free_in_buffer = JpegWriter::kBlockBytes;
}

// libjpeg calls this when the block is full; the two numbers are not up to date then.
boolean OnFull(j_compress_ptr jpeg) {
  JpegWriter& writer = *static_cast<JpegWriter*>(jpeg->client_data);
  if (!writer.out->Append({writer.block, JpegWriter::kBlockBytes})) {
    ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
  }
  OnStart(jpeg);
  return TRUE;
}

void OnEnd(j_compress_ptr jpeg) {
  JpegWriter& writer = *static_cast<JpegWriter*>(jpeg->client_data);
  const size_t count = JpegWriter::kBlockBytes - writer.destination.free_in_buffer;
  if (!writer.out->Append({writer.block, count})) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
}

}  // namespace

void PrepareJpegWriter(JpegWriter* writer, EncodedBytes* out) {
  std::memset(&writer->jpeg, 0, sizeof(writer->jpeg));
  writer->jpeg.err = jpeg_std_error(&writer->errors);
  writer->jpeg.client_data = writer;
  writer->errors.error_exit = OnError;
  writer->errors.emit_message = OnMessage;
  writer->errors.output_message = OnOutput;
  writer->destination.init_destination = OnStart;
  writer->destination.empty_output_buffer = OnFull;
  writer->destination.term_destination = OnEnd;
  writer->out = out;
}

}  // namespace headrace::codecs
