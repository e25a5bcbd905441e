#include "loader/selected_dataset.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_map>

#include "base/checked_math.h"
#include "base/hash.h"
#include "loader/config_report.h"
#include "loader/open_watch.h"
#include "loader/text_lines.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kIncludeKey = "[dataset] include";
constexpr uint64_t kWholeMax = std::numeric_limits<uint32_t>::max();
// Of the hash that splits sets: fixed, so that a part is the same for every loader.seed, in every
// run. Changing it would let training pictures into somebody's validation.
constexpr uint64_t kSplitKey = 0x68656164'73706C74;  // "headsplt"
// Shares that add up to one but for their rounding leave nothing out.
constexpr double kAllShares = 1 - 1e-9;

bool IsDigits(std::string_view line) {
  return !line.empty() && std::ranges::all_of(line, [](char c) { return c >= '0' && c <= '9'; });
}

// The lines of an include file and where they stand.
struct Included {
  std::vector<std::pair<uint64_t, std::string>> lines;
  bool are_ids = true;  // every line is a number
};

bool ReadIncluded(const std::string& path, Included* included, ConfigError* error) {
  const auto on_line = [&](uint64_t number, std::string_view line) {
    if (line.empty() || line.front() == '#') return true;
    included->are_ids = included->are_ids && IsDigits(line);
    included->lines.emplace_back(number, line);
    return true;
  };
  if (!ReadTextLines(path, kIncludeKey, on_line, error)) return false;
  if (!included->lines.empty()) return true;
  return Fail(error, Code::kEmptyDataset,
              std::string(kIncludeKey) + ": " + Printable(path, 160) +
                  " names no sample; expected an id or a relative path a line");
}

bool FailLine(const std::string& path, uint64_t number, const std::string& what,
              ConfigError* error) {
  return Fail(error, Code::kConfigValue, LinePlace(kIncludeKey, path, number) + ": " + what);
}

bool KeepIds(const std::string& path, const Included& included, std::vector<bool>* keep,
             ConfigError* error) {
  for (const auto& [number, line] : included.lines) {
    uint64_t id = 0;
    const auto [stop, code] = std::from_chars(line.data(), line.data() + line.size(), id);
    if (code != std::errc() || id >= keep->size()) {
      return FailLine(path, number,
                      "found the id " + Quoted(line) + "; the data set has the ids 0 to " +
                          std::to_string(keep->size() - 1),
                      error);
    }
    (*keep)[id] = true;
  }
  return true;
}

bool KeepNames(const Dataset& dataset, const std::string& path, const Included& included,
               std::vector<bool>* keep, ConfigError* error) {
  // Whether a sample has that name; a name may be that of several samples.
  std::unordered_map<std::string_view, bool> found;
  found.reserve(included.lines.size());
  for (const auto& [number, line] : included.lines) found.emplace(line, false);
  for (uint64_t id = 0; id < dataset.size(); ++id) {
    if (!OpeningGoesOn(error)) return false;  // a name may be read from an index
    const auto named = found.find(dataset.Name(id));
    if (named == found.end()) continue;
    named->second = true;
    (*keep)[id] = true;
  }
  for (const auto& [number, line] : included.lines) {
    if (found.find(line)->second) continue;
    return FailLine(path, number,
                    "no sample is called " + Quoted(line, 100) +
                        "; expected paths as the data set has them, such as " +
                        Quoted(dataset.Name(0), 100) + ", or ids",
                    error);
  }
  return true;
}

bool KeepIncluded(const Dataset& dataset, const std::string& path, std::vector<bool>* keep,
                  ConfigError* error) {
  Included included;
  if (!ReadIncluded(path, &included, error)) return false;
  return included.are_ids ? KeepIds(path, included, keep, error)
                          : KeepNames(dataset, path, included, keep, error);
}

}  // namespace

