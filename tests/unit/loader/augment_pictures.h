// Pictures and the plain twin of the augment tests: every op carried out in order on a whole
// picture.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "loader/augment/program.h"
#include "simd/resize.h"

namespace headrace::loader {

// A dense RGB picture that owns its bytes.
struct Bitmap {
  SizePx size;
  std::vector<uint8_t> bytes;

  explicit Bitmap(SizePx s) : size(s), bytes(size_t{s.width} * s.height * 3) {}
  ImageView view() { return {bytes.data(), size.width, size.height, 3, size_t{size.width} * 3}; }
  ConstImageView view() const {
    return {bytes.data(), size.width, size.height, 3, size_t{size.width} * 3};
  }
  friend bool operator==(const Bitmap&, const Bitmap&) = default;
};

// The picture of tests/golden/golden_pictures.py: noise on a ramp.
inline Bitmap MakePicture(SizePx size, uint32_t seed) {
  Bitmap picture(size);
  size_t i = 0;
  for (uint32_t y = 0; y < size.height; ++y) {
    for (uint32_t x = 0; x < size.width; ++x) {
      for (uint32_t c = 0; c < 3; ++c) {
        uint32_t v = x * 2654435761u + y * 2246822519u + c * 3266489917u + seed * 668265263u;
        v = (v ^ (v >> 15)) * 2246822519u;
        const uint32_t noise = (v ^ (v >> 13)) & 255;
        const uint32_t ramp = (x * 255 / std::max(1u, size.width - 1) + y * 2 + c * 40) & 255;
        picture.bytes[i++] = static_cast<uint8_t>((noise + 3 * ramp) / 4);
      }
    }
  }
  return picture;
}

// 64-byte aligned scratch with a guard behind it.
class GuardedScratch {
 public:
  explicit GuardedScratch(size_t bytes)
      : bytes_(bytes), storage_(bytes + 64 + kGuardBytes, std::byte{0xA5}) {}
  std::span<std::byte> span() { return {Begin(), bytes_}; }
  bool GuardIsWhole() const {
    const std::byte* guard = Begin() + bytes_;
    return std::all_of(guard, guard + kGuardBytes,
                       [](std::byte b) { return b == std::byte{0xA5}; });
  }

