#include "loader/config_toml_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "base/checked_math.h"

namespace headrace::loader {
namespace {

std::string NumberText(double value) {
  // Plain digits where they stay short: "0.000001", not "1e-06".
  const double size = std::fabs(value);
  const bool plain = value == 0 || (size >= 1e-6 && size < 1e10);
  char buffer[40];
  char* const last = buffer + sizeof(buffer);
  const auto end = plain ? std::to_chars(buffer, last, value, std::chars_format::fixed).ptr
                         : std::to_chars(buffer, last, value).ptr;
  return std::string(buffer, end);
}

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return node.is_array_of_tables() ? "a list of tables" : "a list";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a float";
    case toml::node_type::boolean: return "a boolean";
    case toml::node_type::date: return "a date";
    case toml::node_type::time: return "a time";
    case toml::node_type::date_time: return "a date and time";
    case toml::node_type::none: break;
  }
  return "nothing";
}

std::string ScalarText(const toml::node& node) {
  if (const auto* text = node.as_string()) return Quoted(text->get());
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* number = node.as_floating_point()) return NumberText(number->get());
  if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
  return std::string(TypeName(node));
}

// Short lists are shown; long ones are counted.
std::string ValueText(const toml::node& node) {
  const toml::array* list = node.as_array();
  if (list == nullptr) return ScalarText(node);
  if (list->size() > 4) return "a list of " + std::to_string(list->size());
  std::string out = "[";
  for (const toml::node& entry : *list) {
    if (out.size() > 1) out += ", ";
    out += ScalarText(entry);
  }
  return out + "]";
}

bool IsInside(double value, const ParamBounds& bounds) {
  return (bounds.low_open ? value > bounds.low : value >= bounds.low) &&
         (bounds.high_open ? value < bounds.high : value <= bounds.high);
}

std::string IntsText(uint64_t low, uint64_t high) {
  return "an integer from " + std::to_string(low) + " to " + std::to_string(high);
}

struct Unit {
  std::string_view name;
  uint64_t bytes;
};
constexpr Unit kUnits[] = {{"B", 1},
                           {"KiB", uint64_t{1} << 10},
                           {"MiB", uint64_t{1} << 20},
                           {"GiB", uint64_t{1} << 30},
                           {"TiB", uint64_t{1} << 40}};
constexpr std::string_view kBytesAllowed =
    "a number of bytes above 0, or text such as \"512MiB\" with B, KiB, MiB, GiB or TiB";

// "2GiB", "2 GiB", "100000": empty when it is none of these or does not fit.
std::optional<uint64_t> BytesOf(std::string_view text) {
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.empty()) return count;
  const auto* unit = std::ranges::find(kUnits, text, &Unit::name);
  if (unit == std::end(kUnits)) return std::nullopt;
  return CheckedMul(count, unit->bytes);
}

// "2GB" and "2g" were meant as "2GiB": the text that BytesOf would take.
std::string NearBytes(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits == text.size() || digits > 12) return {};
  const size_t letter = text.find_first_not_of(' ', digits);
  if (letter == text.npos) return {};
  const char prefix = static_cast<char>(text[letter] & ~0x20);
  for (const Unit& unit : kUnits) {
    if (unit.name.front() == prefix) {
      return std::string(text.substr(0, digits)) + std::string(unit.name);
    }
  }
  return {};
}

}  // namespace

std::string Document::PlaceOf(const toml::source_region& region) const {
  if (region.path) return *region.path;
  // Long names lose their head: the tail, the file, says more.
  std::string place = Printable(name, 4096);
  constexpr size_t kNameBytesMax = 85;
  if (place.size() > kNameBytesMax) {
    size_t cut = place.size() - kNameBytesMax + 3;
    while (cut < place.size() && (static_cast<uint8_t>(place[cut]) & 0xc0) == 0x80) ++cut;
    place = "..." + place.substr(cut);
  }
  const toml::source_position begin = region.begin;
  if (!begin) return place;
  const uint32_t shift = begin.line == 1 ? std::min(column_shift, begin.column - 1) : 0;
  return place + ':' + std::to_string(begin.line) + ':' + std::to_string(begin.column - shift);
}

std::string Document::Resolve(std::string_view path) const {
  if (path.starts_with('/') || folder.empty()) return std::string(path);
  return folder + (folder.ends_with('/') ? "" : "/") + std::string(path);
}

std::string BoundsText(const ParamBounds& bounds) {
  constexpr double kNoLimit = 1e8;
  const bool low = bounds.low > -kNoLimit;
  const bool high = bounds.high < kNoLimit;
  if (low && high && !bounds.low_open && !bounds.high_open) {
    return "from " + NumberText(bounds.low) + " to " + NumberText(bounds.high);
  }
  std::string out;
  if (low) out = (bounds.low_open ? "above " : "at least ") + NumberText(bounds.low);
  if (low && high) out += ", ";
  if (high) out += (bounds.high_open ? "below " : "at most ") + NumberText(bounds.high);
  return out;
}

