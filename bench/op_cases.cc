#include "bench/op_cases.h"

#include <initializer_list>

namespace headrace::bench {
namespace {

// Random ops are timed over so many draws: enough that the mean of a round hardly depends on which.
constexpr uint32_t kManyDraws = 512;

std::string Numbers(std::initializer_list<uint32_t> values) {
  std::string text;
  for (const uint32_t value : values) {
    text.append(text.empty() ? "[" : ", ").append(std::to_string(value));
  }
  return text + "]";
}

// The parameters of bench/peers/peer_ops.py are these.
std::vector<OpCase> Geometry(SizePx size) {
  const uint32_t w = size.width;
  const uint32_t h = size.height;
  const std::string crop = "op = \"random_crop\", size = " + Numbers({h * 3 / 4, w * 3 / 4});
  const std::string affine =
      "op = \"random_affine\", degrees = [11, 11], scale = [1.1, 1.1], shear = [7, 7]";
  return {
      {"random_horizontal_flip", {"op = \"random_horizontal_flip\", p = 1.0"}},
      {"random_vertical_flip", {"op = \"random_vertical_flip\", p = 1.0"}},
      {"random_crop", {crop}, kManyDraws},
      {"random_crop/padded", {crop + ", padding = " + std::to_string(h / 4)}, kManyDraws},
      {"center_crop", {"op = \"center_crop\", size = " + Numbers({h * 3 / 4, w * 3 / 4})}},
      {"pad", {"op = \"pad\", padding = 16, fill = 128"}},
      {"pad/reflect", {"op = \"pad\", padding = 16, mode = \"reflect\""}},
      {"resize", {"op = \"resize\", size = " + Numbers({h * 5 / 8, w * 5 / 8})}},
      {"resize/bicubic",
       {"op = \"resize\", interpolation = \"bicubic\", size = " + Numbers({h * 5 / 8, w * 5 / 8})}},
      {"resize/224", {"op = \"resize\", size = [224, 224]"}},
      {"random_resized_crop",
       {"op = \"random_resized_crop\", size = 224, at = " +
        Numbers({h / 8, w / 8, h * 5 / 8, w * 3 / 4})}},
      {"random_rotation", {"op = \"random_rotation\", degrees = [17, 17]"}},
      {"random_rotation/bilinear",
       {"op = \"random_rotation\", degrees = [17, 17], interpolation = \"bilinear\""}},
      {"random_affine", {affine}},
      {"random_affine/bilinear", {affine + ", interpolation = \"bilinear\""}},
      {"random_affine/bicubic", {affine + ", interpolation = \"bicubic\""}},
      {"random_perspective", {"op = \"random_perspective\", p = 1.0"}, kManyDraws},
      {"random_zoom", {"op = \"random_zoom\", height_factor = [0.15, 0.15]"}},
      {"random_zoom_out",
       {"op = \"random_zoom_out\", side_range = [1.5, 1.5], at = " + Numbers({h / 5, w / 5})}},
  };
}

std::vector<OpCase> Pixels(SizePx size) {
  return {
      {"brightness", {"op = \"brightness\", factor = [1.3, 1.3]"}},
      {"contrast", {"op = \"contrast\", factor = [1.3, 1.3]"}},
      {"saturation", {"op = \"saturation\", factor = [1.4, 1.4]"}},
      {"hue", {"op = \"hue\", factor = [0.1, 0.1]"}},
      {"color_jitter",
       {"op = \"color_jitter\", brightness = 0.4, contrast = 0.4, saturation = 0.4, hue = 0.1"},
       kManyDraws},
      {"random_grayscale", {"op = \"random_grayscale\", p = 1.0"}},
      {"posterize", {"op = \"posterize\", bits = 4"}},
      {"solarize", {"op = \"solarize\", threshold = 128"}},
      {"solarize_add", {"op = \"solarize_add\", add = 64, threshold = 128"}},
      {"equalize", {"op = \"equalize\""}},
      {"autocontrast", {"op = \"autocontrast\""}},
      {"invert", {"op = \"invert\""}},
      {"sharpness", {"op = \"sharpness\", factor = 1.7"}},
      {"gaussian_blur", {"op = \"gaussian_blur\", kernel_size = 5, sigma = 1.2"}},
      {"gaussian_blur/23", {"op = \"gaussian_blur\", kernel_size = 23, sigma = 1.2"}},
      {"gaussian_noise", {"op = \"gaussian_noise\", sigma = 0.1"}, kManyDraws},
      {"salt_pepper_noise", {"op = \"salt_pepper_noise\", amount = 0.05"}, kManyDraws},
      {"speckle_noise", {"op = \"speckle_noise\", sigma = 0.2"}, kManyDraws},
      {"poisson_noise", {"op = \"poisson_noise\", peak = 60"}, kManyDraws},
      {"random_erasing", {"op = \"random_erasing\", p = 1.0"}, kManyDraws},
      {"random_erasing/random",
       {"op = \"random_erasing\", p = 1.0, value = \"random\""},
       kManyDraws},
      {"cutout", {"op = \"cutout\", length = " + std::to_string(size.height / 4)}, kManyDraws},
      {"random_color_filter", {"op = \"random_color_filter\", p = 1.0"}, kManyDraws},
  };
}

std::vector<OpCase> Policies() {
  const std::string jitter =
      "op = \"color_jitter\", brightness = 0.4, contrast = 0.4, saturation = 0.4, hue = 0.1";
  return {
      {"auto_augment", {"op = \"auto_augment\""}, kManyDraws},
      {"rand_augment", {"op = \"rand_augment\", num_ops = 2, magnitude = 9"}, kManyDraws},
      {"trivial_augment_wide", {"op = \"trivial_augment_wide\""}, kManyDraws},
      {"aug_mix", {"op = \"aug_mix\""}, kManyDraws},
      {"rand_augment+color_jitter",
       {"op = \"rand_augment\", num_ops = 2, magnitude = 9", jitter},
       kManyDraws},
  };
}

}  // namespace

std::vector<OpCase> OpCases(SizePx size) {
  // Without an op the "dense picture" is a copy: the least that any op could cost.
  std::vector<OpCase> cases = {{"memcpy", {}}, {"convert_f32", {}, 1, Finish::kF32Nchw}};
  for (const std::vector<OpCase>& part : {Geometry(size), Pixels(size), Policies()}) {
    cases.insert(cases.end(), part.begin(), part.end());
  }
  // There it would be a copy, as in every library.
  if (size == SizePx{224, 224}) {
    std::erase_if(cases, [](const OpCase& which) { return which.name == "resize/224"; });
  }
  return cases;
}

}  // namespace headrace::bench
