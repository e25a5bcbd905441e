#include "simd/reference_ycc.h"

#include <algorithm>

namespace headrace::simd::reference {
namespace {

// Real factors with 16 fraction bits, rounded.
constexpr int32_t Fixed(double factor) { return static_cast<int32_t>(factor * 65536 + 0.5); }
constexpr int32_t kHalf = 1 << 15;

uint8_t Clamp(int32_t v) { return static_cast<uint8_t>(std::clamp(v, 0, 255)); }

// One plane as if it went on for ever, with its outermost samples.
int32_t SampleAt(const ConstImageView& plane, int64_t x, int64_t y) {
  const int64_t column = std::clamp<int64_t>(x, 0, int64_t{plane.width} - 1);
  const int64_t row = std::clamp<int64_t>(y, 0, int64_t{plane.height} - 1);
  return plane.Row(static_cast<uint32_t>(row))[column];
}

// Where a full-size position lies on one axis of a plane.
struct Place {
  int64_t near = 0;
  int64_t far = 0;
  bool second = false;  // the right or lower one of its pair

  Place(uint32_t full, const PlaneGrid& grid) {
    const int64_t at = int64_t{full} + grid.offset;
    near = at >> grid.shift;
    second = grid.shift == 1 && (at & 1) != 0;
    far = grid.shift == 0 ? near : second ? near + 1 : near - 1;
  }
};

uint8_t SampleUnder(const UpsampleJob& job, uint32_t i, uint32_t x, uint32_t y) {
  const ConstImageView& plane = job.source.plane[i];
  const bool halved_across = job.source.across[i].shift == 1;
  const bool halved_down = job.source.down[i].shift == 1;
  const Place column(x, job.source.across[i]);
  const Place row(y, job.source.down[i]);
  if (!halved_across && !halved_down) return Clamp(SampleAt(plane, column.near, row.near));
  if (halved_across && !job.smooth[i]) return Clamp(SampleAt(plane, column.near, row.near));
  const auto sum_of_rows = [&](int64_t at) {
    return 3 * SampleAt(plane, at, row.near) + SampleAt(plane, at, row.far);
  };
  if (!halved_across) return Clamp((sum_of_rows(column.near) + (row.second ? 2 : 1)) >> 2);
  if (!halved_down) {
    const int32_t near = SampleAt(plane, column.near, row.near);
    return Clamp((3 * near + SampleAt(plane, column.far, row.near) + (column.second ? 2 : 1)) >> 2);
  }
  return Clamp((3 * sum_of_rows(column.near) + sum_of_rows(column.far) + (column.second ? 7 : 8)) >>
               4);
}

}  // namespace

void RgbOfYcc(uint8_t y, uint8_t cb, uint8_t cr, uint8_t* rgb) {
  const int32_t x = cb - 128;
  const int32_t z = cr - 128;
  rgb[0] = Clamp(y + ((Fixed(1.40200) * z + kHalf) >> 16));
  rgb[1] = Clamp(y + ((-Fixed(0.34414) * x + kHalf - Fixed(0.71414) * z) >> 16));
  rgb[2] = Clamp(y + ((Fixed(1.77200) * x + kHalf) >> 16));
}

void UpsampleToRgb(const UpsampleJob& job, const ImageView& rgb) {
  const auto left = static_cast<uint32_t>(job.source.left);
  const auto top = static_cast<uint32_t>(job.source.top);
  for (uint32_t y = 0; y < rgb.height; ++y) {
    for (uint32_t x = 0; x < rgb.width; ++x) {
      uint8_t samples[3] = {};
      for (uint32_t i = 0; i < job.source.count; ++i) {
        samples[i] = SampleUnder(job, i, left + x, top + y);
      }
      uint8_t* out = rgb.Row(y) + size_t{x} * 3;
      if (job.source.count == 1) {
        std::fill_n(out, 3, samples[0]);
      } else if (job.colour == PlaneColour::kRgb) {
        std::copy_n(samples, 3, out);
      } else {
        RgbOfYcc(samples[0], samples[1], samples[2], out);
      }
    }
  }
}

namespace {

void PixelOfPlanes(std::span<const ConstImageView> planes, uint32_t x, uint32_t y, uint8_t* rgb) {
  if (planes.size() == 1) {
    std::fill_n(rgb, 3, planes[0].Row(y)[x]);
  } else {
    RgbOfYcc(planes[0].Row(y)[x], planes[1].Row(y)[x], planes[2].Row(y)[x], rgb);
  }
}

}  // namespace

void PlanesToRgb(std::span<const ConstImageView> planes, const ImageView& rgb) {
  for (uint32_t y = 0; y < rgb.height; ++y) {
    for (uint32_t x = 0; x < rgb.width; ++x) {
      PixelOfPlanes(planes, x, y, rgb.Row(y) + size_t{x} * 3);
    }
  }
}

void ConvertPlanes(std::span<const ConstImageView> planes, FlipColumns flip,
                   const ConvertTable& table, void* out) {
  const uint32_t width = planes[0].width;
  const size_t pixels = size_t{width} * planes[0].height;
  for (size_t i = 0; i < pixels; ++i) {
    const auto y = static_cast<uint32_t>(i / width);
    const auto x = static_cast<uint32_t>(i % width);
    uint8_t rgb[3];
    PixelOfPlanes(planes, flip == FlipColumns::kYes ? width - 1 - x : x, y, rgb);
    for (size_t c = 0; c < 3; ++c) {
      const size_t at = table.layout == Layout::kNchw ? c * pixels + i : i * 3 + c;
      switch (table.dtype) {
        case Dtype::kU8: static_cast<uint8_t*>(out)[at] = rgb[c]; break;
        case Dtype::kF32: static_cast<float*>(out)[at] = table.f32[c][rgb[c]]; break;
        default: static_cast<uint16_t*>(out)[at] = table.half[c][rgb[c]]; break;
      }
    }
  }
}

}  // namespace headrace::simd::reference
