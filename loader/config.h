// The configuration as values: what a TOML file says, checked, with defaults filled in.
//
// config_toml.cc turns text into this and is the only place that knows the syntax; everything else
// reads this struct. Meanings are docs/config.md's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "io/make_reader.h"
#include "loader/policy.h"
#include "simd/convert.h"

namespace headrace::loader {

enum class Source : uint8_t { kFolder, kTar, kCoco, kManifest };
enum class Shuffle : uint8_t { kFull, kBlock, kNone };
enum class Tail : uint8_t { kDrop, kPad, kExact };
enum class OnCorrupt : uint8_t { kError, kMark, kSubstitute };
enum class Labels : uint8_t { kAuto, kIndex, kSoft };
enum class Pin : uint8_t { kAuto, kNone, kLock, kCuda };
enum class JpegMode : uint8_t { kFast, kExact };
enum class DirectIo : uint8_t { kAuto, kOn, kOff };
enum class Cache : uint8_t { kNone, kMemory };
enum class Weights : uint8_t { kNone, kBalanced };
enum class MixMode : uint8_t { kBatch, kPair, kElement };
enum class MixPartner : uint8_t { kRoll, kFlip, kPerm };

struct DatasetConfig {
  Source source = Source::kFolder;
  std::vector<std::string> path;  // absolute or resolved against the file's folder; one for folder
  std::vector<std::string> classes;  // empty: folder names in byte order
  // coco: the annotations; empty: found in the folder. Resolved like path.
  std::string annotations;
  // coco: a folder of PNG label masks, instead of annotations.
  std::string masks;
  // Saliency maps for [[mix]] rmix with saliency = "maps": an .npy of [samples, height, width], of
  // each whole picture, in the order of the ids. Resolved like path.
  std::string saliency_maps;
  // A file that names the samples to keep; empty: all of them. Resolved like path.
  std::string include;
  // The part of `split_of` to read, and the shares of all parts in byte order of their names;
  // empty: everything.
  std::string split;
  std::vector<std::pair<std::string, double>> split_of;
};

struct LoaderConfig {
  uint32_t batch_size = 256;
  Shuffle shuffle = Shuffle::kFull;
  uint32_t shuffle_window = 16384;  // block: samples that are shuffled together
  uint64_t seed = 0;
  uint32_t workers = 0;  // 0: as many as CPUs this process may use
  uint32_t prefetch_batches = 3;
  Tail tail = Tail::kDrop;
  OnCorrupt on_corrupt = OnCorrupt::kSubstitute;
  double corrupt_budget = 0.01;
  uint64_t max_host_bytes = uint64_t{2} << 30;
  std::optional<uint32_t> rank;  // absent: "auto"
  std::optional<uint32_t> world_size;
  io::ReaderChoice reader = io::ReaderChoice::kAuto;
  DirectIo direct_io = DirectIo::kAuto;  // shards past the page cache
  Cache cache = Cache::kNone;            // memory: encoded samples stay within max_host_bytes
  // balanced: every class is drawn as often as every other, with replacement.
  Weights weights = Weights::kNone;
  uint64_t epoch_samples = 0;  // draws of an epoch with weights; 0: as many as there are samples
  std::string quarantine;      // bad samples are listed here, as TSV; empty: nowhere. Resolved
};

struct OutputConfig {
  simd::Dtype dtype = simd::Dtype::kF32;
  simd::Layout layout = simd::Layout::kNchw;
  uint32_t channels = 3;
  std::optional<std::vector<double>> mean;  // of the 0..1 scale, `channels` values
  std::optional<std::vector<double>> std;
  Labels labels = Labels::kAuto;
  Pin pin = Pin::kAuto;
  bool keep_u8 = false;  // batches keep their pixels as u8 beside the images, for hr_batch_*
};

struct DecodeConfig {
  JpegMode jpeg = JpegMode::kFast;
  std::string checkpoints = "auto";  // auto | off | a folder, resolved against the file's
  bool exif = true;
  std::optional<std::vector<uint8_t>> background;  // absent: alpha = "drop"
};

// A drawn parameter: a number v is [v, v] or what the op's convention makes of it (docs/ops.md).
struct Range {
  double low = 0;
  double high = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

// One [[augment]] entry. `params` holds every parameter of the op by its TOML name, defaults filled
// in and numbers already turned into ranges where the op draws them; the schema in config_ops.h
// says which alternative each name has.
using ParamValue = std::variant<bool, int64_t, double, std::string, Range, std::vector<double>>;
struct OpConfig {
  std::string op;
  double p = 1.0;
  std::vector<std::string> only_classes;
  std::vector<std::string> except_classes;
  std::map<std::string, std::string> remap;  // flips only
  std::map<std::string, ParamValue> params;
  std::optional<Policy> policy;  // auto_augment with the path of a policy file: what is in it
  int line = 0;  // of the entry in the file, for later errors; 0 when it came from elsewhere
};

enum class RmixPairing : uint8_t { kMatching, kReverse, kPermute };
enum class RmixSaliency : uint8_t {
  kSr,
  kSobel,
  kContrast,
  kCenter,
  kUniform,
  kModel,     // hr_options.model's gradients
  kCallback,  // hr_options.saliency
  kMaps,      // [dataset] saliency_maps
};

// What [[mix]] rmix has of its own.
struct RmixConfig {
  std::vector<uint32_t> patches = {2, 4};
  std::vector<double> quantiles;  // empty: 0, 0.11, ..., 0.99 (ten steps)
  RmixPairing pairing = RmixPairing::kMatching;
  bool lam_per_pair = false;
  RmixSaliency saliency = RmixSaliency::kSr;
  bool centre_prior = true;
};

enum class AceStep : uint8_t { kL2, kSign };
enum class AceKeep : uint8_t { kLast, kBest };

// What [[mix]] ace has of its own; MixConfig::alpha is the length of a step, 0: by itself.
struct AceConfig {
  uint32_t pieces = 64;
  double bound = 8;
  uint32_t steps = 5;
  AceStep step = AceStep::kL2;
  double kappa = 0;
  bool freeze_on_success = true;
  bool random_start = false;
  uint32_t chunk = 64;
  AceKeep keep = AceKeep::kLast;
  bool final_eval = false;
};

// The least alpha of a Beta(alpha, alpha): the gammas of smaller ones are nothing, even as
// logarithms.
inline constexpr double kBetaAlphaMin = 1e-6;

// One [[mix]] entry.
struct MixConfig {
  std::string op;  // mixup | cutmix | rmix | ace
  double alpha = 0.2;
  double weight = 1.0;
  double p = 1.0;  // that the batch is mixed; ace: that a sample is changed
  MixMode mode = MixMode::kBatch;
  MixPartner partner = MixPartner::kRoll;
  double label_smoothing = 0.0;
  bool correct_lam = true;
  std::optional<Range> minmax;
  RmixConfig rmix;
  AceConfig ace;
  int line = 0;
};

enum class SearchSpace : uint8_t { kAutoAugment, kRandAugment, kSubPolicy };

// [search]: the policies that `headrace search` chooses from. A loader checks it and goes on.
struct SearchConfig {
  SearchSpace space = SearchSpace::kAutoAugment;
  PolicyProfile profile = PolicyProfile::kTorchvision;
  // In the order of the genome's numbers; empty: those of the literature.
  std::vector<PolicyOp> ops;
  uint32_t sub_policies = 5;    // sub_policy: 1
  uint32_t num_ops = 2;         // of a sub-policy; rand_augment: the most
  uint32_t probabilities = 11;  // steps from 0 to 1
  uint32_t bins = 10;           // of a magnitude; rand_augment: 31
};

struct Config {
  DatasetConfig dataset;
  LoaderConfig loader;
  OutputConfig output;
  DecodeConfig decode;
  Limits limits;
  std::vector<OpConfig> augment;
  std::vector<MixConfig> mix;
  SearchConfig search;
  std::string file;  // as given, for messages; "<toml>" for text
};

}  // namespace headrace::loader