bool ValueReader::Fail(Code code, std::string found, std::string_view allowed,
                       std::string_view suggestion) const {
  return document_->report.Fail({.code = code,
                                 .place = place_,
                                 .subject = label_ + ' ' + key_,
                                 .found = std::move(found),
                                 .allowed = "allowed: " + std::string(allowed),
                                 .suggestion = std::string(suggestion)});
}

bool ValueReader::WrongType(std::string_view allowed) const {
  const std::string type(TypeName(node_));
  const std::string value = ValueText(node_);
  const std::string found = value == type ? type : type + ", " + value;
  return Fail(Code::kConfigType, "found " + found, allowed, {});
}

bool ValueReader::WrongValue(std::string_view allowed, std::string_view suggestion) const {
  return Fail(Code::kConfigValue, "found " + ValueText(node_), allowed, suggestion);
}

bool ValueReader::WrongEntry(Code code, const toml::node& entry, std::string_view allowed) const {
  std::string found = "found " + ValueText(node_);
  if (&entry != &node_) found += " with " + ScalarText(entry);
  return Fail(code, std::move(found), allowed, {});
}

bool ValueReader::WrongPart(Code code, std::string_view found, std::string_view allowed) const {
  return Fail(code, std::string(found), allowed, {});
}

void ValueReader::NotBuilt(std::string_view built) const {
  document_->report.NotBuilt(
      {.code = Code::kNotInThisVersion,
       .place = place_,
       .subject = label_ + ' ' + key_,
       .found = "found " + ValueText(node_) + ", which is not in this version",
       .allowed = built.empty() ? "leave it out" : "allowed: " + std::string(built),
       .suggestion = {}});
}

bool ValueReader::Bool(bool* out) const {
  const auto* value = node_.as_boolean();
  if (value == nullptr) return WrongType("true or false");
  *out = value->get();
  return true;
}

bool ValueReader::Int(int64_t low, int64_t high, int64_t* out) const {
  const std::string allowed =
      "an integer from " + std::to_string(low) + " to " + std::to_string(high);
  const auto* value = node_.as_integer();
  if (value == nullptr) return WrongType(allowed);
  if (value->get() < low || value->get() > high) return WrongValue(allowed);
  *out = value->get();
  return true;
}

bool ValueReader::U64(uint64_t low, uint64_t high, uint64_t* out) const {
  const auto* value = node_.as_integer();
  if (value == nullptr) return WrongType(IntsText(low, high));
  const int64_t number = value->get();
  if (number < 0 || static_cast<uint64_t>(number) < low || static_cast<uint64_t>(number) > high) {
    return WrongValue(IntsText(low, high));
  }
  *out = static_cast<uint64_t>(number);
  return true;
}

bool ValueReader::U32(uint32_t low, uint32_t high, uint32_t* out) const {
  uint64_t wide = 0;
  if (!U64(low, high, &wide)) return false;
  *out = static_cast<uint32_t>(wide);
  return true;
}

bool ValueReader::NumberOf(const toml::node& node, const ParamBounds& bounds,
                           std::string_view allowed, double* out) const {
  const auto* integer = node.as_integer();
  const auto* number = node.as_floating_point();
  if (integer == nullptr && number == nullptr) {
    return &node == &node_ ? WrongType(allowed) : WrongEntry(Code::kConfigType, node, allowed);
  }
  const double value = integer != nullptr ? static_cast<double>(integer->get()) : number->get();
  if (!std::isfinite(value) || !IsInside(value, bounds)) {
    return WrongEntry(Code::kConfigValue, node, allowed);
  }
  *out = value;
  return true;
}

bool ValueReader::Number(const ParamBounds& bounds, double* out) const {
  return NumberOf(node_, bounds, "a number " + BoundsText(bounds), out);
}

bool ValueReader::Bytes(uint64_t* out) const {
  std::optional<uint64_t> bytes;
  std::string near;
  if (const auto* integer = node_.as_integer()) {
    if (integer->get() > 0) bytes = static_cast<uint64_t>(integer->get());
  } else if (const auto* text = node_.as_string()) {
    bytes = BytesOf(text->get());
    if (!bytes) near = NearBytes(text->get());
  } else {
    return WrongType(kBytesAllowed);
  }
  // Sums of sizes are compared with each other: far from overflow, and no machine has more.
  constexpr uint64_t kBytesMax = uint64_t{1} << 50;
  if (!bytes || *bytes == 0 || *bytes > kBytesMax) return WrongValue(kBytesAllowed, near);
  *out = *bytes;
  return true;
}

bool ValueReader::Text(std::string* out) const {
  const auto* value = node_.as_string();
  if (value == nullptr) return WrongType("a string");
  if (value->get().empty()) return WrongValue("text that is not empty");
  // Names go to the system, where a zero would end them early.
  if (value->get().find('\0') != std::string::npos) return WrongValue("text without a zero byte");
  *out = value->get();
  return true;
}

