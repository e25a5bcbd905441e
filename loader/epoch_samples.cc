#include "loader/epoch_samples.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/hash.h"
#include "loader/open_watch.h"
#include "loader/sampler.h"

namespace headrace::loader {
namespace {

// Streams (docs/rng.md).
constexpr char kDrawPurpose[] = "order/weights";           // of a draw
constexpr char kSubstitutePurpose[] = "substitute";        // of a list's positions
constexpr char kWeightedPurpose[] = "substitute/weights";  // of the draws for a bad sample

bool Wrong(ConfigError* error, std::string text) {
  return Fail(error, Code::kConfigValue, std::move(text));
}

const char* NameOf(Shuffle shuffle) { return shuffle == Shuffle::kBlock ? "block" : "none"; }

std::string Sample(const Dataset& dataset, uint64_t id) {
  return std::to_string(id) + " (" + dataset.Name(id) + ")";
}

}  // namespace

bool EpochSamples::Make(const LoaderConfig& config, const Dataset& dataset,
                        const EpochChoice& choice, EpochSamples* made, ConfigError* error) {
  const bool balanced = config.weights == Weights::kBalanced;
  const bool weighted = !choice.weights.empty();
  const bool listed = !choice.ids.empty();
  *made = {};
  made->dataset_ = &dataset;
  made->choice_ = choice;
  made->is_drawn_ = balanced || weighted;
  made->is_listed_ = listed;
  made->size_ = listed ? choice.ids.size() : dataset.size();
  if (weighted && listed) {
    return Wrong(error, "sample_weights and sample_ids are both given; take one of them");
  }
  if (balanced && (weighted || listed)) {
    return Wrong(error, std::string("[loader] weights: found \"balanced\" beside ") +
                            (weighted ? "sample_weights" : "sample_ids") +
                            "; leave out one of the two");
  }
  // The parser has seen to it with weights = "balanced"; these are the caller's.
  if (made->is_drawn_ && !CanBeDrawn(config.shuffle)) {
    return Wrong(error, std::string("[loader] shuffle: found \"")
                            .append(NameOf(config.shuffle))
                            .append("\"; allowed: ")
                            .append(kDrawnOrders));
  }
  if (listed && config.shuffle == Shuffle::kBlock) {
    return Wrong(error,
                 "[loader] shuffle: found \"block\"; it keeps shards together and a list of ids "
                 "does not, so take \"full\", or \"none\" for the order of the list");
  }
  if (config.epoch_samples > 0 && !made->is_drawn_) {
    return Wrong(error,
                 "[loader] epoch_samples: without weights an epoch is every sample once; set "
                 "weights = \"balanced\", or leave epoch_samples out");
  }
  if (config.epoch_samples > 0) made->size_ = config.epoch_samples;
  if (made->size_ > kPositionsMax) {
    return Wrong(error, "an epoch has " + std::to_string(made->size_) + " samples, at most " +
                            std::to_string(kPositionsMax) + " are allowed");
  }
  if (weighted) {
    made->hash_ = Hash64(std::as_bytes(choice.weights), 1);
    return made->SumWeights(error);
  }
  if (listed) {
    made->hash_ = Hash64(std::as_bytes(choice.ids), 2);
    return made->CheckIds(error);
  }
  return !balanced || made->Balance(error);
}

bool EpochSamples::SumWeights(ConfigError* error) {
  const uint64_t samples = dataset_->size();
  if (choice_.weights.size() != samples) {
    return Wrong(error, "sample_weights: found " + std::to_string(choice_.weights.size()) +
                            " weights, expected one for each of the data set's " +
                            std::to_string(samples) + " samples");
  }
  for (uint64_t id = 0; id < samples; ++id) {
    if (!OpeningGoesOnAt(id)) return OpeningGoesOn(error);
    const double weight = choice_.weights[id];
    if (!(weight >= 0) || std::isinf(weight)) {
      return Wrong(error, "sample_weights: found " + std::to_string(weight) + " for sample " +
                              Sample(*dataset_, id) + ", expected a finite number of at least 0");
    }
    sum_ += weight;
  }
  if (sum_ > 0 && !std::isinf(sum_)) return true;
  return Wrong(error, sum_ > 0 ? "sample_weights: their sum is infinite; make them smaller"
                               : "sample_weights: all are 0, so no sample could be drawn");
}

bool EpochSamples::Balance(ConfigError* error) {
  constexpr const char* kKey = "[loader] weights: \"balanced\" needs one class a sample; ";
  if (dataset_->has_label_rows()) {
    return Wrong(error, std::string(kKey) +
                            "the data set's labels are several classes a sample, or numbers, so "
                            "give weights of your own (sample_weights)");
  }
  std::vector<uint64_t> counts(dataset_->classes().size());
  for (uint64_t id = 0; id < dataset_->size(); ++id) {
    if (!OpeningGoesOnAt(id)) return OpeningGoesOn(error);
    const int64_t label = dataset_->Label(id);
    if (label < 0 || static_cast<uint64_t>(label) >= counts.size()) {
      return Wrong(error, std::string(kKey) + "sample " + Sample(*dataset_, id) + " has label " +
                              std::to_string(label) +
                              "; leave such samples out with [dataset] include");
    }
    ++counts[static_cast<uint64_t>(label)];
  }
  class_weights_.assign(counts.size(), 0);
  for (size_t label = 0; label < counts.size(); ++label) {
    if (counts[label] > 0) class_weights_[label] = 1 / static_cast<double>(counts[label]);
  }
  // Not the number of classes, but what the weights really add up to.
  for (uint64_t id = 0; id < dataset_->size(); ++id) {
    if (!OpeningGoesOnAt(id)) return OpeningGoesOn(error);
    sum_ += WeightOf(id);
  }
  return true;
}

bool EpochSamples::CheckIds(ConfigError* error) const {
  for (size_t i = 0; i < choice_.ids.size(); ++i) {
    if (!OpeningGoesOnAt(i)) return OpeningGoesOn(error);
    const int64_t id = choice_.ids[i];
    if (id >= 0 && static_cast<uint64_t>(id) < dataset_->size()) continue;
    return Wrong(error, "sample_ids: found " + std::to_string(id) + " at index " +
                            std::to_string(i) + ", expected 0 to " +
                            std::to_string(dataset_->size() - 1));
  }
  return true;
}

double EpochSamples::WeightOf(uint64_t id) const {
  if (!choice_.weights.empty()) return choice_.weights[id];
  return class_weights_[static_cast<uint64_t>(dataset_->Label(id))];
}

uint64_t EpochSamples::Bytes() const {
  if (is_drawn_) return AliasTable::Bytes(dataset_->size());
  return is_listed_ ? size_ * sizeof(uint64_t) : 0;
}

bool EpochSamples::Build(ConfigError* error) {
  const auto weight = [this](uint64_t id) { return WeightOf(id); };
  if (is_drawn_ && !table_.Build(dataset_->size(), sum_, weight)) return OpeningGoesOn(error);
  ids_.reserve(choice_.ids.size());
  for (size_t i = 0; i < choice_.ids.size(); ++i) {
    if (!OpeningGoesOnAt(i)) return OpeningGoesOn(error);
    ids_.push_back(static_cast<uint64_t>(choice_.ids[i]));
  }
  choice_ = {};  // the caller's, gone when open returns
  return true;
}

uint64_t EpochSamples::Draw(uint64_t seed, uint32_t epoch, uint64_t position) const {
  RandomStream stream({.seed = seed, .epoch = epoch, .unit = position, .name = kDrawPurpose});
  return DrawFrom(&stream);
}

uint64_t EpochSamples::DrawFrom(RandomStream* stream) const {
  const uint64_t column_low = stream->NextU32();
  const uint64_t column = column_low | (uint64_t{stream->NextU32()} << 32);
  const uint64_t height_low = stream->NextU32();
  const uint64_t height = height_low | (uint64_t{stream->NextU32()} << 32);
  return table_.At(column, static_cast<double>(height >> 11) * 0x1p-53);
}

std::optional<uint64_t> EpochSamples::Substitute(uint64_t seed, uint32_t epoch, uint64_t id,
                                                 uint32_t attempt) const {
  // The first `attempt` others were bad too. Where the bad one is all that there is, it ends.
  const auto pick = [&](uint64_t tries, const auto& next) -> std::optional<uint64_t> {
    uint32_t others = 0;
    for (uint64_t i = 0; i < tries; ++i) {
      const uint64_t candidate = next(i);
      if (candidate != id && others++ == attempt) return candidate;
    }
    return std::nullopt;
  };
  if (is_drawn_) {
    RandomStream stream({.seed = seed, .epoch = epoch, .unit = id, .name = kWeightedPurpose});
    return pick(kSubstitutesTried, [&](uint64_t) { return DrawFrom(&stream); });
  }
  const KeyedPermutation positions(ids_.size(), seed, epoch, id, kSubstitutePurpose);
  return pick(std::min<uint64_t>(ids_.size(), kSubstitutesTried),
              [&](uint64_t i) { return ids_[positions.At(i)]; });
}

}  // namespace headrace::loader
