// What a scan comes to: counts, sizes, and findings in the order in which they are told.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "loader/scan/sample_fact.h"

namespace headrace::loader {

enum class FindingKind : uint8_t { kBroken, kExtraneous, kDuplicate };

struct ScanFinding {
  FindingKind kind = FindingKind::kBroken;
  uint64_t id = 0;
  uint64_t group = 0;  // of duplicates
};

// Least, middle (the lower one of two) and largest; zeros of nothing.
struct Spread {
  uint64_t least = 0;
  uint64_t median = 0;
  uint64_t most = 0;
};

// Pictures of fewer pixels than this (in millions), and in the last cell the rest.
inline constexpr std::array<double, 9> kMegapixelBounds = {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 12};

struct ScanReport {
  uint64_t samples = 0;  // of the data set
  uint64_t seen = 0;     // fewer when it was cancelled
  uint64_t good = 0;
  uint64_t broken = 0;
  uint64_t over_limits = 0;  // of the broken ones
  uint64_t extraneous = 0;
  uint64_t duplicate_groups = 0;
  uint64_t duplicate_samples = 0;  // beyond the first of each group
  uint64_t duplicate_bytes = 0;    // of those
  uint64_t bytes = 0;

  // By content, broken ones too where it shows.
  uint64_t jpeg = 0;
  uint64_t png = 0;
  uint64_t webp = 0;
  uint64_t coef = 0;  // coefficient records of a pack
  uint64_t other_formats = 0;

  // Of those whose header could be read.
  uint64_t grey = 0;
  uint64_t rgb = 0;
  uint64_t cmyk = 0;
  uint64_t with_alpha = 0;  // beside grey or rgb
  uint64_t progressive = 0;
  uint64_t turned = 0;
  Spread width;
  Spread height;
  Spread pixels;
  Spread file_bytes;
  std::array<uint64_t, kMegapixelBounds.size() + 1> megapixels{};
};

// Counts what there is in `facts`, by id, and adds the findings to *findings: the broken ones,
// those with extraneous bytes, each by id, and the groups of samples with the same bytes, by the id
// of their first. Sorts a table of them; throws bad_alloc.
ScanReport MakeScanReport(std::span<const SampleFact> facts, std::vector<ScanFinding>* findings);

}  // namespace headrace::loader
