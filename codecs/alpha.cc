#include "codecs/alpha.h"

namespace headrace::codecs {

void BlendOver(const uint8_t background[3], const uint8_t* rgba, uint8_t* rgb, size_t count) {
  for (size_t i = 0; i < count; ++i, rgba += 4, rgb += 3) {
    const uint32_t alpha = rgba[3];
    uint8_t mixed[3];  // all read before any is written: the two may be one place
    for (uint32_t c = 0; c < 3; ++c) {
      const uint32_t sum = rgba[c] * alpha + background[c] * (255 - alpha) + 128;
      mixed[c] = static_cast<uint8_t>((sum + (sum >> 8)) >> 8);  // = sum / 255, rounded
    }
    for (uint32_t c = 0; c < 3; ++c) rgb[c] = mixed[c];
  }
}

}  // namespace headrace::codecs
