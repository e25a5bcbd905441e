// Regularised evolution (Real et al., "Regularized Evolution for Image Classifier Architecture
// Search", AAAI 2019): a population from which the oldest, not the worst, goes.
#pragma once

#include <deque>

#include "loader/search/strategy.h"

namespace headrace::loader {

// What: a strategy; see there. A child is the best of a few members drawn at random, with one or
// two edits.
class Evolution final : public Strategy {
 public:
  // `space` must outlive it.
  explicit Evolution(const PolicySpace& space) : space_(space) {}

  Proposal Propose(RandomStream* stream) override;
  void Learn(Proposal proposal, double score) override;

 private:
  struct Member {
    Genome genome;
    double score = 0;
  };

  const Member& Tournament(RandomStream* stream) const;
  void Edit(RandomStream* stream, Genome* genome) const;
  void Replace(RandomStream* stream, Genome* genome) const;
  void Step(RandomStream* stream, size_t place, Genome* genome) const;
  void Swap(RandomStream* stream, Genome* genome) const;

  const PolicySpace& space_;
  std::deque<Member> population_;  // the oldest first
};

}  // namespace headrace::loader
