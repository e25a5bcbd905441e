#include "jpeg_overflow.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

namespace headrace::codecs {
namespace {

struct Escape {
  jpeg_error_mgr errors;
  std::jmp_buf jump;
};

[[noreturn]] void OnError(j_common_ptr jpeg) {
  std::longjmp(static_cast<Escape*>(jpeg->client_data)->jump, 1);
}
void OnMessage(j_common_ptr, int) {}

bool IsLarge(const JBLOCK& block, const JQUANT_TBL& divisors) {
  double sum = 0;
  for (int i = 0; i < DCTSIZE2; ++i) sum += std::abs(double{1} * block[i] * divisors.quantval[i]);
  return sum > kBlockSumMax;
}

bool AnyIsLarge(jpeg_decompress_struct& jpeg, std::span<const std::byte> file) {
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&jpeg, TRUE);
  jvirt_barray_ptr* arrays = jpeg_read_coefficients(&jpeg);
  for (int c = 0; c < jpeg.num_components; ++c) {
    const jpeg_component_info& component = jpeg.comp_info[c];
    // No scan had this component.
    if (component.quant_table == nullptr) continue;
    for (JDIMENSION y = 0; y < component.height_in_blocks; ++y) {
      JBLOCKARRAY row = jpeg.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&jpeg),
                                                     arrays[c], y, 1, FALSE);
      for (JDIMENSION x = 0; x < component.width_in_blocks; ++x) {
        if (IsLarge(row[0][x], *component.quant_table)) return true;
      }
    }
  }
  return false;
}

bool UnderSetjmp(jpeg_decompress_struct& jpeg, Escape& escape, std::span<const std::byte> file) {
  if (setjmp(escape.jump) != 0) return true;
  return AnyIsLarge(jpeg, file);
}

}  // namespace

bool MayOverflow(std::span<const std::byte> file) {
  Escape escape;
  jpeg_decompress_struct jpeg;
  jpeg.err = jpeg_std_error(&escape.errors);
  escape.errors.error_exit = OnError;
  escape.errors.emit_message = OnMessage;
  jpeg_create_decompress(&jpeg);
  jpeg.client_data = &escape;
  const bool may = UnderSetjmp(jpeg, escape, file);
  jpeg_destroy_decompress(&jpeg);
  return may;
}

}  // namespace headrace::codecs
