// Who is mixed with whom: the partner map over a batch, as cycles that can be walked in place.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"
#include "loader/config.h"

namespace headrace::loader {

// Sets partner[i] for all samples: over the samples with valid != 0, in order, by `rule`; every
// other sample is its own partner. `order` is memory for as many numbers as there are samples.
// kPerm draws from `stream` (a sample may meet itself), the others do not. Returns how many take
// part.
uint32_t AssignPartners(MixPartner rule, std::span<const uint8_t> valid, RandomStream* stream,
                        std::span<uint32_t> order, std::span<int32_t> partner);

// The same for R-Mix. kMatching: the samples are shuffled, and neighbours are each other's partner;
// with an odd number the last one is left alone. kReverse: as kFlip. kPermute: as kPerm. All draw
// the shuffle.
uint32_t PairForRmix(RmixPairing rule, std::span<const uint8_t> valid, RandomStream* stream,
                     std::span<uint32_t> order, std::span<int32_t> partner);

// The cycles of the map partner[], those of one sample left out, laid end to end in *chain: within
// a cycle each sample is followed by its partner, the last one's is the first. Cycle c is
// [begin[c], begin[c + 1]). Allocates nothing if the vectors' capacity is the number of samples
// (and one more for *begin).
void FindCycles(std::span<int32_t> partner, std::vector<uint32_t>* chain,
                std::vector<uint32_t>* begin);

}  // namespace headrace::loader
