#include "loader/search/policy_gradient.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/real_math.h"

namespace headrace::loader {
namespace {

constexpr size_t kBatch = 10;  // scores an update
constexpr double kEntropyWeight = 0.003;
constexpr double kClip = 0.2;
constexpr double kDecayFirst = 0.9;  // Adam
constexpr double kDecaySecond = 0.999;
constexpr double kAdamEpsilon = 1e-8;
constexpr double kDeviationFloor = 1e-6;
// A choice that is this sure (1 in 20000 to do otherwise) has no use for more; without the bound,
// years of noise would make it infinite.
constexpr double kLogitMax = 10;

}  // namespace

PolicyGradient::PolicyGradient(const PolicySpace& space, const GradientSettings& settings)
    : space_(space), settings_(settings) {
  size_t values = 0;
  for (const Gene& gene : space_.genes()) {
    begins_.push_back(values);
    values += gene.values;
  }
  for (auto* list : {&logits_, &probability_, &log_probability_, &gradient_, &first_, &second_}) {
    list->assign(values, 0.0);
  }
  UpdateProbabilities();
}

void PolicyGradient::UpdateProbabilities() {
  for (size_t g = 0; g < begins_.size(); ++g) {
    const size_t begin = begins_[g];
    const size_t end = begin + space_.genes()[g].values;
    double most = logits_[begin];
    for (size_t i = begin; i < end; ++i) most = std::max(most, logits_[i]);
    double sum = 0;
    for (size_t i = begin; i < end; ++i) sum += probability_[i] = RealExp(logits_[i] - most);
    const double log_sum = RealLog(sum);
    for (size_t i = begin; i < end; ++i) {
      probability_[i] /= sum;
      log_probability_[i] = logits_[i] - most - log_sum;
    }
  }
}

Proposal PolicyGradient::Propose(RandomStream* stream) {
  Proposal proposal;
  proposal.genome.reserve(begins_.size());
  proposal.log_probability.reserve(begins_.size());
  for (size_t g = 0; g < begins_.size(); ++g) {
    const uint32_t last = space_.genes()[g].values - 1;
    double rest = stream->NextUnit();
    uint32_t value = 0;
    // The last value takes what rounding leaves.
    while (value < last && rest >= probability_[begins_[g] + value]) {
      rest -= probability_[begins_[g] + value++];
    }
    proposal.genome.push_back(value);
    proposal.log_probability.push_back(log_probability_[begins_[g] + value]);
  }
  return proposal;
}

void PolicyGradient::Learn(Proposal proposal, double score) {
  batch_.push_back({std::move(proposal), score});
  if (batch_.size() == kBatch) TakeBatch();
}

void PolicyGradient::TakeBatch() {
  const std::vector<double> advantages = Advantages();
  for (uint32_t step = 0; step < settings_.inner_steps; ++step) {
    std::ranges::fill(gradient_, 0.0);
    for (size_t i = 0; i < batch_.size(); ++i) AddGradient(batch_[i].proposal, advantages[i]);
    AddEntropyGradient();
    AdamStep();
    UpdateProbabilities();
  }
  batch_.clear();
}

// How far each score of the batch is from their mean, in standard deviations.
std::vector<double> PolicyGradient::Advantages() const {
  const auto count = static_cast<double>(batch_.size());
  double sum = 0;
  for (const Scored& scored : batch_) sum += scored.score;
  const double mean = sum / count;
  double squares = 0;
  for (const Scored& scored : batch_) squares += (scored.score - mean) * (scored.score - mean);
  const double deviation = std::sqrt(squares / count) + kDeviationFloor;
  std::vector<double> advantages;
  for (const Scored& scored : batch_) advantages.push_back((scored.score - mean) / deviation);
  return advantages;
}

void PolicyGradient::AddGradient(const Proposal& proposal, double advantage) {
  for (size_t g = 0; g < begins_.size(); ++g) {
    const size_t begin = begins_[g];
    const size_t chosen = begin + proposal.genome[g];
    double weight = advantage / kBatch;
    if (settings_.clip) {
      const double ratio = RealExp(log_probability_[chosen] - proposal.log_probability[g]);
      // Beyond the clip the objective is flat.
      if (advantage > 0 ? ratio > 1 + kClip : ratio < 1 - kClip) continue;
      weight *= ratio;
    }
    const size_t end = begin + space_.genes()[g].values;
    for (size_t i = begin; i < end; ++i) gradient_[i] -= weight * probability_[i];
    gradient_[chosen] += weight;
  }
}

void PolicyGradient::AddEntropyGradient() {
  for (size_t g = 0; g < begins_.size(); ++g) {
    const size_t begin = begins_[g];
    const size_t end = begin + space_.genes()[g].values;
    double entropy = 0;
    for (size_t i = begin; i < end; ++i) entropy -= probability_[i] * log_probability_[i];
    for (size_t i = begin; i < end; ++i) {
      gradient_[i] -= kEntropyWeight * probability_[i] * (log_probability_[i] + entropy);
    }
  }
}

void PolicyGradient::AdamStep() {
  first_power_ *= kDecayFirst;
  second_power_ *= kDecaySecond;
  for (size_t i = 0; i < logits_.size(); ++i) {
    first_[i] = kDecayFirst * first_[i] + (1 - kDecayFirst) * gradient_[i];
    second_[i] = kDecaySecond * second_[i] + (1 - kDecaySecond) * gradient_[i] * gradient_[i];
    const double mean = first_[i] / (1 - first_power_);
    const double spread = std::sqrt(second_[i] / (1 - second_power_)) + kAdamEpsilon;
    logits_[i] =
        std::clamp(logits_[i] + settings_.learning_rate * mean / spread, -kLogitMax, kLogitMax);
  }
}

double PolicyGradient::MeanEntropy() const {
  double sum = 0;
  for (size_t i = 0; i < logits_.size(); ++i) sum -= probability_[i] * log_probability_[i];
  return sum / static_cast<double>(begins_.size());
}

double PolicyGradient::MeanEntropyMax() const {
  double sum = 0;
  for (const Gene& gene : space_.genes()) sum += RealLog(gene.values);
  return sum / static_cast<double>(begins_.size());
}

}  // namespace headrace::loader
