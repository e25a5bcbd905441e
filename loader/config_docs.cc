// What each op and each parameter means, in a line; docs/ops.md has the same words, and a test
// compares them.
#include <algorithm>
#include <iterator>

#include "loader/config_schema.h"

namespace headrace::loader {
namespace {

struct Doc {
  std::string_view op;     // "": of every op that has such a parameter and says nothing else
  std::string_view param;  // "": the op itself
  std::string_view text;
};

constexpr Doc kDocs[] = {
    {"random_horizontal_flip", "", "Mirrors left and right."},
    {"random_vertical_flip", "", "Mirrors top and bottom."},
    {"random_rotation", "", "Turns; above 0 is counter-clockwise."},
    {"random_affine", "", "Rotates (above 0 is clockwise), shifts, zooms and shears."},
    {"random_perspective", "", "Moves the four corners."},
    {"random_zoom", "", "Zooms about the middle."},
    {"random_zoom_out", "", "Puts the picture somewhere on a larger canvas."},
    {"random_crop", "", "Cuts a window of fixed size at a random place."},
    {"center_crop", "",
     "Cuts a window of fixed size from the middle (offsets rounded half to even); pads with 0 "
     "where the picture is smaller."},
    {"resize", "", "Resizes, with Pillow's arithmetic to the last bit."},
    {"random_resized_crop", "", "Cuts a window of random area and shape, then resizes it."},
    {"pad", "", "Adds a border; below 0 cuts."},
    {"brightness", "", "Blends with black."},
    {"contrast", "",
     "Blends with the mean grey, rounded half up; grey is (19595 r + 38470 g + 7471 b + 32768) >> "
     "16 of each pixel."},
    {"saturation", "", "Blends each pixel with its grey."},
    {"hue", "", "Shifts the hue."},
    {"color_jitter", "",
     "Brightness, contrast, saturation and hue in random order, each as the op of that name; a "
     "part that cannot change the picture is left out."},
    {"random_grayscale", "", "Grey as in `contrast`, kept as three channels."},
    {"gaussian_blur", "", "Blurs."},
    {"gaussian_noise", "", "Adds normal noise."},
    {"salt_pepper_noise", "", "Sets pixels to white or black."},
    {"speckle_noise", "", "Multiplies by normal noise."},
    {"poisson_noise", "", "Counts photons."},
    {"posterize", "", "Keeps the upper bits."},
    {"solarize", "", "Inverts bright values: v becomes 255 - v from the threshold on."},
    {"solarize_add", "", "Adds to dark values, clamped to 0..255."},
    {"equalize", "", "Equalises the histogram of each channel, as Pillow does to the last bit."},
    {"autocontrast", "", "Stretches each channel to 0..255, as Pillow does to the last bit."},
    {"invert", "", "255 less the value."},
    {"sharpness", "",
     "Blends with the smoothed picture: the rounded mean of 3x3 pixels, the middle one counted "
     "five times; the border is kept."},
    {"random_erasing", "", "Erases one rectangle."},
    {"cutout", "", "Erases squares."},
    {"auto_augment", "", "One of the sub-policies of a learned policy, drawn for each sample."},
    {"rand_augment", "", "Ops drawn from a fixed list, all at one magnitude."},
    {"trivial_augment_wide", "", "One op at a random magnitude."},
    {"aug_mix", "",
     "Mixes several chains of ops: out = (1 - m) x + m (w1 chain1(x) + w2 chain2(x) + ...)."},
    {"random_color_filter", "",
     "A random monotone curve a channel: the filter of adversarial colour enhancement without a "
     "model (ACE with one is a `[[mix]]` entry)."},
    {"instaboost", "",
     "Moves objects inside their picture (Fang et al., ICCV 2019), with their annotations."},
    {"object_zoom", "",
     "Zooms to the object of a picture, so that a classifier looks at it and not at what is around "
     "it."},
    {"random_rotation", "expand", "grow the picture so that nothing is cut off"},
    {"random_affine", "translate", "largest shift as shares of width and height"},
    {"random_affine", "scale", "zoom factor"},
    {"random_affine", "shear", "angles in degrees: x; x range; or x range and y range"},
    {"random_affine", "matrix",
     "this map from the result's places to the picture's instead of a drawn one, `[a, b, c, d, e, "
     "f]`: x = a x' + b y' + c, y = d x' + e y' + f; what `--explain` prints"},
    {"random_perspective", "distortion_scale",
     "how far the corners move, as a share of half a side"},
    {"random_perspective", "coefficients",
     "this map instead of a drawn one, as Pillow's `PERSPECTIVE` takes it; what `--explain` "
     "prints"},
    {"random_zoom", "height_factor", "zoom is 1 + this; above 0 zooms out"},
    {"random_zoom", "width_factor", "as `height_factor`; the same zoom when absent"},
    {"random_zoom", "fill_mode", "what lies outside of the picture"},
    {"random_zoom_out", "side_range", "canvas side over picture side"},
    {"random_zoom_out", "keep_size", "resize back to the size before"},
    {"random_zoom_out", "at",
     "`[top, left]` of the picture on the canvas, instead of a drawn place; what `--explain` "
     "prints"},
    {"random_crop", "pad_if_needed", "pad pictures smaller than `size`"},
    {"random_crop", "at",
     "this window of the padded picture instead of a drawn one, `[top, left, height, width]`; what "
     "`--explain` prints"},
    {"resize", "size",
     "result; one number is the short side, the other follows the aspect ratio, cut to whole "
     "pixels"},
    {"resize", "max_size",
     "upper bound of the long side when `size` is a short side; the short side then shrinks with "
     "it"},
    {"random_resized_crop", "scale", "share of the area that is kept"},
    {"random_resized_crop", "at",
     "this rectangle instead of a drawn one, `[top, left, height, width]`; what `--explain` "
     "prints"},
    {"hue", "factor", "shift in turns"},
    {"color_jitter", "brightness", "as the op of that name"},
    {"color_jitter", "contrast", "as the op of that name"},
    {"color_jitter", "saturation", "as the op of that name"},
    {"color_jitter", "hue", "as the op of that name"},
    {"gaussian_blur", "kernel_size", "odd; one number or `[x, y]`"},
    {"gaussian_blur", "sigma", "standard deviation in pixels"},
    {"gaussian_noise", "clip", "cut results to 0..255"},
    {"gaussian_noise", "trunc", "cut the noise to whole numbers towards 0 before it is added"},
    {"salt_pepper_noise", "amount", "share of the pixels that change"},
    {"salt_pepper_noise", "salt_vs_pepper", "share of white among them"},
    {"poisson_noise", "peak", "photons of a full-scale pixel"},
    {"posterize", "bits", "bits kept"},
    {"solarize_add", "add", "added to values below `threshold`"},
    {"autocontrast", "cutoff", "percent of the darkest and of the brightest pixels to ignore"},
    {"random_erasing", "scale", "share of the area that is erased"},
    {"random_erasing", "ratio", "aspect ratio of the rectangle, drawn on a logarithmic scale"},
    {"random_erasing", "value", "one number, one a channel, or `\"random\"`"},
    {"random_erasing", "at",
     "this box instead of a drawn one, `[top, left, height, width]`; what `--explain` prints"},
    {"cutout", "length", "side of the hole in pixels"},
    {"cutout", "n_holes", "number of holes"},
    {"cutout", "fill", "colour of the hole"},
    {"cutout", "at", "`[row, column]` of the centre of the one hole, instead of a drawn one"},
    {"auto_augment", "policy",
     "`imagenet`, `cifar10`, `svhn`, `v0` (with profile `timm` or `tf`), or the path of a policy "
     "file, with a `.` or `/` in it"},
    {"auto_augment", "profile", "whose level maps; a policy file says its own"},
    {"auto_augment", "interpolation",
     "resampling filter of the warps; `random`: bilinear or bicubic, drawn for each op. By default "
     "`random` with profile `timm`"},
    {"auto_augment", "fill",
     "colour of what lies outside of the picture. By default `[124, 116, 104]` with profile `timm` "
     "and 128 with `tf`"},
    {"rand_augment", "num_ops", "ops in a row"},
    {"rand_augment", "magnitude",
     "`torchvision`: bin of every op, a whole number below `num_magnitude_bins`; `timm`: level, 0 "
     "to 10; `tf`: level, 0 to 30"},
    {"rand_augment", "num_magnitude_bins", "number of bins; only with profile `torchvision`"},
    {"rand_augment", "profile", "whose op list and level maps"},
    {"rand_augment", "config",
     "instead of the four above, timm's way to write them: `\"rand-m9-mstd0.5-inc1\"`"},
    {"rand_augment", "interpolation", "as in `auto_augment`"},
    {"rand_augment", "fill", "as in `auto_augment`"},
    {"trivial_augment_wide", "num_magnitude_bins", "number of bins"},
    {"trivial_augment_wide", "interpolation", "as in `auto_augment`"},
    {"aug_mix", "severity",
     "largest level; `torchvision`: the number of bins, of ten, that are drawn from"},
    {"aug_mix", "mixture_width", "chains"},
    {"aug_mix", "chain_depth", "ops a chain; -1 draws 1 to 3"},
    {"aug_mix", "alpha", "of the Dirichlet and Beta draws"},
    {"aug_mix", "views", "results a sample"},
    {"aug_mix", "all_ops",
     "also brightness, contrast, colour and sharpness, which overlap with the corruptions of "
     "ImageNet-C"},
    {"aug_mix", "profile", "whose level maps"},
    {"aug_mix", "replay",
     "instead of drawing: m, then each chain behind a bar with its weight and its ops, "
     "`\"0.5|0.25 rotate=8 equalize|0.75 shear_x=-0.03\"`; what `--explain` prints"},
    {"random_color_filter", "family", "how curves are drawn"},
    {"random_color_filter", "bound", "largest slope of a curve against its smallest"},
    {"random_color_filter", "pieces", "pieces of a curve"},
    {"random_color_filter", "channel_mix", "0: one curve for all channels; 1: one each"},
    {"random_color_filter", "noise_key",
     "these curves instead of drawn ones; what `--explain` prints"},
    {"instaboost", "actions", "weights of `normal`, `hflip`, `vflip`, `skip`"},
    {"instaboost", "scale", "size of the moved object"},
    {"instaboost", "shift_div", "shift is at most width and height divided by these"},
    {"instaboost", "rotate", "angle in degrees"},
    {"instaboost", "integer", "whole pixels and degrees only"},
    {"instaboost", "edge_margin",
     "pixels from a side within which an object counts as touching it"},
    {"instaboost", "heatmap", "choose the place by appearance"},
    {"instaboost", "heat_norm", "normalisation of the heat map"},
    {"instaboost", "feather", "soft edge in pixels"},
    {"instaboost", "dilate", "pixels that the hole grows by"},
    {"instaboost", "fill", "how the hole is filled"},
    {"instaboost", "crowd", "whether crowd objects move"},
    {"instaboost", "occlusion", "whether masks lose what was covered"},
    {"instaboost", "min_visible", "objects less visible than this are dropped"},
    {"instaboost", "max_groups", "objects that may move"},
    {"object_zoom", "box", "where the object comes from"},
    {"object_zoom", "modes", "weights of `crop`, `rescale`, `lens`"},
    {"object_zoom", "share", "share of the crop that the object fills"},
    {"object_zoom", "rescale", "size of the object"},
    {"object_zoom", "lens", "magnification in the middle"},
    {"", "antialias", "widen the filter when shrinking"},
    {"", "center", "`[x, y]` of the centre of rotation; the middle of the picture when absent"},
    {"", "degrees", "angle"},
    {"", "factor", "strength; 1 leaves the picture as it is"},
    {"", "fill", "colour of what lies outside of the picture"},
    {"", "interpolation", "resampling filter"},
    {"", "key", "these draws instead of new ones; what `--explain` prints"},
    {"", "mean", "mean of the noise, 1 is full scale"},
    {"", "mode", "what the border holds"},
    {"", "noise_key", "this random field instead of a drawn one; what `--explain` prints"},
    {"", "padding", "one number, `[x, y]` or `[left, top, right, bottom]`"},
    {"", "per_channel", "draw for each channel by itself"},
    {"", "ratio", "width over height of the crop, drawn on a logarithmic scale"},
    {"", "sigma", "standard deviation, 1 is full scale"},
    {"", "size", "result; one number is a square"},
    {"", "space", "arithmetic: 8-bit HSV as Pillow, or float HSV"},
    {"", "threshold", "values from here on are changed"},
};

std::string_view Find(std::string_view op, std::string_view param) {
  const auto* found = std::ranges::find_if(
      kDocs, [&](const Doc& doc) { return doc.op == op && doc.param == param; });
  return found == std::end(kDocs) ? std::string_view() : found->text;
}

}  // namespace

std::string_view OpDoc(std::string_view op) { return Find(op, ""); }

std::string_view ParamDoc(std::string_view op, std::string_view param) {
  const std::string_view own = Find(op, param);
  return own.empty() ? Find("", param) : own;
}

}  // namespace headrace::loader
