#include "loader/config_ops.h"

#include <algorithm>
#include <array>

namespace headrace::loader {
namespace {

using enum ParamKind;
constexpr auto kRequired = ParamNeed::kRequired;
constexpr auto kOptional = ParamNeed::kOptional;

// Sides, lengths and paddings stay far below 2^31, so that sums of a few of them cannot overflow.
constexpr double kSideMax = 65535;

constexpr ParamBounds kUnit{0, 1};
constexpr ParamBounds kUnitOpen{0, 1, true};
constexpr ParamBounds kPositive{0, 1e9, true};
constexpr ParamBounds kNotNegative{0, 1e9};
constexpr ParamBounds kSide{1, kSideMax};
constexpr ParamBounds kByte{0, 255};
constexpr ParamBounds kAngle{-36000, 36000};
constexpr ParamBounds kColourFactor{0, 1000};

// Resampling of resizes: Pillow's filters.
constexpr ParamWord kResizeWords[] = {{"bilinear"}, {"bicubic"}, {"lanczos"},       {"box"},
                                      {"hamming"},  {"nearest"}, {"nearest_legacy"}};
// random_resized_crop may also draw one of bilinear and bicubic an image.
constexpr ParamWord kCropResizeWords[] = {
    {"bilinear"}, {"bicubic"}, {"lanczos"},        {"box"},
    {"hamming"},  {"nearest"}, {"nearest_legacy"}, {"random"}};
constexpr ParamWord kWarpWords[] = {{"nearest"}, {"bilinear"}, {"bicubic"}};
// The policies of timm draw one of bilinear and bicubic for every op.
constexpr ParamWord kPolicyWarpWords[] = {{"nearest"}, {"bilinear"}, {"bicubic"}, {"random"}};
constexpr ParamWord kZoomWords[] = {{"bilinear"}, {"nearest"}};
constexpr ParamWord kPadWords[] = {{"constant"}, {"edge"}, {"reflect"}, {"symmetric"}};
constexpr ParamWord kZoomFillWords[] = {{"reflect"}, {"constant"}, {"wrap"}, {"nearest"}};
constexpr ParamWord kHueWords[] = {{"pil"}, {"float"}};
constexpr ParamWord kRandomWord[] = {{"random"}};
constexpr ParamWord kMeanWord[] = {{"mean"}};
constexpr ParamWord kProfileWords[] = {{"torchvision"}, {"timm"}, {"tf"}};
constexpr ParamWord kAugMixProfileWords[] = {{"reference"}, {"torchvision"}, {"timm"}};
constexpr ParamWord kFamilyWords[] = {{"smooth"}, {"extreme"}, {"iid"}};
constexpr ParamWord kActionWords[] = {{"normal"}, {"hflip"}, {"vflip"}, {"skip"}};
constexpr ParamWord kHoleWords[] = {{"pushpull"}, {"none"}};
constexpr ParamWord kCrowdWords[] = {{"static"}, {"moves"}};
constexpr ParamWord kOcclusionWords[] = {{"resolve"}, {"none"}};
constexpr ParamWord kHeatNormWords[] = {{"renorm"}, {"ref"}};
constexpr ParamWord kZoomModeWords[] = {{"crop"}, {"rescale"}, {"lens"}};
constexpr ParamWord kBoxWords[] = {{"auto"}, {"annotation"}, {"saliency"}};

constexpr ParamSpec kFillParam{.name = "fill", .kind = kFill, .default_toml = "0", .bounds = kByte};
constexpr ParamSpec kWarpNearest{
    .name = "interpolation", .kind = kWord, .default_toml = "\"nearest\"", .words = kWarpWords};
constexpr ParamSpec kWarpBilinear{
    .name = "interpolation", .kind = kWord, .default_toml = "\"bilinear\"", .words = kWarpWords};
constexpr ParamSpec kResizeFilter{
    .name = "interpolation", .kind = kWord, .default_toml = "\"bilinear\"", .words = kResizeWords};
constexpr ParamSpec kAntialias{
    .name = "antialias", .kind = kBool, .default_toml = "true", .false_built = false};
constexpr ParamSpec kCropSize{
    .name = "size", .kind = kSizeSquare, .bounds = kSide, .need = kRequired};
constexpr ParamSpec kCenter{
    .name = "center", .kind = kPair, .bounds = {-kSideMax, kSideMax}, .need = kOptional};
constexpr ParamSpec kPadMode{
    .name = "mode", .kind = kWord, .default_toml = "\"constant\"", .words = kPadWords};
constexpr ParamSpec kFactorParam{
    .name = "factor", .kind = kFactor, .bounds = kColourFactor, .need = kRequired};
constexpr ParamSpec kNoiseMean{
    .name = "mean", .kind = kNumber, .default_toml = "0", .bounds = {-1, 1}};
constexpr ParamSpec kNoiseSigma{
    .name = "sigma", .kind = kRange, .default_toml = "0.1", .bounds = {0, 100}};
// Instead of drawing, as --explain prints them: the key of a random field, of draws, a rectangle.
constexpr ParamSpec kNoiseKey{
    .name = "noise_key", .kind = kInt, .bounds = {0, 9007199254740991}, .need = kOptional};
constexpr ParamSpec kKey{
    .name = "key", .kind = kInt, .bounds = {0, 9007199254740991}, .need = kOptional};
constexpr ParamSpec kAt{.name = "at", .kind = kBox, .bounds = {0, 0x7fffffff}, .need = kOptional};
constexpr ParamSpec kBins{
    .name = "num_magnitude_bins", .kind = kInt, .default_toml = "31", .bounds = {2, 1000}};

// Geometry.
constexpr ParamSpec kRotation[] = {
    {.name = "degrees", .kind = kSpread, .bounds = kAngle, .need = kRequired},
    kWarpNearest,
    kFillParam,
    kCenter,
    {.name = "expand", .kind = kBool, .default_toml = "false"}};
constexpr ParamSpec kAffine[] = {
    {.name = "degrees", .kind = kSpread, .bounds = kAngle, .need = kRequired},
    {.name = "translate", .kind = kPair, .bounds = kUnit, .need = kOptional},
    {.name = "scale", .kind = kRange, .bounds = kPositive, .need = kOptional},
    {.name = "shear", .kind = kOneTwoFour, .bounds = {-89.9, 89.9}, .need = kOptional},
    kWarpNearest,
    kFillParam,
    kCenter,
    // Instead of drawing: how a replayed recipe names its warp.
    {.name = "matrix", .kind = kSix, .need = kOptional}};
constexpr ParamSpec kPerspective[] = {
    {.name = "distortion_scale", .kind = kNumber, .default_toml = "0.5", .bounds = kUnit},
    kWarpBilinear,
    kFillParam,
    {.name = "coefficients", .kind = kEight, .need = kOptional}};
constexpr ParamSpec kZoom[] = {
    {.name = "height_factor",
     .kind = kSpread,
     .default_toml = "[-0.2, 0.2]",
     .bounds = {-1, 1000, true}},
    {.name = "width_factor", .kind = kSpread, .bounds = {-1, 1000, true}, .need = kOptional},
    {.name = "fill_mode", .kind = kWord, .default_toml = "\"reflect\"", .words = kZoomFillWords},
    {.name = "interpolation", .kind = kWord, .default_toml = "\"bilinear\"", .words = kZoomWords},
    kFillParam};
constexpr ParamSpec kZoomOut[] = {
    {.name = "side_range", .kind = kRange, .default_toml = "[1, 4]", .bounds = {1, 100}},
    kFillParam,
    {.name = "keep_size", .kind = kBool, .default_toml = "true"},
    kResizeFilter,
    {.name = "at", .kind = kPair, .bounds = {0, kSideMax}, .need = kOptional}};
constexpr ParamSpec kRandomCrop[] = {
    kCropSize,
    {.name = "padding", .kind = kPadding, .default_toml = "0", .bounds = {0, kSideMax}},
    {.name = "pad_if_needed", .kind = kBool, .default_toml = "false"},
    kPadMode,
    kFillParam,
    kAt};
constexpr ParamSpec kCenterCrop[] = {kCropSize};
constexpr ParamSpec kResize[] = {
    {.name = "size", .kind = kSizeShort, .bounds = kSide, .need = kRequired},
    {.name = "max_size", .kind = kInt, .bounds = kSide, .need = kOptional},
    kResizeFilter,
    kAntialias};
constexpr ParamSpec kResizedCrop[] = {
    kCropSize,
    {.name = "scale", .kind = kRange, .default_toml = "[0.08, 1.0]", .bounds = kUnitOpen},
    // 3/4 and 4/3, to the last bit of a double.
    {.name = "ratio",
     .kind = kRange,
     .default_toml = "[0.75, 1.3333333333333333]",
     .bounds = kPositive},
    {.name = "interpolation",
     .kind = kWord,
     .default_toml = "\"bilinear\"",
     .words = kCropResizeWords},
    kAntialias,
    kAt};
constexpr ParamSpec kPad[] = {
    {.name = "padding", .kind = kPadding, .bounds = {-kSideMax, kSideMax}, .need = kRequired},
    kPadMode,
    kFillParam};

// Colour.
constexpr ParamSpec kBlendFactor[] = {kFactorParam};
constexpr ParamSpec kHue[] = {
    {.name = "factor", .kind = kSpread, .bounds = {-0.5, 0.5}, .need = kRequired},
    {.name = "space", .kind = kWord, .default_toml = "\"pil\"", .words = kHueWords}};
constexpr ParamSpec kJitter[] = {
    {.name = "brightness", .kind = kFactor, .default_toml = "0", .bounds = kColourFactor},
    {.name = "contrast", .kind = kFactor, .default_toml = "0", .bounds = kColourFactor},
    {.name = "saturation", .kind = kFactor, .default_toml = "0", .bounds = kColourFactor},
    {.name = "hue", .kind = kSpread, .default_toml = "0", .bounds = {-0.5, 0.5}},
    {.name = "space", .kind = kWord, .default_toml = "\"pil\"", .words = kHueWords}};
constexpr ParamSpec kPosterize[] = {
    {.name = "bits", .kind = kIntRange, .bounds = {0, 8}, .need = kRequired}};
constexpr ParamSpec kSolarize[] = {
    {.name = "threshold", .kind = kRange, .default_toml = "128", .bounds = {0, 256}}};
constexpr ParamSpec kSolarizeAdd[] = {
    {.name = "add", .kind = kIntRange, .default_toml = "64", .bounds = {-128, 128}},
    {.name = "threshold", .kind = kRange, .default_toml = "128", .bounds = {0, 256}}};
constexpr ParamSpec kAutocontrast[] = {
    {.name = "cutoff", .kind = kNumber, .default_toml = "0", .bounds = {0, 50}}};
constexpr ParamSpec kSharpness[] = {
    {.name = "factor", .kind = kRange, .bounds = kColourFactor, .need = kRequired}};

// Blur and noise.
constexpr ParamSpec kBlur[] = {
    {.name = "kernel_size", .kind = kOddPair, .default_toml = "5", .bounds = {1, 255}},
    {.name = "sigma", .kind = kRange, .default_toml = "[0.1, 2.0]", .bounds = {0, 100, true}}};
constexpr ParamSpec kGaussianNoise[] = {
    kNoiseMean,
    kNoiseSigma,
    {.name = "clip", .kind = kBool, .default_toml = "true"},
    {.name = "per_channel", .kind = kBool, .default_toml = "true"},
    {.name = "trunc", .kind = kBool, .default_toml = "false"},
    kNoiseKey};
constexpr ParamSpec kSaltPepper[] = {
    {.name = "amount", .kind = kRange, .default_toml = "0.05", .bounds = kUnit},
    {.name = "salt_vs_pepper", .kind = kNumber, .default_toml = "0.5", .bounds = kUnit},
    {.name = "per_channel", .kind = kBool, .default_toml = "false"},
    kNoiseKey};
constexpr ParamSpec kSpeckle[] = {kNoiseMean, kNoiseSigma, kNoiseKey};
constexpr ParamSpec kPoisson[] = {
    {.name = "peak", .kind = kRange, .default_toml = "255", .bounds = {0, 1e6, true}}, kNoiseKey};

// Occlusion.
constexpr ParamSpec kErasing[] = {
    {.name = "scale", .kind = kRange, .default_toml = "[0.02, 0.33]", .bounds = kUnitOpen},
    {.name = "ratio", .kind = kRange, .default_toml = "[0.3, 3.3]", .bounds = kPositive},
    {.name = "value",
     .kind = kFillOrWord,
     .default_toml = "0",
     .bounds = {-1e6, 1e6},
     .words = kRandomWord},
    kAt,
    kNoiseKey};
constexpr ParamSpec kCutout[] = {
    {.name = "length", .kind = kInt, .default_toml = "16", .bounds = kSide},
    {.name = "n_holes", .kind = kInt, .default_toml = "1", .bounds = {1, 1000}},
    {.name = "fill", .kind = kFillOrWord, .default_toml = "0", .bounds = kByte, .words = kMeanWord},
    // Of one hole; the key is that of several.
    {.name = "at", .kind = kPair, .bounds = {0, kSideMax}, .need = kOptional},
    kNoiseKey};

// Policies.
constexpr ParamSpec kProfile{
    .name = "profile", .kind = kWord, .default_toml = "\"torchvision\"", .words = kProfileWords};
// The defaults are those of torchvision's profile; config_toml_policy.cc puts the others'.
constexpr ParamSpec kPolicyWarp{.name = "interpolation",
                                .kind = kWord,
                                .default_toml = "\"nearest\"",
                                .words = kPolicyWarpWords};
constexpr ParamSpec kAutoAugment[] = {
    {.name = "policy", .kind = kText, .default_toml = "\"imagenet\""},
    kProfile,
    kPolicyWarp,
    kFillParam};
constexpr ParamSpec kRandAugment[] = {
    {.name = "num_ops", .kind = kInt, .default_toml = "2", .bounds = {0, 16}},
    {.name = "magnitude", .kind = kNumber, .default_toml = "9", .bounds = {0, 999}},
    kBins,
    kProfile,
    {.name = "config", .kind = kText, .need = kOptional},
    kPolicyWarp,
    kFillParam};
constexpr ParamSpec kTrivialAugment[] = {kBins, kPolicyWarp, kFillParam};
constexpr ParamSpec kAugMix[] = {
    {.name = "severity", .kind = kNumber, .default_toml = "3", .bounds = {1, 10}},
    {.name = "mixture_width", .kind = kInt, .default_toml = "3", .bounds = {1, 16}},
    {.name = "chain_depth", .kind = kInt, .default_toml = "-1", .bounds = {-1, 16}},
    {.name = "alpha", .kind = kNumber, .default_toml = "1", .bounds = {kBetaAlphaMin, 1000}},
    {.name = "views", .kind = kInt, .default_toml = "1", .bounds = {1, 16}},
    {.name = "all_ops", .kind = kBool, .default_toml = "false"},
    {.name = "profile",
     .kind = kWord,
     .default_toml = "\"reference\"",
     .words = kAugMixProfileWords},
    kWarpBilinear,
    kFillParam,
    // Instead of drawing: how a replayed recipe names its chains.
    {.name = "replay", .kind = kText, .need = kOptional}};
constexpr ParamSpec kColorFilter[] = {
    {.name = "family", .kind = kWord, .default_toml = "\"smooth\"", .words = kFamilyWords},
    {.name = "bound", .kind = kNumber, .default_toml = "2", .bounds = {1, 1000}},
    {.name = "pieces", .kind = kInt, .default_toml = "64", .bounds = {2, 256}},
    {.name = "channel_mix", .kind = kNumber, .default_toml = "1", .bounds = kUnit},
    kNoiseKey};

// Ops that know objects.
constexpr ParamSpec kInstaboost[] = {
    {.name = "actions",
     .kind = kWeights,
     .default_toml = "{ normal = 1 }",
     .bounds = kNotNegative,
     .words = kActionWords},
    {.name = "scale", .kind = kRange, .default_toml = "[0.8, 1.2]", .bounds = {0, 100, true}},
    {.name = "shift_div", .kind = kPair, .default_toml = "[15, 15]", .bounds = kPositive},
    {.name = "rotate", .kind = kSpread, .default_toml = "1", .bounds = kAngle},
    {.name = "integer", .kind = kBool, .default_toml = "false"},
    {.name = "edge_margin", .kind = kInt, .default_toml = "10", .bounds = {0, kSideMax}},
    {.name = "heatmap", .kind = kBool, .default_toml = "false"},
    {.name = "heat_norm", .kind = kWord, .default_toml = "\"renorm\"", .words = kHeatNormWords},
    {.name = "feather", .kind = kInt, .default_toml = "2", .bounds = {0, 64}},
    {.name = "dilate", .kind = kInt, .default_toml = "2", .bounds = {0, 64}},
    {.name = "fill", .kind = kWord, .default_toml = "\"pushpull\"", .words = kHoleWords},
    {.name = "crowd", .kind = kWord, .default_toml = "\"static\"", .words = kCrowdWords},
    {.name = "occlusion", .kind = kWord, .default_toml = "\"resolve\"", .words = kOcclusionWords},
    {.name = "min_visible", .kind = kNumber, .default_toml = "0.1", .bounds = kUnit},
    {.name = "max_groups", .kind = kInt, .default_toml = "100", .bounds = {1, 1000}},
    kKey};
constexpr ParamSpec kObjectZoom[] = {
    kCropSize,
    {.name = "box", .kind = kWord, .default_toml = "\"auto\"", .words = kBoxWords},
    {.name = "modes",
     .kind = kWeights,
     .default_toml = "{ crop = 0.6, rescale = 0.25, lens = 0.15 }",
     .bounds = kNotNegative,
     .words = kZoomModeWords},
    {.name = "share", .kind = kRange, .default_toml = "[0.35, 0.9]", .bounds = kUnitOpen},
    {.name = "ratio",
     .kind = kRange,
     .default_toml = "[0.75, 1.3333333333333333]",
     .bounds = kPositive},
    {.name = "rescale", .kind = kRange, .default_toml = "[0.7, 1.4]", .bounds = {0, 100, true}},
    {.name = "lens", .kind = kRange, .default_toml = "[1.1, 1.8]", .bounds = {1, 100}},
    kResizeFilter,
    kKey};

constexpr OpSpec kOps[] = {
    {.name = "random_horizontal_flip", .p = 0.5, .is_flip = true, .built = true},
    {.name = "random_vertical_flip", .p = 0.5, .is_flip = true, .built = true},
    {.name = "random_rotation", .built = true, .params = kRotation},
    {.name = "random_affine", .built = true, .params = kAffine},
    {.name = "random_perspective", .p = 0.5, .built = true, .params = kPerspective},
    {.name = "random_zoom", .built = true, .params = kZoom},
    {.name = "random_zoom_out", .built = true, .params = kZoomOut},
    {.name = "random_crop", .built = true, .params = kRandomCrop},
    {.name = "center_crop", .built = true, .params = kCenterCrop},
    {.name = "resize", .built = true, .params = kResize},
    {.name = "random_resized_crop", .built = true, .params = kResizedCrop},
    {.name = "pad", .built = true, .params = kPad},
    {.name = "brightness", .built = true, .params = kBlendFactor},
    {.name = "contrast", .built = true, .params = kBlendFactor},
    {.name = "saturation", .built = true, .params = kBlendFactor},
    {.name = "hue", .built = true, .params = kHue},
    {.name = "color_jitter", .built = true, .params = kJitter},
    {.name = "random_grayscale", .p = 0.1, .built = true},
    {.name = "gaussian_blur", .built = true, .params = kBlur},
    {.name = "gaussian_noise", .built = true, .params = kGaussianNoise},
    {.name = "salt_pepper_noise", .built = true, .params = kSaltPepper},
    {.name = "speckle_noise", .built = true, .params = kSpeckle},
    {.name = "poisson_noise", .built = true, .params = kPoisson},
    {.name = "posterize", .built = true, .params = kPosterize},
    {.name = "solarize", .built = true, .params = kSolarize},
    {.name = "solarize_add", .built = true, .params = kSolarizeAdd},
    {.name = "equalize", .built = true},
    {.name = "autocontrast", .built = true, .params = kAutocontrast},
    {.name = "invert", .built = true},
    {.name = "sharpness", .built = true, .params = kSharpness},
    {.name = "random_erasing", .p = 0.5, .built = true, .params = kErasing},
    {.name = "cutout", .built = true, .params = kCutout},
    {.name = "auto_augment", .built = true, .params = kAutoAugment},
    {.name = "rand_augment", .built = true, .params = kRandAugment},
    {.name = "trivial_augment_wide", .built = true, .params = kTrivialAugment},
    {.name = "aug_mix", .built = true, .params = kAugMix},
    {.name = "random_color_filter", .p = 0.5, .built = true, .params = kColorFilter},
    {.name = "instaboost", .p = 0.5, .built = true, .params = kInstaboost},
    {.name = "object_zoom", .p = 0.5, .built = true, .params = kObjectZoom},
};

// `remap` stands last: ops that are not flips leave it out.
constexpr std::string_view kCommonKeys[] = {"op", "p", "only_classes", "except_classes", "remap"};

}  // namespace

std::span<const OpSpec> AllOps() { return kOps; }

const OpSpec* FindOp(std::string_view name) {
  const auto* found = std::ranges::find(kOps, name, &OpSpec::name);
  return found == std::end(kOps) ? nullptr : found;
}

std::span<const std::string_view> CommonOpKeys() { return kCommonKeys; }

}  // namespace headrace::loader