size_t PartOf(std::string_view name, std::span<const std::pair<std::string, double>> shares) {
  const uint64_t hash = Hash64(std::as_bytes(std::span(name.data(), name.size())), kSplitKey);
  const double at = static_cast<double>(hash >> 11) * 0x1p-53;  // 0 to below 1
  double end = 0;
  for (size_t part = 0; part < shares.size(); ++part) {
    end += shares[part].second;
    if (at < end) return part;
  }
  if (end < kAllShares) return shares.size();
  // The last part that takes anything.
  for (size_t part = shares.size(); part-- > 0;) {
    if (shares[part].second > 0) return part;
  }
  return shares.size();
}

std::string SelectionText(const DatasetConfig& config) {
  std::string text;
  for (const std::string& name : config.classes) text += name + '\n';
  if (config.source == Source::kManifest) {
    text += "manifest\t" + (config.annotations.empty() ? config.path.front() : config.annotations);
  }
  // Other shards of the same folder are another set.
  if (config.source == Source::kTar) {
    for (const std::string& path : config.path) text += "tar\t" + path + '\n';
  }
  if (!config.include.empty()) text += "\tinclude\t" + config.include;
  if (!config.split.empty()) {
    text += "\tsplit\t" + config.split;
    for (const auto& [name, share] : config.split_of) {
      text += '\t' + name + '\t' + std::to_string(share);
    }
  }
  return text;
}

bool SelectedDataset::Select(const DatasetConfig& config, std::unique_ptr<Dataset>* dataset,
                             ConfigError* error) {
  if (config.include.empty() && config.split.empty()) return true;
  const Dataset& whole = **dataset;
  if (whole.size() > kWholeMax) {
    return Fail(error, Code::kConfigValue,
                "[dataset] include and split: the set has " + std::to_string(whole.size()) +
                    " samples; they take sets of at most 4294967295");
  }
  std::vector<bool> keep(whole.size(), config.include.empty());
  if (!config.include.empty() && !KeepIncluded(whole, config.include, &keep, error)) return false;
  if (!config.split.empty()) {
    const auto wanted = static_cast<size_t>(
        std::ranges::find(config.split_of, config.split, &std::pair<std::string, double>::first) -
        config.split_of.begin());
    for (uint64_t id = 0; id < whole.size(); ++id) {
      if (!OpeningGoesOn(error)) return false;
      if (keep[id]) keep[id] = PartOf(whole.Name(id), config.split_of) == wanted;
    }
  }
  std::vector<uint32_t> ids;
  ids.reserve(static_cast<size_t>(std::ranges::count(keep, true)));
  for (uint64_t id = 0; id < whole.size(); ++id) {
    if (!OpeningGoesOnAt(id)) return OpeningGoesOn(error);
    if (keep[id]) ids.push_back(static_cast<uint32_t>(id));
  }
  if (ids.empty()) {
    return Fail(error, Code::kEmptyDataset,
                "[dataset] split: none of the " + std::to_string(whole.size()) +
                    " samples is in the part " + Quoted(config.split) +
                    (config.include.empty() ? "" : " and in the file of include") +
                    "; give it a larger share");
  }
  *dataset = std::make_unique<SelectedDataset>(std::move(*dataset), std::move(ids));
  return true;
}

SelectedDataset::SelectedDataset(std::unique_ptr<Dataset> whole, std::vector<uint32_t> ids)
    : whole_(std::move(whole)), ids_(std::move(ids)) {
  size_t at = 0;
  for (uint64_t run = 0; run < whole_->RunCount() && at < ids_.size(); ++run) {
    const uint64_t end = whole_->RunBegin(run + 1);
    if (ids_[at] >= end) continue;
    run_begin_.push_back(at);
    while (at < ids_.size() && ids_[at] < end) ++at;
  }
  run_begin_.push_back(ids_.size());
}

uint64_t SelectedDataset::index_bytes() const {
  return whole_->index_bytes() + ids_.capacity() * sizeof(ids_[0]) +
         run_begin_.capacity() * sizeof(run_begin_[0]);
}

uint64_t SelectedDataset::ObjectCount() const {
  const uint64_t mean = whole_->ObjectCount() / std::max<uint64_t>(whole_->size(), 1) + 1;
  return SaturatingMul(mean, size());
}

}  // namespace headrace::loader
