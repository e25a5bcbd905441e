#include "loader/search/evolution.h"

#include <algorithm>
#include <utility>

namespace headrace::loader {
namespace {

constexpr size_t kPopulation = 40;
// Random policies before the first child. Fewer than the population, so that a search of some
// dozens of trials is one.
constexpr size_t kFounders = 20;
constexpr uint32_t kTournament = 10;
constexpr uint32_t kEditsMax = 2;
constexpr uint32_t kStepMax = 3;

// Chances of the edits, as bounds of a unit.
constexpr double kReplaceBelow = 0.40;
constexpr double kFirstBelow = 0.65;
constexpr double kSecondBelow = 0.90;

}  // namespace

Proposal Evolution::Propose(RandomStream* stream) {
  if (population_.size() < kFounders) return {.genome = space_.Draw(stream)};
  Proposal child{.genome = Tournament(stream).genome};
  const uint32_t edits = 1 + stream->NextBelow(kEditsMax);
  for (uint32_t i = 0; i < edits; ++i) Edit(stream, &child.genome);
  return child;
}

void Evolution::Learn(Proposal proposal, double score) {
  if (population_.size() == kPopulation) population_.pop_front();
  population_.push_back({std::move(proposal.genome), score});
}

const Evolution::Member& Evolution::Tournament(RandomStream* stream) const {
  const auto members = static_cast<uint32_t>(population_.size());
  const Member* best = nullptr;
  for (uint32_t i = 0; i < kTournament; ++i) {
    const Member& member = population_[stream->NextBelow(members)];
    if (best == nullptr || member.score > best->score) best = &member;
  }
  return *best;
}

void Evolution::Edit(RandomStream* stream, Genome* genome) const {
  const double which = stream->NextUnit();
  // The ordered genes stand last in a slot.
  const size_t genes = space_.slot_genes();
  if (which < kReplaceBelow) {
    Replace(stream, genome);
  } else if (which < kFirstBelow) {
    Step(stream, genes - 2, genome);
  } else if (which < kSecondBelow) {
    Step(stream, genes - 1, genome);
  } else if (space_.slots() > 1) {
    Swap(stream, genome);
  } else {
    Replace(stream, genome);
  }
}

void Evolution::Replace(RandomStream* stream, Genome* genome) const {
  const size_t genes = space_.slot_genes();
  const size_t at = genes * stream->NextBelow(static_cast<uint32_t>(space_.slots()));
  for (size_t i = at; i < at + genes; ++i) {
    (*genome)[i] = stream->NextBelow(space_.genes()[i].values);
  }
}

void Evolution::Step(RandomStream* stream, size_t place, Genome* genome) const {
  const uint32_t slot = stream->NextBelow(static_cast<uint32_t>(space_.slots()));
  const size_t at = space_.slot_genes() * slot + place;
  const uint32_t step = 1 + stream->NextBelow(kStepMax);
  const bool up = stream->NextBelow(2) == 1;
  const uint32_t last = space_.genes()[at].values - 1;
  uint32_t& value = (*genome)[at];
  value = up ? std::min(value + step, last) : value - std::min(value, step);
}

void Evolution::Swap(RandomStream* stream, Genome* genome) const {
  const auto slots = static_cast<uint32_t>(space_.slots());
  const uint32_t a = stream->NextBelow(slots);
  // Any slot but a.
  const uint32_t b = (a + 1 + stream->NextBelow(slots - 1)) % slots;
  const auto genes = static_cast<ptrdiff_t>(space_.slot_genes());
  std::swap_ranges(genome->begin() + a * genes, genome->begin() + (a + 1) * genes,
                   genome->begin() + b * genes);
}

}  // namespace headrace::loader
