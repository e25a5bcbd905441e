#include "loader/scan/scan_report.h"

#include <algorithm>
#include <tuple>

namespace headrace::loader {
namespace {

Spread SpreadOf(std::vector<uint64_t>* values) {
  if (values->empty()) return {};
  const auto middle = values->begin() + static_cast<std::ptrdiff_t>((values->size() - 1) / 2);
  std::nth_element(values->begin(), middle, values->end());
  const auto [least, most] = std::minmax_element(values->begin(), values->end());
  return {*least, *middle, *most};
}

// The spread of get(fact) over the facts that count.
template <class Counts, class Get>
Spread SpreadOf(std::span<const SampleFact> facts, Counts counts, Get get) {
  std::vector<uint64_t> values;
  values.reserve(facts.size());
  for (const SampleFact& fact : facts) {
    if (counts(fact)) values.push_back(get(fact));
  }
  return SpreadOf(&values);
}

uint64_t PixelsOf(const SampleFact& fact) { return uint64_t{fact.width} * fact.height; }

void CountFormat(const SampleFact& fact, ScanReport* report) {
  switch (fact.format) {
    case codecs::Format::kJpeg: ++report->jpeg; break;
    case codecs::Format::kPng: ++report->png; break;
    case codecs::Format::kWebp: ++report->webp; break;
    case codecs::Format::kCoef: ++report->coef; break;
    default: ++report->other_formats; break;
  }
}

void CountPicture(const SampleFact& fact, ScanReport* report) {
  if (fact.channels <= 2) {
    ++report->grey;
  } else if (fact.channels == 4 && !fact.has_alpha) {
    ++report->cmyk;
  } else {
    ++report->rgb;
  }
  report->with_alpha += fact.has_alpha ? 1 : 0;
  report->progressive += fact.progressive ? 1 : 0;
  report->turned += fact.turned ? 1 : 0;
  const double millions = static_cast<double>(PixelsOf(fact)) / 1e6;
  const auto cell = std::upper_bound(kMegapixelBounds.begin(), kMegapixelBounds.end(), millions) -
                    kMegapixelBounds.begin();
  ++report->megapixels[static_cast<size_t>(cell)];
}

bool IsLimit(Code code) {
  return code == Code::kLimitPixels || code == Code::kLimitBytes || code == Code::kLimitScans ||
         code == Code::kLimitMemory;
}

// Files of no bytes are alike, but that is not what makes them bad.
bool MayHaveTwins(const SampleFact& fact) { return fact.was_read && fact.bytes > 0; }

void FindDuplicates(std::span<const SampleFact> facts, ScanReport* report,
                    std::vector<ScanFinding>* findings) {
  std::vector<uint64_t> ids;
  for (uint64_t id = 0; id < facts.size(); ++id) {
    if (MayHaveTwins(facts[id])) ids.push_back(id);
  }
  const auto key = [&](uint64_t id) { return std::tuple(facts[id].hash, facts[id].bytes); };
  std::sort(ids.begin(), ids.end(), [&](uint64_t a, uint64_t b) {
    return std::tuple_cat(key(a), std::tuple(a)) < std::tuple_cat(key(b), std::tuple(b));
  });
  struct Group {
    size_t begin;
    size_t end;
  };
  std::vector<Group> groups;
  for (size_t begin = 0; begin < ids.size();) {
    size_t end = begin + 1;
    while (end < ids.size() && key(ids[end]) == key(ids[begin])) ++end;
    if (end - begin > 1) groups.push_back({begin, end});
    begin = end;
  }
  std::sort(groups.begin(), groups.end(),
            [&](const Group& a, const Group& b) { return ids[a.begin] < ids[b.begin]; });
  for (const Group& group : groups) {
    for (size_t i = group.begin; i < group.end; ++i) {
      findings->push_back({FindingKind::kDuplicate, ids[i], report->duplicate_groups});
    }
    const uint64_t more = group.end - group.begin - 1;
    ++report->duplicate_groups;
    report->duplicate_samples += more;
    report->duplicate_bytes += more * facts[ids[group.begin]].bytes;
  }
}

}  // namespace

ScanReport MakeScanReport(std::span<const SampleFact> facts, std::vector<ScanFinding>* findings) {
  ScanReport report;
  report.samples = facts.size();
  std::vector<ScanFinding> extraneous;
  for (uint64_t id = 0; id < facts.size(); ++id) {
    const SampleFact& fact = facts[id];
    if (!fact.was_seen) continue;
    ++report.seen;
    report.bytes += fact.bytes;
    CountFormat(fact, &report);
    if (fact.width > 0) CountPicture(fact, &report);
    if (fact.status.ok()) {
      ++report.good;
    } else {
      ++report.broken;
      report.over_limits += IsLimit(fact.status.code()) ? 1 : 0;
      findings->push_back({FindingKind::kBroken, id, 0});
    }
    if (fact.extraneous) extraneous.push_back({FindingKind::kExtraneous, id, 0});
  }
  report.extraneous = extraneous.size();
  findings->insert(findings->end(), extraneous.begin(), extraneous.end());
  FindDuplicates(facts, &report, findings);

  const auto has_size = [](const SampleFact& fact) { return fact.width > 0; };
  report.width = SpreadOf(facts, has_size, [](const SampleFact& fact) { return fact.width; });
  report.height = SpreadOf(facts, has_size, [](const SampleFact& fact) { return fact.height; });
  report.pixels = SpreadOf(facts, has_size, PixelsOf);
  report.file_bytes = SpreadOf(
      facts, [](const SampleFact& fact) { return fact.was_seen; },
      [](const SampleFact& fact) { return fact.bytes; });
  return report;
}

}  // namespace headrace::loader
