// The rules of the warps for one pixel, in f64 and in the order that Pillow computes them. The
// plain twins are made of these, and the kernels ask them where f32 leaves the result open.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/image_view.h"
#include "simd/warp.h"

namespace headrace::simd {

// A cast from f64 to int as x86 does it: what does not fit becomes the lowest number.
inline int32_t TruncatedInt(double v) {
  return v > -2147483649.0 && v < 2147483648.0 ? static_cast<int32_t>(v)
                                               : std::numeric_limits<int32_t>::min();
}

struct Place {
  double x;
  double y;
};

inline Place PlaceOf(const AffineMatrix& m, uint32_t x, uint32_t y) {
  const double at_x = x + 0.5;
  const double at_y = y + 0.5;
  return {m[0] * at_x + m[1] * at_y + m[2], m[3] * at_x + m[4] * at_y + m[5]};
}

inline Place PlaceOf(const PerspectiveCoefficients& c, uint32_t x, uint32_t y) {
  const double at_x = x + 0.5;
  const double at_y = y + 0.5;
  const double depth = c[6] * at_x + c[7] * at_y + 1.0;
  return {(c[0] * at_x + c[1] * at_y + c[2]) / depth, (c[3] * at_x + c[4] * at_y + c[5]) / depth};
}

// Not-a-number counts as inside (its pixel is 0), except for nearest.
inline bool IsInside(const Place& place, SizePx size) {
  return !(place.x < 0.0 || place.x >= size.width || place.y < 0.0 || place.y >= size.height);
}

// Index of the pixel that holds coordinate `v` of an axis of `size_px`, or -1.
inline int32_t PixelAt(double v, uint32_t size_px) {
  const int32_t index = v < 0.0 ? -1 : TruncatedInt(v);
  return index >= 0 && static_cast<uint32_t>(index) < size_px ? index : -1;
}

// The taps before a coordinate and how far it lies behind them.
struct Tap {
  int64_t index;
  double part;
};
inline Tap TapOf(double v) {
  const double floor = std::floor(v - 0.5);
  return {static_cast<int64_t>(floor), v - 0.5 - floor};
}

inline double Lerp(double a, double b, double part) { return a + (b - a) * part; }

inline double Cubic(const double* v, double part) {
  const double p2 = -v[0] + v[2];
  const double p3 = 2 * (v[0] - v[1]) + v[2] - v[3];
  const double p4 = -v[0] + v[1] - v[2] + v[3];
  return v[1] + part * (p2 + part * (p3 + part * p4));
}

// The 4x4 pixels around a place, those of bilinear in the middle; repeated at the edges.
class Neighbours {
 public:
  Neighbours(const ConstImageView& source, int64_t x, int64_t y) : source_(source) {
    for (int i = 0; i < 4; ++i) {
      columns_[i] = static_cast<size_t>(Clamped(x + i - 1, source.width)) * source.channels;
      rows_[i] = static_cast<uint32_t>(Clamped(y + i - 1, source.height));
    }
  }
  double At(int row, int column, uint32_t channel) const {
    return source_.Row(rows_[row])[columns_[column] + channel];
  }

