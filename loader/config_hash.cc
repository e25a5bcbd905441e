#include "loader/config_hash.h"

#include <bit>
#include <concepts>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace headrace::loader {
namespace {

// Values as bytes, one after the other, each after its name. What can be absent, and what can be
// several, begins with a count, so that no two configurations give the same bytes.
class Canonical {
 public:
  void Add(std::string_view name, const auto& value) {
    Put(name);
    Put(value);
  }
  uint64_t Hash() const { return Hash64(std::as_bytes(std::span(bytes_))); }

 private:
  template <class T>
  requires std::integral<T> || std::is_enum_v<T>
  void Put(T value) {
    auto bits = static_cast<uint64_t>(value);
    for (int i = 0; i < 8; ++i, bits >>= 8) bytes_.push_back(static_cast<char>(bits & 0xFF));
  }
  // -0.0 equals 0.0 and gives the same pixels.
  void Put(double value) { Put(std::bit_cast<uint64_t>(value == 0 ? 0.0 : value)); }
  void Put(std::string_view text) {
    Put(text.size());
    bytes_ += text;
  }
  void Put(const std::string& text) { Put(std::string_view(text)); }
  void Put(const Range& range) {
    Put(range.low);
    Put(range.high);
  }
  template <class T>
  void Put(const std::optional<T>& value) {
    Put(value.has_value());
    if (value) Put(*value);
  }
  template <class T>
  void Put(const std::vector<T>& list) {
    Put(list.size());
    for (const T& value : list) Put(value);
  }
  template <class T>
  void Put(const std::map<std::string, T>& map) {
    Put(map.size());
    for (const auto& [name, value] : map) Add(name, value);
  }
  void Put(const ParamValue& value) {
    Put(value.index());
    std::visit([this](const auto& held) { Put(held); }, value);
  }
  void Put(const PolicyStep& step) {
    const auto& [op, p, magnitude] = step;
    Put(PolicyOpName(op));
    Put(p);
    Put(magnitude);
  }
  void Put(const Policy& policy) {
    const auto& [profile, bins, sub_policies] = policy;
    Put(profile);
    Put(bins);
    Put(sub_policies);
  }

  std::string bytes_;
};

// Every member is named in these: one that is added later does not compile until somebody has
// decided whether it decides bytes.

uint64_t HashOrder(const LoaderConfig& loader) {
  const auto& [batch_size, shuffle, shuffle_window, seed, workers, prefetch_batches, tail,
               on_corrupt, corrupt_budget, max_host_bytes, rank, world_size, reader, direct_io,
               cache, weights, epoch_samples, quarantine] = loader;
  Canonical bytes;
  bytes.Add("seed", seed);
  bytes.Add("shuffle", shuffle);
  if (shuffle == Shuffle::kBlock) bytes.Add("shuffle_window", shuffle_window);
  if (weights != Weights::kNone) {
    bytes.Add("weights", weights);
    bytes.Add("epoch_samples", epoch_samples);
  }
  return bytes.Hash();
}

uint64_t HashDecode(const DecodeConfig& decode) {
  const auto& [jpeg, checkpoints, exif, background] = decode;
  Canonical bytes;
  bytes.Add("jpeg", jpeg);
  bytes.Add("exif", exif);
  bytes.Add("alpha", background);
  return bytes.Hash();
}

uint64_t HashOutput(const OutputConfig& output) {
  const auto& [dtype, layout, channels, mean, std, labels, pin, keep_u8] = output;
  Canonical bytes;
  bytes.Add("dtype", dtype);
  bytes.Add("layout", layout);
  bytes.Add("channels", channels);
  bytes.Add("mean", mean);
  bytes.Add("std", std);
  bytes.Add("labels", labels);
  bytes.Add("keep_u8", keep_u8);
  return bytes.Hash();
}

void AddOp(const OpConfig& config, Canonical* bytes) {
  const auto& [op, p, only_classes, except_classes, remap, params, policy, line] = config;
  bytes->Add("op", op);
  bytes->Add("p", p);
  bytes->Add("only_classes", only_classes);
  bytes->Add("except_classes", except_classes);
  bytes->Add("remap", remap);
  bytes->Add("policy", policy);
  if (!policy) return bytes->Add("params", params);
  // What is in the policy file counts, not where it lies.
  auto others = params;
  others.erase("policy");
  bytes->Add("params", others);
}

void AddRmix(const RmixConfig& rmix, Canonical* bytes) {
  const auto& [patches, quantiles, pairing, lam_per_pair, saliency, centre_prior] = rmix;
  bytes->Add("patches", patches);
  bytes->Add("quantiles", quantiles);
  bytes->Add("pairing", pairing);
  bytes->Add("lam_per_pair", lam_per_pair);
  bytes->Add("saliency", saliency);
  bytes->Add("centre_prior", centre_prior);
}

void AddAce(const AceConfig& ace, Canonical* bytes) {
  const auto& [pieces, bound, steps, step, kappa, freeze_on_success, random_start, chunk, keep,
               final_eval] = ace;
  bytes->Add("pieces", pieces);
  bytes->Add("bound", bound);
  bytes->Add("steps", steps);
  bytes->Add("step", step);
  bytes->Add("kappa", kappa);
  bytes->Add("freeze_on_success", freeze_on_success);
  bytes->Add("random_start", random_start);
  bytes->Add("chunk", chunk);
  bytes->Add("keep", keep);
  bytes->Add("final_eval", final_eval);
}

void AddMix(const MixConfig& config, Canonical* bytes) {
  const auto& [op, alpha, weight, p, mode, partner, label_smoothing, correct_lam, minmax, rmix, ace,
               line] = config;
  bytes->Add("op", op);
  bytes->Add("alpha", alpha);
  bytes->Add("weight", weight);
  bytes->Add("p", p);
  bytes->Add("mode", mode);
  bytes->Add("partner", partner);
  bytes->Add("label_smoothing", label_smoothing);
  bytes->Add("correct_lam", correct_lam);
  bytes->Add("minmax", minmax);
  AddRmix(rmix, bytes);
  AddAce(ace, bytes);
}

}  // namespace

uint64_t ConfigHashes::Together() const {
  const uint64_t tables[] = {order, decode, output, augment, mix};
  return Hash64(std::as_bytes(std::span(tables)));
}

ConfigHashes HashConfig(const Config& config) {
  // The data set is known by its samples, limits say what is refused, and a search is another job.
  const auto& [dataset, loader, output, decode, limits, augment, mix, search, file] = config;
  Canonical ops;
  for (const OpConfig& op : augment) AddOp(op, &ops);
  Canonical mixes;
  for (const MixConfig& entry : mix) AddMix(entry, &mixes);
  return {.order = HashOrder(loader),
          .decode = HashDecode(decode),
          .output = HashOutput(output),
          .augment = ops.Hash(),
          .mix = mixes.Hash()};
}

}  // namespace headrace::loader
