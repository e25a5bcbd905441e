#include "loader/mix/ace_gradient.h"

#include "base/check.h"
#include "loader/augment/color_curve.h"

namespace headrace::loader {
namespace {

constexpr size_t kBanks = 4;
using Banks = float[kBanks][256];

// Pixels `first` onwards of the picture, `count` of them. With banks, adding to a value does not
// wait for the same value's sum of the pixel before.
template <class Step>
void AddPixels(const uint8_t* pixels, const float* grad, Step step, size_t first, size_t count,
               Banks* banks) {
  const auto add = [&](size_t i) {
    (*banks)[(first + i) % kBanks][pixels[i]] += grad[static_cast<int64_t>(i) * step];
  };
  size_t i = 0;
  for (; i < count && (first + i) % kBanks != 0; ++i) add(i);
  for (; i + kBanks <= count; i += kBanks) {
    for (size_t bank = 0; bank < kBanks; ++bank) {
      (*banks)[bank][pixels[i + bank]] += grad[static_cast<int64_t>(i + bank) * step];
    }
  }
  for (; i < count; ++i) add(i);
}

struct One {
  friend int64_t operator*(int64_t i, One) { return i; }
};

}  // namespace

void SumByValue(const uint8_t* pixels, uint32_t height, uint32_t width, const GradientPlane& grad,
                double (&sums)[256]) {
  Banks banks = {};
  const bool rows_touch = grad.stride_y == grad.stride_x * int64_t{width};
  const size_t run = rows_touch ? size_t{height} * width : width;
  const uint32_t runs = rows_touch ? 1 : height;
  for (uint32_t y = 0; y < runs; ++y) {
    const float* from = grad.data + y * grad.stride_y;
    if (grad.stride_x == 1) {
      AddPixels(pixels + y * run, from, One(), y * run, run, &banks);
    } else {
      AddPixels(pixels + y * run, from, grad.stride_x, y * run, run, &banks);
    }
  }
  for (size_t v = 0; v < 256; ++v) {
    sums[v] =
        (double{banks[0][v]} + double{banks[1][v]}) + (double{banks[2][v]} + double{banks[3][v]});
  }
}

void CurveGradient(std::span<const double> parameters, const double (&sums)[256],
                   std::span<double> gradient) {
  const auto pieces = static_cast<uint32_t>(parameters.size());
  HR_DCHECK(pieces <= kCurvePiecesMax && gradient.size() == pieces);
  double whole[kCurvePiecesMax] = {};  // of each piece: the sum over its values,
  double part[kCurvePiecesMax] = {};   // and weighted by how far into it they lie
  for (uint32_t v = 0; v < 256; ++v) {
    const CurvePlace place = PlaceOf(v, pieces);
    whole[place.piece] += sums[v];
    part[place.piece] += sums[v] * (place.numerator / 255.0);
  }
  double above = 0;
  for (uint32_t m = pieces; m-- > 0;) {
    gradient[m] = part[m] + above;
    above += whole[m];
  }
  double sum = 0;
  double weighted = 0;
  for (uint32_t m = 0; m < pieces; ++m) {
    sum += parameters[m];
    weighted += parameters[m] * gradient[m];
  }
  for (uint32_t m = 0; m < pieces; ++m) gradient[m] = (gradient[m] - weighted / sum) / sum;
}

}  // namespace headrace::loader
