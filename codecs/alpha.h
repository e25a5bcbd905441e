// RGBA over a plain background.
#pragma once

#include <cstddef>
#include <cstdint>

namespace headrace::codecs {

// rgb = (rgba * alpha + background * (255 - alpha)) / 255, rounded to nearest: what Pillow's paste
// with a mask gives. `rgb` may be `rgba` or lie before it.
void BlendOver(const uint8_t background[3], const uint8_t* rgba, uint8_t* rgb, size_t count);

}  // namespace headrace::codecs
