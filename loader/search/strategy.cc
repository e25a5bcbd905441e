#include "loader/search/strategy.h"

#include "loader/search/evolution.h"
#include "loader/search/policy_gradient.h"

namespace headrace::loader {
namespace {

class RandomSearch final : public Strategy {
 public:
  explicit RandomSearch(const PolicySpace& space) : space_(space) {}
  Proposal Propose(RandomStream* stream) override { return {.genome = space_.Draw(stream)}; }
  void Learn(Proposal, double) override {}

 private:
  const PolicySpace& space_;
};

}  // namespace

std::unique_ptr<Strategy> MakeStrategy(SearchStrategy which, const PolicySpace& space) {
  switch (which) {
    case SearchStrategy::kRandom: return std::make_unique<RandomSearch>(space);
    case SearchStrategy::kEvolution: return std::make_unique<Evolution>(space);
    case SearchStrategy::kReinforce:
      return std::make_unique<PolicyGradient>(space, kReinforceSettings);
    case SearchStrategy::kPpo: break;
  }
  return std::make_unique<PolicyGradient>(space, kPpoSettings);
}

}  // namespace headrace::loader
