#include "loader/mix/partners.h"

#include <utility>

namespace headrace::loader {

uint32_t AssignPartners(MixPartner rule, std::span<const uint8_t> valid, RandomStream* stream,
                        std::span<uint32_t> order, std::span<int32_t> partner) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < valid.size(); ++i) {
    partner[i] = static_cast<int32_t>(i);
    if (valid[i] != 0) order[count++] = i;
  }
  if (count < 2) return count;
  if (rule == MixPartner::kPerm) {
    for (uint32_t i = count - 1; i > 0; --i) std::swap(order[i], order[stream->NextBelow(i + 1)]);
  }
  // The j-th that takes part, met again in the order of the batch.
  uint32_t j = 0;
  for (uint32_t i = 0; i < valid.size(); ++i) {
    if (valid[i] == 0) continue;
    uint32_t from = j;
    if (rule == MixPartner::kRoll) from = j == 0 ? count - 1 : j - 1;
    if (rule == MixPartner::kFlip) from = count - 1 - j;
    partner[i] = static_cast<int32_t>(order[from]);
    ++j;
  }
  return count;
}

void FindCycles(std::span<int32_t> partner, std::vector<uint32_t>* chain,
                std::vector<uint32_t>* begin) {
  chain->clear();
  begin->clear();
  begin->push_back(0);
  // A sample that was visited has its partner complemented, so that no other memory is needed.
  for (uint32_t first = 0; first < partner.size(); ++first) {
    if (partner[first] < 0 || partner[first] == static_cast<int32_t>(first)) continue;
    for (uint32_t i = first; partner[i] >= 0;) {
      chain->push_back(i);
      const uint32_t next = static_cast<uint32_t>(partner[i]);
      partner[i] = ~partner[i];
      i = next;
    }
    begin->push_back(static_cast<uint32_t>(chain->size()));
  }
  for (int32_t& p : partner) {
    if (p < 0) p = ~p;
  }
}

}  // namespace headrace::loader
