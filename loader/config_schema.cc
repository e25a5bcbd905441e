#include "loader/config_schema.h"

#include <iterator>

namespace headrace::loader {
namespace {

constexpr ParamBounds kUnit{0, 1};
constexpr std::string_view kSourceWords[] = {"folder", "tar", "coco", "manifest"};
constexpr std::string_view kShuffleWords[] = {"full", "block", "none"};
constexpr std::string_view kTailWords[] = {"drop", "pad", "exact"};
constexpr std::string_view kCorruptWords[] = {"error", "mark", "substitute"};
constexpr std::string_view kReaderWords[] = {"auto", "uring", "pread"};
constexpr std::string_view kDirectIoWords[] = {"auto", "on", "off"};
constexpr std::string_view kCacheWords[] = {"none", "memory"};
constexpr std::string_view kWeightsWords[] = {"none", "balanced"};
constexpr std::string_view kDtypeWords[] = {"u8", "f16", "bf16", "f32"};
constexpr std::string_view kLayoutWords[] = {"nchw", "nhwc"};
constexpr std::string_view kLabelsWords[] = {"auto", "index", "soft"};
constexpr std::string_view kPinWords[] = {"auto", "none", "lock"};
constexpr std::string_view kJpegWords[] = {"fast", "exact"};
constexpr std::string_view kSpaceWords[] = {"auto_augment", "rand_augment", "sub_policy"};
constexpr std::string_view kProfileWords[] = {"torchvision", "timm", "tf"};
constexpr std::string_view kModeWords[] = {"batch", "pair", "element"};
constexpr std::string_view kPartnerWords[] = {"roll", "flip", "perm"};
constexpr std::string_view kPairingWords[] = {"matching", "reverse", "permute"};
constexpr std::string_view kSaliencyWords[] = {"sr",      "sobel", "contrast", "center",
                                               "uniform", "model", "callback", "maps"};
constexpr std::string_view kStepWords[] = {"l2", "sign"};
constexpr std::string_view kKeepWords[] = {"last", "best"};

constexpr KeySpec kDataset[] = {
    {"source",
     "word",
     "\"folder\"",
     "what the data set is: a folder of pictures a class, shards, "
     "pictures with objects, or a list of paths and labels",
     {},
     kSourceWords},
    {.key = "path",
     .kind = "paths",
     .doc = "the folder, the shards (a list or patterns), or the "
            "manifest; relative to the folder of the configuration file",
     .required = true},
    {"classes", "texts", "",
     "names of the classes, in the order of the labels; by default what "
     "the source says"},
    {"annotations", "path", "", "the annotation file of `coco`, or the manifest"},
    {"masks", "path", "", "`coco`: a folder of PNG label masks, in place of annotations"},
    {"saliency_maps", "path", "",
     "an .npy of u8 or f32, `[samples, height, width]`, for "
     "`[[mix]]` rmix with `saliency = \"maps\"`"},
    {"include", "path", "",
     "a text file that names the samples to keep, an id or a relative path "
     "a line"},
    {"split", "text", "", "the part of `of` to read"},
    {"of", "shares", "",
     "shares of the parts of the set, by a hash of the relative path: "
     "`{ train = 0.9, val = 0.1 }`"},
};

constexpr KeySpec kLoader[] = {
    {"batch_size", "int", "256", "samples in a batch", {1, 1048576}},
    {"shuffle",
     "word",
     "\"full\"",
     "order of an epoch: a permutation of the whole set, shards in "
     "random order mixed inside a window, or by id",
     {},
     kShuffleWords},
    {"shuffle_window", "int", "16384", "samples that `block` shuffles together", {1, 1073741824}},
    {"seed", "int", "0", "of every random draw", {0, 9223372036854775807.0}},
    {"workers",
     "int",
     "0",
     "threads that decode and augment; 0: the CPUs this process may use",
     {0, 4096}},
    {"prefetch_batches", "int", "3", "batches made ahead; there is one buffer more", {1, 1024}},
    {"tail",
     "word",
     "\"drop\"",
     "the last, short batch: dropped, filled up with padding, or short",
     {},
     kTailWords},
    {"on_corrupt",
     "word",
     "\"substitute\"",
     "a sample that cannot be read ends the run, is marked, "
     "or another one takes its place",
     {},
     kCorruptWords},
    {"corrupt_budget", "number", "0.01",
     "share of the set that may be bad before the run ends; "
     "1.0 never ends it",
     kUnit},
    {"max_host_bytes", "bytes", "\"2GiB\"", "bound of all memory that is planned at open"},
    {"rank", "rank", "\"auto\"",
     "which share of the data is this process's: a number, with "
     "`world_size`, or the launcher's environment"},
    {"world_size",
     "int",
     "",
     "number of processes that share the data, with a number for `rank`",
     {1, 1048576}},
    {"reader", "word", "\"auto\"", "how files are read", {}, kReaderWords},
    {"direct_io", "word", "\"auto\"", "shards past the page cache", {}, kDirectIoWords},
    {"cache",
     "word",
     "\"none\"",
     "`memory`: encoded samples stay in memory after their first read",
     {},
     kCacheWords},
    {"weights",
     "word",
     "\"none\"",
     "`balanced`: draws with replacement that take every class as "
     "often as every other",
     {},
     kWeightsWords},
    {"epoch_samples",
     "int",
     "0",
     "draws of an epoch with weights; 0: as many as there are samples",
     {0, 1099511627776}},
    {"quarantine", "path", "", "a file that gets a line for each bad sample"},
};

constexpr KeySpec kOutput[] = {
    {"dtype", "word", "\"f32\"", "type of the images", {}, kDtypeWords},
    {"layout", "word", "\"nchw\"", "channels first, or last", {}, kLayoutWords},
    {"channels", "int", "3", "3: RGB; 1: its gray, as Pillow's `convert(\"L\")`", {1, 3}},
    {"mean",
     "numbers",
     "",
     "one number a channel, in units of the 0..1 scale; not with `u8`",
     {-1e6, 1e6}},
    {"std",
     "numbers",
     "",
     "one number a channel, in units of the 0..1 scale; not with `u8`",
     {1e-6, 1e6}},
    {"labels",
     "word",
     "\"auto\"",
     "int64 indices, or f32 rows; `auto`: rows when something mixes "
     "labels",
     {},
     kLabelsWords},
    {"pin",
     "word",
     "\"auto\"",
     "page-locked batch buffers; `auto`: if the limit allows",
     {},
     kPinWords},
    {"keep_u8", "bool", "false", "batches keep their pixels as u8 beside the images"},
};

constexpr KeySpec kDecode[] = {
    {"jpeg",
     "word",
     "\"fast\"",
     "`exact`: the pixels of a full libjpeg-turbo decode and Pillow's "
     "resize; `fast`: about 0.4 of 255 away",
     {},
     kJpegWords},
    {"checkpoints", "text", "\"auto\"",
     "`auto` (the user's cache folder), `off`, or a folder for "
     "decoding checkpoints"},
    {"exif", "bool", "true", "turn pictures upright by their EXIF orientation"},
    {"alpha", "alpha", "\"drop\"", "`drop`, or a background `[r, g, b]` of integers 0 to 255"},
};

constexpr KeySpec kLimits[] = {
    {"max_pixels", "int", "178956970", "pixels of a picture", {1, 1099511627776}},
    {"max_side", "int", "65535", "longer side of a picture", {1, 2147483647}},
    {"max_decoded_bytes", "bytes", "\"512MiB\"", "bytes of a picture's pixels"},
    {"max_encoded_bytes", "bytes", "\"256MiB\"", "bytes of a file"},
    {"jpeg_scans", "int", "32", "scans of a progressive JPEG", {1, 1000000}},
    {"jpeg_memory", "bytes", "\"256MiB\"", "memory of the JPEG or the WebP library, a worker"},
    {"scratch_pixels",
     "int",
     "16777216",
     "pixels of a worker's scratch; larger pictures take turns "
     "in one shared area",
     {1, 1099511627776}},
};

constexpr KeySpec kSearch[] = {
    {"space",
     "word",
     "\"auto_augment\"",
     "which policies `headrace search` chooses from",
     {},
     kSpaceWords},
    {"profile", "word", "\"torchvision\"", "whose level maps the policies have", {}, kProfileWords},
    {"ops", "texts", "", "the ops to choose from; by default those of the paper"},
    {"sub_policies", "int", "5", "sub-policies of a policy; 1 with `sub_policy`", {1, 50}},
    {"num_ops",
     "int",
     "2",
     "ops of a sub-policy; of `rand_augment` the most, by default 3",
     {1, 16}},
    {"probabilities", "int", "11", "steps of a probability from 0 to 1", {2, 101}},
    {"bins", "int", "10", "steps of a magnitude; by default 31 with `rand_augment`", {2, 100}},
};

constexpr TableSpec kTables[] = {{"dataset", kDataset}, {"loader", kLoader}, {"output", kOutput},
                                 {"decode", kDecode},   {"limits", kLimits}, {"search", kSearch}};

constexpr KeySpec kAugmentKeys[] = {
    {.key = "op", .kind = "word", .doc = "the name of the op", .required = true},
    {"p", "number", "1", "probability that the op fires; its own default where an op says so",
     kUnit},
    {"only_classes", "texts", "", "class names; samples of other classes are left alone"},
    {"except_classes", "texts", "", "class names; their samples are left alone"},
    {"remap", "pairs", "",
     "flips only: class pairs `{ left = \"right\" }`; a flipped sample of one "
     "gets the label of the other"},
};

constexpr KeySpec kMixKeys[] = {
    {.key = "op", .kind = "word", .doc = "the name of the mix", .required = true},
    {"weight", "number", "1", "share in the choice of one entry a batch", {0, 1e6}},
    {"p", "number", "1", "probability that the batch (or the pair, or the sample) is mixed", kUnit},
    {"label_smoothing", "number", "0", "share of a label that is spread over all classes", kUnit},
};
constexpr KeySpec kAlpha{"alpha",
                         "number",
                         "0.2",
                         "of the Beta(alpha, alpha) that lambda is drawn "
                         "from",
                         {kBetaAlphaMin, 1000}};
constexpr KeySpec kMode{"mode",
                        "word",
                        "\"batch\"",
                        "one draw for all samples, one for each pair, "
                        "or one for each sample",
                        {},
                        kModeWords};
constexpr KeySpec kPartner{"partner",
                           "word",
                           "\"roll\"",
                           "sample i takes i - 1, B - 1 - i, or by a "
                           "random permutation",
                           {},
                           kPartnerWords};
constexpr KeySpec kMixup[] = {kAlpha, kMode, kPartner};
constexpr KeySpec kCutmix[] = {
    {"alpha", "number", "1", kAlpha.doc, kAlpha.bounds},
    kMode,
    kPartner,
    {"correct_lam", "bool", "true", "lambda is corrected to the area that was really pasted"},
    {"minmax", "pair", "",
     "`[low, high]`, sides of the box as shares of the picture's, instead of "
     "alpha",
     kUnit},
};
constexpr KeySpec kRmix[] = {
    kAlpha,
    {"patches", "numbers", "[2, 4]", "patches a side; a batch draws one of the list", {1, 64}},
    {"quantiles", "numbers", "", "each sample draws one; by default 0, 0.11, ..., 0.99", kUnit},
    {"pairing",
     "word",
     "\"matching\"",
     "neighbours of a shuffle, the first with the last, or a "
     "random permutation",
     {},
     kPairingWords},
    {"lam_per_pair", "bool", "false", "each pair draws its own lambda"},
    {"saliency",
     "word",
     "\"sr\"",
     "where a picture counts: an estimate, the data set's maps, the "
     "gradients of the caller's model, or what the caller says",
     {},
     kSaliencyWords},
    {"centre_prior", "bool", "true", "the estimates count less far from the centre"},
};
constexpr KeySpec kAce[] = {
    {"alpha", "number", "0", "length of a step; 0 leaves it to bound, pieces and steps", {0, 1000}},
    {"pieces", "int", "64", "pieces of a colour curve", {2, 256}},
    {"bound", "number", "8", "largest slope of a curve against its smallest", {1, 1000}},
    {"steps", "int", "5", "calls of the model for each sample", {1, 10000}},
    {"step", "word", "\"l2\"", "along the gradient, or along its signs", {}, kStepWords},
    {"kappa", "number", "0", "a sample is fooled when its margin is below -kappa", {0, 1e9}},
    {"freeze_on_success", "bool", "true", "samples that are fooled stay as they are"},
    {"random_start", "bool", "false", "begin at random curves instead of the identity"},
    {"chunk", "int", "64", "samples a call of the model", {1, 65536}},
    {"keep", "word", "\"last\"", "the last curves, or those of the highest loss", {}, kKeepWords},
    {"final_eval", "bool", "false", "judge the last curves too, by one call more"},
};
constexpr MixSpec kMixes[] = {
    {"mixup", "Blends two pictures and their labels by one lambda (Zhang et al., 2018).", kMixup},
    {"cutmix", "Pastes a box of one picture into another (Yun et al., 2019).", kCutmix},
    {"rmix", "Random Mixup with saliency: patches that matter are shown, the others blended.",
     kRmix},
    {"ace", "Adversarial colour enhancement against the caller's model.", kAce},
};

}  // namespace

std::span<const TableSpec> PlainTables() { return kTables; }
std::span<const MixSpec> MixEntries() { return kMixes; }
std::span<const KeySpec> CommonMixKeys() { return kMixKeys; }
std::span<const KeySpec> CommonAugmentKeys() { return kAugmentKeys; }

std::string_view NameOf(ParamKind kind) {
  switch (kind) {
    case ParamKind::kBool: return "bool";
    case ParamKind::kInt: return "int";
    case ParamKind::kNumber: return "number";
    case ParamKind::kRange: return "range";
    case ParamKind::kIntRange: return "int_range";
    case ParamKind::kSpread: return "spread";
    case ParamKind::kFactor: return "factor";
    case ParamKind::kSizeSquare: return "size";
    case ParamKind::kSizeShort: return "short_size";
    case ParamKind::kOddPair: return "odd_pair";
    case ParamKind::kPadding: return "padding";
    case ParamKind::kPair: return "pair";
    case ParamKind::kBox: return "box";
    case ParamKind::kOneTwoFour: return "one_two_four";
    case ParamKind::kSix: return "six";
    case ParamKind::kEight: return "eight";
    case ParamKind::kFill: return "fill";
    case ParamKind::kFillOrWord: return "fill_or_word";
    case ParamKind::kWord: return "word";
    case ParamKind::kText: return "text";
    case ParamKind::kWeights: return "weights";
  }
  return "text";
}

}  // namespace headrace::loader
