#include "simd/reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "simd/half.h"
#include "simd/resize_weights.h"

namespace headrace::simd::reference {
namespace {

void CopyPixel(const ConstImageView& source, uint32_t sx, uint32_t sy, const ImageView& target,
               uint32_t tx, uint32_t ty) {
  const size_t channels = source.channels;
  std::memcpy(target.Row(ty) + tx * channels, source.Row(sy) + sx * channels, channels);
}

// One weighted sum over pixels that are `step` bytes apart.
uint8_t Weigh(const uint8_t* pixel, size_t step, const std::vector<int32_t>& weights) {
  int32_t sum = 1 << (kWeightBits - 1);
  for (size_t k = 0; k < weights.size(); ++k) sum += pixel[k * step] * weights[k];
  return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

struct Window {
  uint32_t first;
  std::vector<int32_t> weights;
};

std::vector<Window> WindowsOf(Filter filter, uint32_t in_px, uint32_t out_px) {
  const ResizeAxis axis = MakeResizeAxis(filter, in_px, out_px);
  std::vector<double> real(axis.taps_max);
  std::vector<Window> windows;
  for (uint32_t i = 0; i < out_px; ++i) {
    const ResizeWindow window = WindowOf(axis, i);
    Window made = {window.first, std::vector<int32_t>(window.count)};
    FixedWeights(axis, i, window, real.data(), made.weights.data());
    windows.push_back(std::move(made));
  }
  return windows;
}

// A picture with memory of its own.
struct Picture {
  Picture(uint32_t width, uint32_t height, uint32_t channels)
      : bytes(size_t{width} * height * channels),
        view{bytes.data(), width, height, channels, size_t{width} * channels} {}
  std::vector<uint8_t> bytes;
  ImageView view;
};

}  // namespace

void FlipHorizontal(const ConstImageView& source, const ImageView& target) {
  for (uint32_t y = 0; y < target.height; ++y) {
    for (uint32_t x = 0; x < target.width; ++x) {
      CopyPixel(source, source.width - 1 - x, y, target, x, y);
    }
  }
}

void Orient(const ConstImageView& source, uint8_t orientation, const ImageView& target) {
  const uint32_t right = source.width - 1;
  const uint32_t bottom = source.height - 1;
  for (uint32_t y = 0; y < target.height; ++y) {
    for (uint32_t x = 0; x < target.width; ++x) {
      switch (orientation) {
        case 2: CopyPixel(source, right - x, y, target, x, y); break;
        case 3: CopyPixel(source, right - x, bottom - y, target, x, y); break;
        case 4: CopyPixel(source, x, bottom - y, target, x, y); break;
        case 5: CopyPixel(source, y, x, target, x, y); break;
        case 6: CopyPixel(source, y, bottom - x, target, x, y); break;
        case 7: CopyPixel(source, right - y, bottom - x, target, x, y); break;
        case 8: CopyPixel(source, right - y, x, target, x, y); break;
        default: CopyPixel(source, x, y, target, x, y); break;
      }
    }
  }
}

void Resize(const ConstImageView& source, const ImageView& target, Filter filter, Mirror mirror) {
  const size_t channels = source.channels;
  Picture turned(source.width, source.height, source.channels);
  if (mirror == Mirror::kYes) {
    FlipHorizontal(source, turned.view);
  } else {
    CopyPixels(source, turned.view);
  }
  Picture across(target.width, source.height, source.channels);
  if (source.width == target.width) {
    across.bytes = turned.bytes;
    across.view.data = across.bytes.data();
  } else {
    const std::vector<Window> windows = WindowsOf(filter, source.width, target.width);
    for (uint32_t y = 0; y < source.height; ++y) {
      for (size_t x = 0; x < target.width; ++x) {
        const uint8_t* pixel = turned.view.Row(y) + windows[x].first * channels;
        for (size_t c = 0; c < channels; ++c) {
          across.view.Row(y)[x * channels + c] = Weigh(pixel + c, channels, windows[x].weights);
        }
      }
    }
  }
  if (source.height == target.height) {
    CopyPixels(across.view, target);
    return;
  }
  const std::vector<Window> windows = WindowsOf(filter, source.height, target.height);
  for (uint32_t y = 0; y < target.height; ++y) {
    const uint8_t* first = across.view.Row(windows[y].first);
    for (size_t i = 0; i < across.view.row_bytes(); ++i) {
      target.Row(y)[i] = Weigh(first + i, across.view.stride_bytes, windows[y].weights);
    }
  }
}

void Convert(const ConstImageView& source, FlipColumns flip, const ConvertTable& table, void* out) {
  const size_t channels = source.channels;
  const size_t pixels = size_t{source.width} * source.height;
  for (uint32_t y = 0; y < source.height; ++y) {
    for (uint32_t x = 0; x < source.width; ++x) {
      const uint32_t from = flip == FlipColumns::kYes ? source.width - 1 - x : x;
      for (size_t c = 0; c < channels; ++c) {
        const uint8_t v = source.Row(y)[from * channels + c];
        const size_t pixel = size_t{y} * source.width + x;
        const size_t at = table.layout == Layout::kNchw ? c * pixels + pixel : pixel * channels + c;
        switch (table.dtype) {
          case Dtype::kU8: static_cast<uint8_t*>(out)[at] = v; break;
          case Dtype::kF32: static_cast<float*>(out)[at] = table.f32[c][v]; break;
          default: static_cast<uint16_t*>(out)[at] = table.half[c][v]; break;
        }
      }
    }
  }
}

void F32ToF16(const float* in, uint16_t* out, size_t count) {
  std::transform(in, in + count, out, HalfOfFloat);
}

void F16ToF32(const uint16_t* in, float* out, size_t count) {
  std::transform(in, in + count, out, FloatOfHalf);
}

void F32ToBF16(const float* in, uint16_t* out, size_t count) {
  std::transform(in, in + count, out, Bfloat16OfFloat);
}

void BF16ToF32(const uint16_t* in, float* out, size_t count) {
  std::transform(in, in + count, out, FloatOfBfloat16);
}

void BlendInPlace(Dtype dtype, void* inout, const void* other, float lam, size_t count) {
  const float rest = 1.0f - lam;
  const auto mixed = [lam, rest](float a, float b) {
    const float from_a = lam * a;
    const float from_b = rest * b;
    return from_a + from_b;
  };
  auto* u8 = static_cast<uint8_t*>(inout);
  auto* half = static_cast<uint16_t*>(inout);
  auto* f32 = static_cast<float*>(inout);
  const auto* other_u8 = static_cast<const uint8_t*>(other);
  const auto* other_half = static_cast<const uint16_t*>(other);
  const auto* other_f32 = static_cast<const float*>(other);
  for (size_t i = 0; i < count; ++i) {
    switch (dtype) {
      case Dtype::kU8:
        // The default rounding mode: half to even.
        u8[i] = static_cast<uint8_t>(std::nearbyintf(mixed(u8[i], other_u8[i])));
        break;
      case Dtype::kF16:
        half[i] = HalfOfFloat(mixed(FloatOfHalf(half[i]), FloatOfHalf(other_half[i])));
        break;
      case Dtype::kBF16:
        half[i] = Bfloat16OfFloat(mixed(FloatOfBfloat16(half[i]), FloatOfBfloat16(other_half[i])));
        break;
      case Dtype::kF32: f32[i] = mixed(f32[i], other_f32[i]); break;
    }
  }
}

}  // namespace headrace::simd::reference
