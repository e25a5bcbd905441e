#include "loader/manifest/manifest_labels.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "base/hash.h"
#include "loader/config_report.h"
#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

constexpr uint32_t kClassesMax = 1u << 20;
constexpr size_t kNameBytesMax = 1024;
constexpr std::string_view kSeparators = ",;";
constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kNoLabel = "-1";
constexpr const char* kEmptyText = "the label is empty; expected a class, as an index or a name";
constexpr const char* kNothingText =
    "nothing between two separators; expected classes between , or ;";

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool HasSeparator(std::string_view text) {
  return text.find_first_of(kSeparators) != std::string_view::npos;
}

// Calls part(text) for what stands between separators, without blanks around; stops at its first
// false and returns it. An empty text has no parts.
template <class Part>
bool ForParts(std::string_view text, Part part) {
  if (Trimmed(text).empty()) return true;
  for (;;) {
    const size_t end = text.find_first_of(kSeparators);
    if (!part(Trimmed(text.substr(0, end)))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool IsDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool IsNegative(std::string_view text) { return text.starts_with('-') && IsDigits(text.substr(1)); }

bool IsInteger(std::string_view text) { return IsDigits(text) || IsNegative(text); }

// Nothing for what is no index below kClassesMax.
std::optional<uint32_t> IndexOf(std::string_view text) {
  uint32_t index = 0;
  if (!IsDigits(text)) return std::nullopt;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (code != std::errc() || index >= kClassesMax) return std::nullopt;
  return index;
}

// Nothing for what is no finite number of f32.
std::optional<float> NumberOf(std::string_view text) {
  double number = 0;
  // from_chars knows no plus sign.
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  const auto rounded = static_cast<float>(number);
  if (code != std::errc() || stop != end || !std::isfinite(number) || !std::isfinite(rounded)) {
    return std::nullopt;
  }
  return rounded;
}

std::string CountText(uint64_t count, const char* what) {
  return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

}  // namespace

class ManifestLabels::Maker {
 public:
  Maker(const ManifestText& text, const std::vector<std::string>& classes, ManifestLabels* labels,
        ConfigError* error)
      : text_(text), configured_(!classes.empty()), labels_(*labels), error_(error) {
    labels_.classes_ = classes;
    for (uint32_t i = 0; i < classes.size(); ++i) index_of_.emplace(labels_.classes_[i], i);
  }

  bool Run() {
    switch (text_.labels == LabelColumn::kByContent ? KindByContent() : text_.labels) {
      case LabelColumn::kByContent:
      case LabelColumn::kLabel: return FindClasses(/*several=*/false) && TakeClass();
      case LabelColumn::kLabels: return FindClasses(/*several=*/true) && TakeClasses();
      case LabelColumn::kValues: return TakeValues();
    }
    return false;
  }

 private:
  bool FailAt(const ManifestRow& row, const std::string& what) {
    return Fail(error_, Code::kConfigValue, text_.LabelPlace(row) + ": " + what);
  }

  // Whether the opening does: to be asked at every row.
  bool GoesOn(const ManifestRow& row) {
    return OpeningGoesOnAt(static_cast<uint64_t>(&row - text_.rows.data())) ||
           OpeningGoesOn(error_);
  }

  std::string_view LabelOf(const ManifestRow& row) const { return Trimmed(text_.LabelOf(row)); }

  // Unless a class is named so.
  bool IsNoLabel(std::string_view label) const {
    return label == kNoLabel && !(configured_ && index_of_.contains(label));
  }

  template <class Rule>
  bool AllLabels(Rule rule) const {
    // Whoever asks goes through the rows again, and fails then, when the opening was ended here.
    uint64_t looked_at = 0;
    return std::ranges::all_of(text_.rows, [&](const ManifestRow& row) {
      return OpeningGoesOnAt(looked_at++) && rule(LabelOf(row));
    });
  }

  // Indices, lists of indices, numbers, else names. Names of several classes need the header.
  // Integers below 0 and integers among other labels count as classes here, which FindClasses
  // refuses: a slip in one line must not make something else of all the others.
  LabelColumn KindByContent() const {
    if (configured_ && AllLabels([&](std::string_view label) {
          return index_of_.contains(label) || IsNoLabel(label);
        })) {
      return LabelColumn::kLabel;
    }
    if (AllLabels(IsInteger)) return LabelColumn::kLabel;
    const bool any_list = !AllLabels([](std::string_view label) { return !HasSeparator(label); });
    if (any_list && AllLabels([](std::string_view label) { return ForParts(label, IsInteger); })) {
      return LabelColumn::kLabels;
    }
    const auto is_numbers = [](std::string_view label) {
      return !label.empty() &&
             ForParts(label, [](std::string_view part) { return NumberOf(part).has_value(); });
    };
    if (!AllLabels(is_numbers)) return LabelColumn::kLabel;
    const auto is_no_index = [](std::string_view label) {
      return !IsInteger(label) || label == kNoLabel;
    };
    return configured_ || AllLabels(is_no_index) ? LabelColumn::kValues : LabelColumn::kLabel;
  }

  // Whether all classes are indices, or none is. A label of the other kind would silently give the
  // rest other numbers.
  bool CheckOneKind(bool several) {
    const ManifestRow* first[2] = {};  // a name, an index
    uint64_t count[2] = {};
    for (const ManifestRow& row : text_.rows) {
      if (!GoesOn(row)) return false;
      const auto take = [&](std::string_view name) {
        if (name.empty() || name == kNoLabel) return true;
        const int kind = IsDigits(name) ? 1 : 0;
        if (count[kind]++ == 0) first[kind] = &row;
        return true;
      };
      const std::string_view label = LabelOf(row);
      several ? ForParts(label, take) : take(label);
    }
    if (count[0] == 0 || count[1] == 0) return true;
    const int odd = count[1] < count[0] ? 1 : 0;
    const auto shown = [&](int kind) { return Quoted(LabelOf(*first[kind]), 40); };
    return FailAt(*first[odd],
                  "found " + shown(odd) + " where other labels are like " + shown(1 - odd) +
                      " of line " + std::to_string(first[1 - odd]->line) +
                      ": integers are indices of classes, anything else is a class's name, and "
                      "names among indices would give all of them other numbers; mend the line, or "
                      "list the names as [dataset] classes, or head the column \"value\" if they "
                      "are numbers to predict");
  }

  bool CheckNotNegative(const ManifestRow& row, std::string_view name, std::string_view label) {
    if (!IsNegative(name) || (name == kNoLabel && label == kNoLabel)) return true;
    return FailAt(row, "found " + Quoted(label) +
                           "; indices of classes begin at 0, and -1 alone is no label; head the "
                           "column \"value\" if they are numbers to predict");
  }

  // The classes that are named, if the configuration has none.
  bool FindClasses(bool several) {
    if (configured_) return true;
    std::vector<std::string_view> names;
    uint32_t count = 0;
    bool all_indices = true;
    const ManifestRow* too_large = nullptr;  // the first that is no index
    for (const ManifestRow& row : text_.rows) {
      if (!GoesOn(row)) return false;
      const std::string_view label = LabelOf(row);
      const auto take = [&](std::string_view name) {
        if (!CheckNotNegative(row, name, label)) return false;
        if (name == kNoLabel) return true;
        if (name.empty()) {
          return FailAt(row, several ? kNothingText : kEmptyText);
        }
        if (name.size() > kNameBytesMax) return FailAt(row, "a class name of more than 1024 bytes");
        const auto index = IndexOf(name);
        all_indices = all_indices && IsDigits(name);
        if (index) {
          count = std::max(count, *index + 1);
        } else if (too_large == nullptr) {
          too_large = &row;
        }
        if (seen_.emplace(name, 0).second) names.push_back(name);
        if (names.size() <= kClassesMax) return true;
        return FailAt(row, "more than 1048576 different classes");
      };
      if (!(several ? ForParts(label, take) : take(label))) return false;
    }
    if (!CheckOneKind(several)) return false;
    if (all_indices && too_large != nullptr) {
      return FailAt(*too_large, "found " + Quoted(LabelOf(*too_large)) +
                                    " among indices; expected them below " +
                                    std::to_string(kClassesMax));
    }
    if (all_indices) {
      for (uint32_t i = 0; i < count; ++i) labels_.classes_.push_back(std::to_string(i));
    } else {
      std::ranges::sort(names);
      labels_.classes_.assign(names.begin(), names.end());
    }
    for (uint32_t i = 0; i < labels_.classes_.size(); ++i) {
      index_of_.emplace(labels_.classes_[i], i);
    }
    return true;
  }

  // A class by its name, or by its index if no class has that name.
  bool Find(const ManifestRow& row, std::string_view label, uint32_t* index) {
    if (const auto named = index_of_.find(label); named != index_of_.end()) {
      *index = named->second;
      return true;
    }
    const auto number = IndexOf(label);
    if (number && *number < labels_.classes_.size()) {
      *index = *number;
      return true;
    }
    std::string known;
    for (size_t i = 0; i < labels_.classes_.size() && i < 8; ++i) {
      known += (i > 0 ? ", " : "") + Printable(labels_.classes_[i], 20);
    }
    return FailAt(row, "found the label " + Quoted(label) + "; [dataset] classes has " +
                           std::to_string(labels_.classes_.size()) + ": " + known +
                           (labels_.classes_.size() > 8 ? ", ..." : ""));
  }

  bool FailWithoutClasses() {
    return Fail(error_, Code::kConfigValue,
                text_.key + ": " + Printable(text_.file, 160) +
                    ": no sample has a class; set [dataset] classes, or write labels");
  }

  bool TakeClass() {
    if (labels_.classes_.empty()) return FailWithoutClasses();
    labels_.class_.reserve(text_.rows.size());
    for (const ManifestRow& row : text_.rows) {
      if (!GoesOn(row)) return false;
      const std::string_view label = LabelOf(row);
      if (IsNoLabel(label)) {
        labels_.class_.push_back(-1);
        continue;
      }
      uint32_t index = 0;
      if (!Find(row, label, &index)) return false;
      labels_.class_.push_back(static_cast<int32_t>(index));
    }
    return true;
  }

  bool TakeClasses() {
    if (labels_.classes_.empty()) return FailWithoutClasses();
    labels_.class_.reserve(text_.rows.size());
    labels_.begin_.reserve(text_.rows.size() + 1);
    labels_.begin_.push_back(0);
    std::vector<uint32_t>& members = labels_.members_;
    for (const ManifestRow& row : text_.rows) {
      if (!GoesOn(row)) return false;
      const auto begin = static_cast<ptrdiff_t>(members.size());
      const std::string_view label = LabelOf(row);
      const bool good = IsNoLabel(label) || ForParts(label, [&](std::string_view part) {
                          uint32_t index = 0;
                          if (part.empty()) {
                            return FailAt(row, kNothingText);
                          }
                          if (!Find(row, part, &index)) return false;
                          members.push_back(index);
                          return true;
                        });
      if (!good) return false;
      // A class that is named twice is one class.
      std::sort(members.begin() + begin, members.end());
      members.erase(std::unique(members.begin() + begin, members.end()), members.end());
      labels_.begin_.push_back(members.size());
      const bool one = members.size() == static_cast<size_t>(begin) + 1;
      labels_.class_.push_back(one ? static_cast<int32_t>(members.back()) : -1);
    }
    members.shrink_to_fit();
    return true;
  }

  bool TakeValues() {
    std::vector<float>& values = labels_.values_;
    size_t count = 0;
    for (const ManifestRow& row : text_.rows) {
      if (!GoesOn(row)) return false;
      const size_t begin = values.size();
      const bool good = ForParts(text_.LabelOf(row), [&](std::string_view part) {
        const auto number = NumberOf(part);
        if (!number) {
          return FailAt(row, "found " + Quoted(part) + "; expected a finite number of f32");
        }
        values.push_back(*number);
        return true;
      });
      if (!good) return false;
      const size_t found = values.size() - begin;
      if (begin == 0) count = found;
      if (found == 0 || found > kClassesMax) {
        return FailAt(row, "found " + CountText(found, "number") + "; expected 1 to " +
                               std::to_string(kClassesMax));
      }
      if (found == count) continue;
      return FailAt(row, "found " + CountText(found, "number") + "; expected " +
                             CountText(count, "number") + " as in the lines before");
    }
    values.shrink_to_fit();
    labels_.class_.assign(text_.rows.size(), -1);
    if (configured_ && labels_.classes_.size() != count) {
      return Fail(error_, Code::kConfigValue,
                  "[dataset] classes: found " + std::to_string(labels_.classes_.size()) +
                      " names; the labels of " + Printable(text_.file, 160) + " are " +
                      CountText(count, "number") + " a sample, each of which takes one");
    }
    for (size_t i = 0; i < count && !configured_; ++i) {
      labels_.classes_.push_back(count == 1 ? "value" : std::to_string(i));
    }
    return true;
  }

  const ManifestText& text_;
  const bool configured_;
  ManifestLabels& labels_;
  ConfigError* const error_;
  // Keys lie in labels_.classes_, which does not change once they are in; or in text_.
  std::unordered_map<std::string_view, uint32_t> index_of_;
  std::unordered_map<std::string_view, uint32_t> seen_;
};

bool ManifestLabels::Make(const ManifestText& text, const std::vector<std::string>& classes,
                          ConfigError* error) {
  return Maker(text, classes, this, error).Run();
}

void ManifestLabels::FillRow(uint64_t row, std::span<float> out) const {
  if (!values_.empty()) {
    std::copy_n(values_.begin() + static_cast<ptrdiff_t>(row * out.size()), out.size(),
                out.begin());
    return;
  }
  std::ranges::fill(out, 0.0f);
  for (uint64_t i = begin_[row]; i < begin_[row + 1]; ++i) out[members_[i]] = 1.0f;
}

uint64_t ManifestLabels::HashRow(uint64_t row, uint64_t seed) const {
  if (!values_.empty()) {
    const size_t columns = classes_.size();
    return Hash64(std::as_bytes(std::span(values_).subspan(row * columns, columns)), seed);
  }
  const auto members = std::span(members_).subspan(begin_[row], begin_[row + 1] - begin_[row]);
  return Hash64(std::as_bytes(members), seed);
}

uint64_t ManifestLabels::bytes() const {
  uint64_t bytes = class_.capacity() * sizeof(class_[0]) + begin_.capacity() * sizeof(begin_[0]) +
                   members_.capacity() * sizeof(members_[0]) +
                   values_.capacity() * sizeof(values_[0]);
  for (const std::string& name : classes_) bytes += sizeof(name) + name.capacity();
  return bytes;
}

}  // namespace headrace::loader