 private:
  static int64_t Clamped(int64_t i, uint32_t size_px) {
    return std::clamp<int64_t>(i, 0, int64_t{size_px} - 1);
  }
  const ConstImageView& source_;
  size_t columns_[4];
  uint32_t rows_[4];
};

inline double BilinearValue(const Neighbours& n, const Tap& x, const Tap& y, uint32_t channel) {
  const double top = Lerp(n.At(1, 1, channel), n.At(1, 2, channel), x.part);
  const double bottom = Lerp(n.At(2, 1, channel), n.At(2, 2, channel), x.part);
  return Lerp(top, bottom, y.part);
}

// `place` is inside. Writes one pixel.
inline void ExactBilinear(const ConstImageView& source, const Place& place, uint8_t* pixel) {
  if (std::isnan(place.x) || std::isnan(place.y)) {
    std::memset(pixel, 0, source.channels);
    return;
  }
  const Tap x = TapOf(place.x);
  const Tap y = TapOf(place.y);
  const Neighbours n(source, x.index, y.index);
  for (uint32_t c = 0; c < source.channels; ++c) {
    pixel[c] = static_cast<uint8_t>(BilinearValue(n, x, y, c));
  }
}

inline void ExactBicubic(const ConstImageView& source, const Place& place, uint8_t* pixel) {
  if (std::isnan(place.x) || std::isnan(place.y)) {
    std::memset(pixel, 0, source.channels);
    return;
  }
  const Tap x = TapOf(place.x);
  const Tap y = TapOf(place.y);
  const Neighbours n(source, x.index, y.index);
  for (uint32_t c = 0; c < source.channels; ++c) {
    double rows[4];
    for (int row = 0; row < 4; ++row) {
      const double v[4] = {n.At(row, 0, c), n.At(row, 1, c), n.At(row, 2, c), n.At(row, 3, c)};
      rows[row] = Cubic(v, x.part);
    }
    pixel[c] = static_cast<uint8_t>(std::clamp(Cubic(rows, y.part), 0.0, 255.0));
  }
}

inline void ExactPixel(const ConstImageView& source, Interpolation interpolation,
                       const Place& place, uint8_t* pixel) {
  if (interpolation == Interpolation::kBicubic) return ExactBicubic(source, place, pixel);
  ExactBilinear(source, place, pixel);
}

// ------------------------------------------------------------------ nearest in fixed point

// An affine map in 16.16 fixed point, for which every place must stay below 2^15.
struct FixedAffine {
  int32_t x0, x_per_column, x_per_row;
  int32_t y0, y_per_column, y_per_row;

  static bool Fits(const AffineMatrix& m, SizePx target) {
    const auto fits = [&m](double x, double y) {
      return std::fabs(x * m[0] + y * m[1] + m[2]) < 32768.0 &&
             std::fabs(x * m[3] + y * m[4] + m[5]) < 32768.0;
    };
    const double w = target.width;
    const double h = target.height;
    return fits(0, 0) && fits(w, h) && fits(0, h) && fits(w, 0);
  }
  explicit FixedAffine(const AffineMatrix& m)
      : x0(Fixed(m[2] + m[0] * 0.5 + m[1] * 0.5)),
        x_per_column(Fixed(m[0])),
        x_per_row(Fixed(m[1])),
        y0(Fixed(m[5] + m[3] * 0.5 + m[4] * 0.5)),
        y_per_column(Fixed(m[3])),
        y_per_row(Fixed(m[4])) {}

 private:
  static int32_t Fixed(double v) { return TruncatedInt(std::floor(v * 65536.0 + 0.5)); }
};

// ------------------------------------------------------------------ zoom

// The map of one axis of WarpZoom, in the pixel-edge frame.
struct ZoomAxis {
  double zoom;
  uint32_t size_px;
  ZoomFill fill_mode;

  // The coordinate for target index `i`, mapped to [0, size); below 0 when the fill colour stands
  // there.
  double At(uint32_t i) const {
    const double n = size_px;
    double v = zoom * (i + 0.5) + n / 2 * (1 - zoom);
    const double last = std::nextafter(n, 0.0);
    switch (fill_mode) {
      case ZoomFill::kConstant: return v < 0.0 || v >= n ? -1.0 : v;
      case ZoomFill::kNearest: break;
      case ZoomFill::kWrap: v -= n * std::floor(v / n); break;
      case ZoomFill::kReflect: {
        v -= 2 * n * std::floor(v / (2 * n));
        if (v >= n) v = 2 * n - v;
        break;
      }
    }
    return std::clamp(v, 0.0, last);
  }
};

// `place` is inside. Rounded half to even.
inline void ExactRoundedBilinear(const ConstImageView& source, const Place& place, uint8_t* pixel) {
  const Tap x = TapOf(place.x);
  const Tap y = TapOf(place.y);
  const Neighbours n(source, x.index, y.index);
  for (uint32_t c = 0; c < source.channels; ++c) {
    // Below 2^51 the sum has no room for a fraction: it is rounded to an even integer.
    pixel[c] = static_cast<uint8_t>(BilinearValue(n, x, y, c) + 0x1.8p52 - 0x1.8p52);
  }
}

}  // namespace headrace::simd
