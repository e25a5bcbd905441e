#include "simd/reference_blur.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "simd/border.h"

namespace headrace::simd::reference {
namespace {

// A picture of numbers; pixels outside are those of the reversed picture.
template <class T>
struct Plane {
  Plane(SizePx size, uint32_t channels_in)
      : width(size.width),
        height(size.height),
        channels(channels_in),
        values(size_t{size.width} * size.height * channels_in) {}
  T& At(int64_t x, int64_t y, int64_t c) {
    const int64_t from_x = ReflectedIndex(x, width);
    const int64_t from_y = ReflectedIndex(y, height);
    return values[static_cast<size_t>((from_y * width + from_x) * channels + c)];
  }
  int64_t width;
  int64_t height;
  int64_t channels;
  std::vector<T> values;
};

// each(x, y, c) for all elements.
template <class T, class Each>
void ForAll(const Plane<T>& plane, const Each& each) {
  for (int64_t y = 0; y < plane.height; ++y) {
    for (int64_t x = 0; x < plane.width; ++x) {
      for (int64_t c = 0; c < plane.channels; ++c) each(x, y, c);
    }
  }
}

// Sums along one axis; pair(a, b, d) is the weighted pair at distance d.
template <class T, class Pair>
Plane<T> Pass(Plane<T> in, int64_t step_x, int64_t step_y, int64_t radius, const Pair& pair) {
  Plane<T> out = in;
  ForAll(in, [&](int64_t x, int64_t y, int64_t c) {
    T sum = 0;
    for (int64_t d = 0; d <= radius; ++d) {
      sum += pair(in.At(x - d * step_x, y - d * step_y, c),
                  in.At(x + d * step_x, y + d * step_y, c), static_cast<size_t>(d));
    }
    out.At(x, y, c) = sum;
  });
  return out;
}

Plane<int32_t> FixedPass(const Plane<int32_t>& in, uint32_t size, double sigma, int64_t step_x,
                         int64_t step_y) {
  std::vector<float> weights(size / 2 + 1);
  std::vector<int16_t> fixed(weights.size());
  BlurWeights(size, sigma, weights);
  FixedBlurWeights(weights, fixed);
  const bool is_alone =
      std::all_of(fixed.begin() + 1, fixed.end(), [](int16_t w) { return w == 0; });
  return Pass(in, step_x, step_y, size / 2, [&](int32_t a, int32_t b, size_t d) -> int32_t {
    if (is_alone) return d == 0 ? a + b : 0;
    return ((a + b) * fixed[d] + 0x4000) >> 15;
  });
}

Plane<float> FloatPass(const Plane<float>& in, uint32_t size, double sigma, int64_t step_x,
                       int64_t step_y) {
  std::vector<float> weights(size / 2 + 1);
  BlurWeights(size, sigma, weights);
  const bool is_alone = size == 1;
  return Pass(in, step_x, step_y, size / 2, [&](float a, float b, size_t d) {
    return d > 0 ? (a + b) * weights[d] : is_alone ? a : a * weights[0];
  });
}

template <class T>
Plane<T> Widened(const ConstImageView& source, T factor) {
  Plane<T> plane(source.size(), source.channels);
  ForAll(plane, [&](int64_t x, int64_t y, int64_t c) {
    plane.At(x, y, c) =
        static_cast<T>(source.Row(static_cast<uint32_t>(y))[x * plane.channels + c]) * factor;
  });
  return plane;
}

template <class T, class Byte>
void Store(Plane<T> plane, const ImageView& target, const Byte& byte) {
  ForAll(plane, [&](int64_t x, int64_t y, int64_t c) {
    target.Row(static_cast<uint32_t>(y))[x * plane.channels + c] =
        static_cast<uint8_t>(byte(plane.At(x, y, c)));
  });
}

}  // namespace

void GaussianBlur(const ConstImageView& source, const GaussianKernel& kernel,
                  const ImageView& target) {
  if (std::max(kernel.width, kernel.height) <= 31) {
    Plane<int32_t> between =
        FixedPass(Widened<int32_t>(source, 64), kernel.width, kernel.sigma, 1, 0);
    for (int32_t& value : between.values) value = (value + 1) >> 1;
    Store(FixedPass(between, kernel.height, kernel.sigma, 0, 1), target,
          [](int32_t sum) { return (sum + 64) >> 7; });
  } else {
    const Plane<float> between =
        FloatPass(Widened<float>(source, 1), kernel.width, kernel.sigma, 1, 0);
    Store(FloatPass(between, kernel.height, kernel.sigma, 0, 1), target,
          [](float sum) { return std::nearbyint(std::min(sum, 255.0f)); });
  }
}

}  // namespace headrace::simd::reference
