#include "loader/config_report.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace headrace::loader {
namespace {

// The parts of a text together stay below kConfigErrorBytesMax.
constexpr size_t kPlaceBytesMax = 112;
constexpr size_t kSubjectBytesMax = 60;
constexpr size_t kFoundBytesMax = 90;
constexpr size_t kAllowedBytesMax = 146;
constexpr size_t kSuggestionBytesMax = 50;
constexpr size_t kGlueBytes = 22;  // ": ", ": ", "; ", "; did you mean " and "?"
static_assert(kPlaceBytesMax + kSubjectBytesMax + kFoundBytesMax + kAllowedBytesMax +
                  kSuggestionBytesMax + kGlueBytes <=
              kConfigErrorBytesMax);

// Longer names are cut before they are compared: the work is the product of the lengths.
constexpr size_t kComparedBytesMax = 64;

struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 0;  // 0: not UTF-8
};

CodePoint DecodeUtf8(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {};
  uint32_t value = first & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3fu);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[bytes] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
    return {};
  return {value, bytes};
}

// Characters that move the cursor, end a line or turn the direction of what follows.
bool IsUnprintable(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
         (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void AppendHex(uint32_t value, int digits, std::string* out) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    out->push_back("0123456789abcdef"[(value >> shift) & 15]);
  }
}

std::string EscapedUnit(std::string_view text, size_t* bytes) {
  const CodePoint point = DecodeUtf8(text);
  *bytes = std::max<size_t>(point.bytes, 1);
  std::string out;
  if (point.bytes == 0) {
    out = "\\x";
    AppendHex(static_cast<uint8_t>(text[0]), 2, &out);
  } else if (point.value == '\n') {
    out = "\\n";
  } else if (point.value == '\t') {
    out = "\\t";
  } else if (IsUnprintable(point.value)) {
    out = "\\u";
    AppendHex(point.value, 4, &out);
  } else {
    out = text.substr(0, point.bytes);
  }
  return out;
}

std::string Folded(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, kComparedBytesMax)) {
    if (c == '_' || c == '-' || c == ' ') continue;
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out;
}

// Damerau-Levenshtein distance in its "optimal string alignment" form: no part is edited twice.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

// Whether `name` is `whole` with letters left out, at most two of three and neither the first nor
// the last: f32, bf16 and u8 of the names that NumPy and PyTorch have for them.
bool IsAbbreviation(std::string_view name, std::string_view whole) {
  if (name.size() < 2 || name.size() * 3 < whole.size()) return false;
  if (name.front() != whole.front() || name.back() != whole.back()) return false;
  size_t matched = 0;
  for (const char letter : whole) {
    if (matched < name.size() && letter == name[matched]) ++matched;
  }
  return matched == name.size();
}

}  // namespace

std::string Printable(std::string_view text, size_t bytes_max) {
  std::string out;
  size_t fits = 0;  // length of the longest prefix that leaves room for "..."
  while (!text.empty()) {
    size_t bytes = 0;
    const std::string unit = EscapedUnit(text, &bytes);
    if (out.size() + unit.size() > bytes_max) {
      out.resize(fits);
      return out + "...";
    }
    out += unit;
    if (out.size() + 3 <= bytes_max) fits = out.size();
    text.remove_prefix(bytes);
  }
  return out;
}

std::string Quoted(std::string_view text, size_t bytes_max) {
  return '"' + Printable(text, bytes_max) + '"';
}

std::string JoinNames(std::span<const std::string_view> names, size_t bytes_max) {
  std::string out;
  for (const std::string_view name : names) {
    const bool last = &name == &names.back();
    if (out.size() + name.size() + (last ? 2 : 7) > bytes_max) return out + ", ...";
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

std::string_view Closest(std::string_view found, std::span<const std::string_view> candidates) {
  const std::string wanted = Folded(found);
  if (wanted.empty()) return {};
  std::string_view nearest, containing, abbreviated;
  size_t nearest_distance = std::min<size_t>(3, std::max<size_t>(1, wanted.size() / 3)) + 1;
  for (const std::string_view candidate : candidates) {
    const std::string name = Folded(candidate);
    const size_t distance = EditDistance(wanted, name);
    if (distance < nearest_distance && distance < name.size()) {
      nearest = candidate;
      nearest_distance = distance;
    }
    const bool contains = (wanted.size() >= 4 && name.find(wanted) != name.npos) ||
                          (name.size() >= 4 && wanted.find(name) != wanted.npos);
    if (contains && (containing.empty() || candidate.size() < containing.size())) {
      containing = candidate;
    }
    if (IsAbbreviation(name, wanted) && candidate.size() > abbreviated.size()) {
      abbreviated = candidate;
    }
  }
  if (!nearest.empty()) return nearest;
  return containing.empty() ? abbreviated : containing;
}

std::string ComplaintText(const Complaint& complaint) {
  std::string text = Printable(complaint.place, kPlaceBytesMax);
  if (!complaint.subject.empty()) text += ": " + Printable(complaint.subject, kSubjectBytesMax);
  text += ": " + Printable(complaint.found, kFoundBytesMax);
  if (!complaint.allowed.empty()) text += "; " + Printable(complaint.allowed, kAllowedBytesMax);
  if (!complaint.suggestion.empty()) {
    text += "; did you mean " + Quoted(complaint.suggestion, kSuggestionBytesMax - 2) + "?";
  }
  return text;
}

bool Report::Fail(const Complaint& complaint) {
  if (failure_.code == Code::kOk) {
    failure_ = {complaint.code, ComplaintText(complaint), complaint.error_number};
  }
  return false;
}

void Report::NotBuilt(const Complaint& complaint) {
  if (not_built_.code == Code::kOk) not_built_ = {complaint.code, ComplaintText(complaint), 0};
}

bool Report::Take(const Report& other) {
  if (failure_.code == Code::kOk) failure_ = other.failure_;
  if (not_built_.code == Code::kOk) not_built_ = other.not_built_;
  return other.failure_.code == Code::kOk;
}

bool Report::Finish(ConfigError* error) const {
  const ConfigError& first = failure_.code != Code::kOk ? failure_ : not_built_;
  if (first.code == Code::kOk) return true;
  *error = first;
  return false;
}

}  // namespace headrace::loader