 private:
  static constexpr size_t kGuardBytes = 64;
  std::byte* Begin() const {
    const auto address = reinterpret_cast<uintptr_t>(storage_.data());
    return const_cast<std::byte*>(storage_.data()) + ((address + 63) / 64 * 64 - address);
  }
  size_t bytes_;
  std::vector<std::byte> storage_;
};

inline Bitmap Copied(const ConstImageView& source, simd::FlipColumns flip) {
  Bitmap out(source.size());
  for (uint32_t y = 0; y < source.height; ++y) {
    for (uint32_t x = 0; x < source.width; ++x) {
      const uint32_t from = flip == simd::FlipColumns::kYes ? source.width - 1 - x : x;
      std::copy_n(source.Row(y) + size_t{from} * 3, 3, out.view().Row(y) + size_t{x} * 3);
    }
  }
  return out;
}

inline Bitmap Resized(const Bitmap& source, SizePx size, simd::Filter filter) {
  if (source.size == size) return source;
  Bitmap out(size);
  GuardedScratch scratch(simd::ResizeScratchBytes(source.size, size, 3, filter));
  simd::Resize(source.view(), out.view(), filter, simd::Mirror::kNo, scratch.span());
  return out;
}

inline Bitmap TurnedOver(const Bitmap& source) {
  Bitmap out(source.size);
  for (uint32_t y = 0; y < source.size.height; ++y) {
    std::copy_n(source.view().Row(source.size.height - 1 - y), source.view().row_bytes(),
                out.view().Row(y));
  }
  return out;
}

// Half to even, by the definition.
inline int64_t RoundedHalf(int64_t twice) {
  const int64_t floor = twice >> 1;
  return floor + ((twice & 1) != 0 && (floor & 1) != 0 ? 1 : 0);
}

// The middle of the picture, padded with zeros first.
inline Bitmap CenterCropped(const Bitmap& source, SizePx size) {
  const SizePx padded_size{std::max(source.size.width, size.width),
                           std::max(source.size.height, size.height)};
  const uint32_t pad_x = (padded_size.width - source.size.width) / 2;
  const uint32_t pad_y = (padded_size.height - source.size.height) / 2;
  Bitmap padded(padded_size);
  for (uint32_t y = 0; y < source.size.height; ++y) {
    std::copy_n(source.view().Row(y), source.view().row_bytes(),
                padded.view().Row(y + pad_y) + size_t{pad_x} * 3);
  }
  const RectPx rect{static_cast<uint32_t>(RoundedHalf(padded_size.width - size.width)),
                    static_cast<uint32_t>(RoundedHalf(padded_size.height - size.height)),
                    size.width, size.height};
  return Copied(padded.view().Crop(rect), simd::FlipColumns::kNo);
}

inline OpConfig MakeOpConfig(std::string op, std::map<std::string, ParamValue> params = {},
                             double p = 1.0) {
  OpConfig config;
  config.op = std::move(op);
  config.p = p;
  config.params = std::move(params);
  return config;
}
inline OpConfig FlipConfig(double p) { return MakeOpConfig("random_horizontal_flip", {}, p); }
inline OpConfig CropConfig(double height, double width) {
  return MakeOpConfig("random_resized_crop", {{"size", std::vector<double>{height, width}}});
}
inline OpConfig CenterConfig(double height, double width) {
  return MakeOpConfig("center_crop", {{"size", std::vector<double>{height, width}}});
}

inline std::unique_ptr<AugmentProgram> MakeProgram(const std::vector<OpConfig>& ops,
                                                   const std::vector<std::string>& classes = {}) {
  std::unique_ptr<AugmentProgram> program;
  ConfigError error;
  EXPECT_TRUE(AugmentProgram::Make(ops, classes, false, &program, &error)) << error.text;
  return program;
}

inline Recipe MakeRecipe(const AugmentProgram& program, const SampleKey& key, SizePx source) {
  Recipe recipe;
  program.Prepare(&recipe);
  const Status status = program.MakeRecipe(key, source, &recipe);
  EXPECT_TRUE(status.ok()) << status.text();
  return recipe;
}

// What a loader would get: only the recipe's region is given to Apply.
inline Bitmap Applied(const AugmentProgram& program, const Recipe& recipe, const Bitmap& picture) {
  const Bitmap region = Copied(picture.view().Crop(recipe.region), simd::FlipColumns::kNo);
  GuardedScratch scratch(program.ScratchBytes(recipe));
  ConstImageView out;
  simd::FlipColumns flip = simd::FlipColumns::kNo;
  const Status status = program.Apply(recipe, region.view(), scratch.span(), &out, &flip, nullptr);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_TRUE(scratch.GuardIsWhole());
  return Copied(out, flip);
}

// The plain twin: each op that fires, one after the other, on the whole picture.
inline Bitmap AppliedInOrder(const std::vector<OpConfig>& ops, const Recipe& recipe,
                             const Bitmap& picture, simd::Filter filter) {
  Bitmap current = picture;
  for (size_t i = 0; i < ops.size(); ++i) {
    const Recipe::Step& step = recipe.steps[i];
    EXPECT_EQ(step.in, current.size);
    if (!step.fires) continue;
    const OpDraw& draw = recipe.list[step.first];
    if (ops[i].op == "random_horizontal_flip") {
      current = Copied(current.view(), simd::FlipColumns::kYes);
    } else if (ops[i].op == "random_vertical_flip") {
      current = TurnedOver(current);
    } else if (ops[i].op == "random_resized_crop") {
      const Bitmap crop = Copied(current.view().Crop(draw.rect), simd::FlipColumns::kNo);
      current = Resized(crop, draw.out, filter);
    } else if (ops[i].op == "resize") {
      current = Resized(current, draw.out, filter);
    } else if (ops[i].op == "center_crop") {
      current = CenterCropped(current, draw.out);
    } else {
      ADD_FAILURE() << "the twin has no " << ops[i].op;
    }
    EXPECT_EQ(draw.out, current.size);
  }
  return current;
}

}  // namespace headrace::loader
