// The policies that a search chooses from, as lists of whole numbers.
//
// A genome is a flat list of genes; genes that belong together, (op, probability, magnitude) of a
// step or (num_ops, magnitude) of RandAugment, are a slot. What a search does not tell apart is not
// told apart here either: a gene is a number below its count of values, and of all but ops
// neighbours are alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/rng.h"
#include "loader/config.h"
#include "loader/policy_file.h"

namespace headrace::loader {

using Genome = std::vector<uint32_t>;

enum class GeneKind : uint8_t { kOp, kProbability, kMagnitude, kNumOps };

struct Gene {
  GeneKind kind = GeneKind::kOp;
  uint32_t values = 0;  // it is 0 to values - 1
};

// What: the space of a [search] table. Owner: whoever searches. Thread: any, it does not change.
// Cost: pure functions of a few hundred nanoseconds a slot; they allocate.
class PolicySpace {
 public:
  explicit PolicySpace(const SearchConfig& config);

  const SearchConfig& config() const { return config_; }  // ops filled in
  std::span<const Gene> genes() const { return genes_; }
  size_t slot_genes() const { return slot_genes_; }
  size_t slots() const { return genes_.size() / slot_genes_; }
  bool has_sub_policies() const { return config_.space != SearchSpace::kRandAugment; }

  bool Contains(std::span<const uint32_t> genome) const;
  // The policy of a genome that the space contains.
  PolicyFile Decode(std::span<const uint32_t> genome) const;
  // The genome of a policy; false: *why says what is not in the space, as in "sub-policy 2, op 1:
  // ...". Magnitudes of ops that have none become 0, and steps that are missing do nothing.
  bool Encode(const PolicyFile& file, Genome* genome, std::string* why) const;
  // Each gene alike.
  Genome Draw(RandomStream* stream) const;

 private:
  bool EncodeSteps(const SubPolicy& steps, uint32_t* genes, std::string* why) const;

  SearchConfig config_;
  std::vector<Gene> genes_;
  size_t slot_genes_ = 3;
};

}  // namespace headrace::loader