bool ValueReader::Word(std::span<const ParamWord> words, size_t* index) const {
  std::vector<std::string_view> names, built;
  for (const ParamWord& word : words) {
    names.push_back(word.name);
    if (word.built) built.push_back(word.name);
  }
  const auto* value = node_.as_string();
  if (value == nullptr) return WrongType(JoinNames(names));
  const auto found = std::ranges::find(names, std::string_view(value->get()));
  if (found == names.end()) return WrongValue(JoinNames(names), Closest(value->get(), names));
  *index = static_cast<size_t>(found - names.begin());
  if (!words[*index].built) NotBuilt(JoinNames(built));
  return true;
}

bool ValueReader::Texts(std::vector<std::string>* out) const {
  constexpr std::string_view kAllowed = "a list of one or more different, not empty strings";
  const toml::array* list = node_.as_array();
  if (list == nullptr) return WrongType(kAllowed);
  if (list->empty()) return WrongValue(kAllowed);
  std::set<std::string_view> seen;
  std::vector<std::string> texts;
  for (const toml::node& entry : *list) {
    const auto* text = entry.as_string();
    if (text == nullptr) return WrongEntry(Code::kConfigType, entry, kAllowed);
    const std::string& value = text->get();
    const bool good = !value.empty() && value.find('\0') == std::string::npos;
    if (!good || !seen.insert(value).second) {
      return WrongEntry(Code::kConfigValue, entry, kAllowed);
    }
    texts.push_back(value);
  }
  *out = std::move(texts);
  return true;
}

bool ValueReader::Numbers(const ParamBounds& bounds, std::span<const size_t> counts,
                          std::vector<double>* out) const {
  std::string allowed = "a list of ";
  for (const size_t count : counts) {
    if (count != counts.front()) allowed += " or ";
    allowed += std::to_string(count);
  }
  allowed += " numbers, each " + BoundsText(bounds);
  const toml::array* list = node_.as_array();
  if (list == nullptr) return WrongType(allowed);
  if (std::ranges::find(counts, list->size()) == counts.end()) return WrongValue(allowed);
  std::vector<double> numbers;
  for (const toml::node& entry : *list) {
    double value = 0;
    if (!NumberOf(entry, bounds, allowed, &value)) return false;
    numbers.push_back(value);
  }
  *out = std::move(numbers);
  return true;
}

bool ValueReader::Pair(const ParamBounds& bounds, Range* out) const {
  constexpr size_t kTwo[] = {2};
  std::vector<double> numbers;
  if (!Numbers(bounds, kTwo, &numbers)) return false;
  if (numbers[0] > numbers[1]) return WrongValue("[low, high] with low <= high");
  *out = {numbers[0], numbers[1]};
  return true;
}

bool TableReader::Keys(std::span<const std::string_view> allowed) const {
  for (const auto& [key, node] : table_) {
    if (std::ranges::find(allowed, key.str()) != allowed.end()) continue;
    std::string suggestion(Closest(key.str(), allowed));
    for (const TableKeys& other : AllTableKeys()) {
      if (std::ranges::find(other.keys, key.str()) == other.keys.end()) continue;
      suggestion = '[' + std::string(other.table) + "] " + std::string(key.str());
    }
    return document_->report.Fail({.code = Code::kConfigUnknownKey,
                                   .place = document_->PlaceOf(key.source()),
                                   .subject = label_ + ' ' + std::string(key.str()),
                                   .found = "unknown key",
                                   .allowed = "allowed: " + JoinNames(allowed),
                                   .suggestion = suggestion});
  }
  return true;
}

std::optional<ValueReader> TableReader::Find(std::string_view key) const {
  const auto found = table_.find(key);
  if (found == table_.end()) return std::nullopt;
  const auto& [name, node] = *found;
  // A string that an override gave as bytes has no place of its own; its key has.
  const bool placed = node.source().path || node.source().begin;
  return ValueReader(document_, label_, key, node,
                     document_->PlaceOf(placed ? node.source() : name.source()));
}

std::string TableReader::Place() const {
  const toml::source_region& own = table_.source();
  if (own.path || own.begin || table_.empty()) return document_->PlaceOf(own);
  return document_->PlaceOf(table_.begin()->first.source());
}

bool TableReader::Missing(std::string_view key, std::string_view allowed) const {
  return document_->report.Fail({.code = Code::kConfigMissing,
                                 .place = Place(),
                                 .subject = label_ + ' ' + std::string(key),
                                 .found = "missing",
                                 .allowed = "needed: " + std::string(allowed),
                                 .suggestion = {}});
}

bool TableReader::Bool(std::string_view key, bool* out) const {
  const auto value = Find(key);
  return !value || value->Bool(out);
}

bool TableReader::U32(std::string_view key, uint32_t low, uint32_t high, uint32_t* out) const {
  const auto value = Find(key);
  return !value || value->U32(low, high, out);
}

bool TableReader::U64(std::string_view key, uint64_t low, uint64_t high, uint64_t* out) const {
  const auto value = Find(key);
  return !value || value->U64(low, high, out);
}

bool TableReader::Number(std::string_view key, const ParamBounds& bounds, double* out) const {
  const auto value = Find(key);
  return !value || value->Number(bounds, out);
}

bool TableReader::Bytes(std::string_view key, uint64_t* out) const {
  const auto value = Find(key);
  return !value || value->Bytes(out);
}

}  // namespace headrace::loader
