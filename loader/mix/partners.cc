#include "loader/mix/partners.h"

#include <utility>

namespace headrace::loader {

namespace {

// Every sample is its own partner; those that take part are in order[0..count).
uint32_t ListValid(std::span<const uint8_t> valid, std::span<uint32_t> order,
                   std::span<int32_t> partner) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < valid.size(); ++i) {
    partner[i] = static_cast<int32_t>(i);
    if (valid[i] != 0) order[count++] = i;
  }
  return count;
}

void ShuffleOrder(RandomStream* stream, std::span<uint32_t> order) {
  for (auto i = static_cast<uint32_t>(order.size()); i-- > 1;) {
    std::swap(order[i], order[stream->NextBelow(i + 1)]);
  }
}

// The j-th that takes part gets order[from(j)]; they are met again in the order of the batch.
template <class From>
void TakeFrom(std::span<const uint8_t> valid, std::span<const uint32_t> order, From from,
              std::span<int32_t> partner) {
  uint32_t j = 0;
  for (uint32_t i = 0; i < valid.size(); ++i) {
    if (valid[i] != 0) partner[i] = static_cast<int32_t>(order[from(j++)]);
  }
}

}  // namespace

uint32_t AssignPartners(MixPartner rule, std::span<const uint8_t> valid, RandomStream* stream,
                        std::span<uint32_t> order, std::span<int32_t> partner) {
  const uint32_t count = ListValid(valid, order, partner);
  if (count < 2) return count;
  if (rule == MixPartner::kPerm) ShuffleOrder(stream, order.first(count));
  TakeFrom(
      valid, order,
      [&](uint32_t j) {
        if (rule == MixPartner::kRoll) return j == 0 ? count - 1 : j - 1;
        return rule == MixPartner::kFlip ? count - 1 - j : j;
      },
      partner);
  return count;
}

uint32_t PairForRmix(RmixPairing rule, std::span<const uint8_t> valid, RandomStream* stream,
                     std::span<uint32_t> order, std::span<int32_t> partner) {
  if (rule == RmixPairing::kReverse) {
    const uint32_t count = AssignPartners(MixPartner::kFlip, valid, stream, order, partner);
    if (count >= 2) ShuffleOrder(stream, order.first(count));  // drawn all the same
    return count;
  }
  const uint32_t count = ListValid(valid, order, partner);
  if (count < 2) return count;
  ShuffleOrder(stream, order.first(count));
  if (rule == RmixPairing::kPermute) {
    TakeFrom(
        valid, order, [](uint32_t j) { return j; }, partner);
    return count;
  }
  for (uint32_t j = 0; j + 1 < count; j += 2) {
    partner[order[j]] = static_cast<int32_t>(order[j + 1]);
    partner[order[j + 1]] = static_cast<int32_t>(order[j]);
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
