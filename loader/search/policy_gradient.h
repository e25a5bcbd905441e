// Policy gradients on independent choices: REINFORCE (Williams 1992), and PPO's clipped objective
// (Schulman et al. 2017), the controller of AutoAugment without its recurrent network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "loader/search/strategy.h"

namespace headrace::loader {

struct GradientSettings {
  double learning_rate = 0.15;
  uint32_t inner_steps = 1;  // on each batch of scores
  bool clip = false;         // by the ratio of probabilities now and when it was drawn
};
inline constexpr GradientSettings kReinforceSettings = {};
inline constexpr GradientSettings kPpoSettings = {
    .learning_rate = 0.08, .inner_steps = 4, .clip = true};

// What: a strategy; see there. Each gene has a logit for each of its values and is drawn by their
// softmax; Adam raises what scored above the mean of its batch.
class PolicyGradient final : public Strategy {
 public:
  // `space` must outlive it.
  PolicyGradient(const PolicySpace& space, const GradientSettings& settings);

  Proposal Propose(RandomStream* stream) override;
  void Learn(Proposal proposal, double score) override;

  // For tests.
  std::span<const double> logits() const { return logits_; }
  // Of one gene, in the mean: 0 is certain; and of a gene that knows nothing.
  double MeanEntropy() const;
  double MeanEntropyMax() const;

 private:
  struct Scored {
    Proposal proposal;
    double score = 0;
  };

  void UpdateProbabilities();
  void TakeBatch();
  std::vector<double> Advantages() const;
  void AddGradient(const Proposal& proposal, double advantage);
  void AddEntropyGradient();
  void AdamStep();

  const PolicySpace& space_;
  GradientSettings settings_;
  // A number for each value of each gene; gene g's begin at begins_[g].
  std::vector<size_t> begins_;
  std::vector<double> logits_;
  std::vector<double> probability_;
  std::vector<double> log_probability_;
  std::vector<double> gradient_;
  std::vector<double> first_;  // Adam's moments
  std::vector<double> second_;
  double first_power_ = 1;  // their decays to the power of the steps done
  double second_power_ = 1;
  std::vector<Scored> batch_;
};

}  // namespace headrace::loader
