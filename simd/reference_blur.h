// Plain twin of the blur.
#pragma once

#include "simd/blur.h"

namespace headrace::simd::reference {

// Takes memory of its own.
void GaussianBlur(const ConstImageView& source, const GaussianKernel& kernel,
                  const ImageView& target);

}  // namespace headrace::simd::reference
