#include "loader/augment/op.h"

#include <array>
#include <string_view>

#include "loader/augment/aug_mix.h"
#include "loader/augment/auto_augment.h"
#include "loader/augment/blend_ops.h"
#include "loader/augment/center_crop.h"
#include "loader/augment/color_filter.h"
#include "loader/augment/color_jitter.h"
#include "loader/augment/flip.h"
#include "loader/augment/gaussian_blur.h"
#include "loader/augment/hue.h"
#include "loader/augment/instaboost.h"
#include "loader/augment/noise.h"
#include "loader/augment/object_zoom.h"
#include "loader/augment/occlusion.h"
#include "loader/augment/op_params.h"
#include "loader/augment/pad.h"
#include "loader/augment/point_ops.h"
#include "loader/augment/rand_augment.h"
#include "loader/augment/random_resized_crop.h"
#include "loader/augment/resize.h"
#include "loader/augment/trivial_augment.h"
#include "loader/augment/warp.h"

namespace headrace::loader {
namespace {

struct Registered {
  std::string_view name;
  std::unique_ptr<Op> (*make)(const OpConfig&, ConfigError*);
};

constexpr std::array kRegistry = {
    Registered{"aug_mix", MakeAugMix},
    Registered{"auto_augment", MakeAutoAugment},
    Registered{"autocontrast", MakeAutocontrast},
    Registered{"brightness", MakeBrightness},
    Registered{"center_crop", MakeCenterCrop},
    Registered{"color_jitter", MakeColorJitter},
    Registered{"contrast", MakeContrast},
    Registered{"cutout", MakeCutout},
    Registered{"equalize", MakeEqualize},
    Registered{"gaussian_blur", MakeGaussianBlur},
    Registered{"gaussian_noise", MakeGaussianNoise},
    Registered{"hue", MakeHue},
    Registered{"instaboost", MakeInstaboost},
    Registered{"invert", MakeInvert},
    Registered{"object_zoom", MakeObjectZoom},
    Registered{"pad", MakePad},
    Registered{"poisson_noise", MakePoissonNoise},
    Registered{"posterize", MakePosterize},
    Registered{"rand_augment", MakeRandAugment},
    Registered{"random_affine", MakeRandomAffine},
    Registered{"random_color_filter", MakeRandomColorFilter},
    Registered{"random_crop", MakeRandomCrop},
    Registered{"random_erasing", MakeRandomErasing},
    Registered{"random_grayscale", MakeRandomGrayscale},
    Registered{"random_horizontal_flip", MakeRandomHorizontalFlip},
    Registered{"random_perspective", MakeRandomPerspective},
    Registered{"random_resized_crop", MakeRandomResizedCrop},
    Registered{"random_rotation", MakeRandomRotation},
    Registered{"random_vertical_flip", MakeRandomVerticalFlip},
    Registered{"random_zoom", MakeRandomZoom},
    Registered{"random_zoom_out", MakeRandomZoomOut},
    Registered{"resize", MakeResize},
    Registered{"salt_pepper_noise", MakeSaltPepperNoise},
    Registered{"saturation", MakeSaturation},
    Registered{"sharpness", MakeSharpness},
    Registered{"solarize", MakeSolarize},
    Registered{"solarize_add", MakeSolarizeAdd},
    Registered{"speckle_noise", MakeSpeckleNoise},
    Registered{"trivial_augment_wide", MakeTrivialAugment},
};

}  // namespace

Status Op::Expand(RandomStream* stream, DrawList* draws) const {
  return Draw(stream, draws->Add(this));
}

Status Op::Point(const OpDraw&, PointPass*) const {
  return Status(Code::kInternal, "an op that is no table was asked for one");
}

uint64_t Op::OutputBytes(const OpDraw& draw) const {
  return FormOf(draw) == OpForm::kPixels ? PictureBytes(draw.out) : 0;
}
uint64_t Op::ScratchBytes(const OpDraw&) const { return 0; }

Status Op::Run(const OpDraw&, const OpMemory&, Picture*) const {
  return Status(Code::kInternal, "an op that needs no pixels was asked to run on some");
}

PointMap Op::PointsOf(const OpDraw& draw) const {
  const RectPx& rect = draw.rect;
  switch (FormOf(draw)) {
    case OpForm::kMirror: return PointMap::ScaleShift(-1, draw.in.width, 1, 0);
    case OpForm::kFlipRows: return PointMap::ScaleShift(1, 0, -1, draw.in.height);
    case OpForm::kCrop:
    case OpForm::kCropResize: {
      const double scale_x = static_cast<double>(draw.out.width) / rect.width;
      const double scale_y = static_cast<double>(draw.out.height) / rect.height;
      return PointMap::ScaleShift(scale_x, -scale_x * rect.x, scale_y, -scale_y * rect.y);
    }
    case OpForm::kPoint:
    case OpForm::kPixels: break;
  }
  return {};
}

std::unique_ptr<Op> MakeOp(const OpConfig& config, ConfigError* error) {
  for (const Registered& entry : kRegistry) {
    if (entry.name == config.op) return entry.make(config, error);
  }
  std::string built;
  for (const Registered& entry : kRegistry) {
    built.append(built.empty() ? "" : ", ").append(entry.name);
  }
  OpError(config, Code::kNotInThisVersion, "not in this version; there are " + built, error);
  return nullptr;
}

}  // namespace headrace::loader
