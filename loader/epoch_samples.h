// What an epoch is made of, where it is not every sample once: draws by weight, or a list of ids.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "loader/alias_table.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/dataset.h"

namespace headrace::loader {

// As the caller gives them beside the configuration (hr_options); empty: not given.
struct EpochChoice {
  std::span<const double> weights;
  std::span<const int64_t> ids;
};

// What: positions of an epoch to sample ids. Owner: the loader. Thread: any, once built. Cost:
// 16 bytes a sample with weights, 8 an entry of a list; the draw of a position is O(1) and
// allocates nothing.
class EpochSamples {
 public:
  // Checks the choice, and the keys of [loader] that go with it; takes no memory yet. `choice` and
  // `dataset` must live until Build is done.
  [[nodiscard]] static bool Make(const LoaderConfig& config, const Dataset& dataset,
                                 const EpochChoice& choice, EpochSamples* made, ConfigError* error);
  // Takes Bytes() of memory. False: the opening was ended.
  [[nodiscard]] bool Build(ConfigError* error);

  uint64_t size() const { return size_; }  // positions of an epoch
  uint64_t Bytes() const;
  // Of what the caller gave: it decides the order as the configuration does. 0: nothing.
  uint64_t hash() const { return hash_; }
  bool is_drawn() const { return is_drawn_; }

  // Which sample a draw with replacement gives at `position`; is_drawn() only.
  uint64_t Draw(uint64_t seed, uint32_t epoch, uint64_t position) const;
  // The sample that stands at `index`: of the list, or of the set itself.
  uint64_t IdOf(uint64_t index) const { return ids_.empty() ? index : ids_[index]; }

  // Whether some samples of the set may not come at all.
  bool is_choice() const { return is_drawn_ || is_listed_; }
  // The sample that the `attempt`th substitute of the bad sample `id` is, drawn from what an epoch
  // is made of and never `id` itself. None: there is no other among kSubstitutesTried. is_choice()
  // only.
  std::optional<uint64_t> Substitute(uint64_t seed, uint32_t epoch, uint64_t id,
                                     uint32_t attempt) const;
  static constexpr uint64_t kSubstitutesTried = 1024;

  // Positions are below it: they address random streams (docs/rng.md).
  static constexpr uint64_t kPositionsMax = uint64_t{1} << 40;

  // Draws have no other order than that of a full shuffle. The text is what errors say is allowed.
  static constexpr bool CanBeDrawn(Shuffle shuffle) { return shuffle == Shuffle::kFull; }
  static constexpr std::string_view kDrawnOrders =
      "\"full\", as draws by weight have no other order";

 private:
  uint64_t DrawFrom(RandomStream* stream) const;
  double WeightOf(uint64_t id) const;
  // Adds weights up in the order of the ids.
  bool SumWeights(ConfigError* error);
  bool Balance(ConfigError* error);
  bool CheckIds(ConfigError* error) const;

  const Dataset* dataset_ = nullptr;
  EpochChoice choice_;
  uint64_t size_ = 0;
  uint64_t hash_ = 0;
  bool is_drawn_ = false;
  bool is_listed_ = false;
  double sum_ = 0;
  std::vector<double> class_weights_;  // balanced: of each sample of a class
  AliasTable table_;
  std::vector<uint64_t> ids_;
};

}  // namespace headrace::loader
