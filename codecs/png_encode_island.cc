#include "codecs/png_encode_island.h"

#include <csetjmp>

#include <png.h>

namespace headrace::codecs {
namespace {

[[noreturn]] void OnError(png_structp png, const char*) { png_longjmp(png, 1); }
void OnWarning(png_structp, const char*) {}

void OnWrite(png_structp png, png_bytep bytes, size_t count) {
  EncodedBytes& out = *static_cast<EncodedBytes*>(png_get_io_ptr(png));
  if (!out.Append({bytes, count})) png_error(png, "no memory");
}

void OnFlush(png_structp) {}

void WriteBody(png_structp png, png_infop info, const ConstImageView& image, EncodedBytes* out) {
  png_set_write_fn(png, out, OnWrite, OnFlush);
  const int colour_type = image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB;
  png_set_IHDR(png, info, image.width, image.height, 8, colour_type, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (uint32_t y = 0; y < image.height; ++y) png_write_row(png, image.Row(y));
  png_write_end(png, info);
}

bool WriteUnderSetjmp(png_structp png, png_infop info, const ConstImageView& image,
                      EncodedBytes* out) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  WriteBody(png, info, image, out);
  return true;
}

}  // namespace

Status PngWrite(const ConstImageView& image, EncodedBytes* out) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, OnError, OnWarning);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  const bool written = info != nullptr && WriteUnderSetjmp(png, info, image, out);
  png_destroy_write_struct(&png, &info);
  // Sizes were checked before, so only memory can have been missing.
  if (!written) return {Code::kOutOfMemory, "no memory to write a PNG"};
  return {};
}

}  // namespace headrace::codecs
