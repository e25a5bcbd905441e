#include "loader/augment/timm_string.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace headrace::loader {
namespace {

constexpr std::string_view kForm = "text such as \"rand-m9-mstd0.5-inc1\"";

// One of the keys with a number.
struct Key {
  std::string_view name;
  double low;
  double high;
  bool whole;
};
// "inc" and "t" are read by themselves. In the order of TimmRandText.
constexpr std::array kKeys = {Key{"m", 0, 1000, false}, Key{"n", 0, 16, true},
                              Key{"p", 0, 1, false}, Key{"mstd", 0, 1000, false},
                              Key{"mmax", 0, 1000, false}};
constexpr std::string_view kOpSets[] = {"weights", "3a", "3aw"};

// As short as reads back, without an exponent, whose sign would part it.
std::string NumberText(double value) {
  std::array<char, 64> buffer;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  return {buffer.data(), end.ptr};
}

std::string RangeText(const Key& key) {
  return std::string(key.name) + " and " + (key.whole ? "an integer" : "a number") + " from " +
         NumberText(key.low) + " to " + NumberText(key.high);
}

// A few digits with at most one point, and nothing else: '-' parts the parts.
std::optional<double> NumberOf(std::string_view text) {
  constexpr size_t kDigitsMax = 24;
  if (text.size() > kDigitsMax) return std::nullopt;
  const bool plain =
      std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!plain || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Parser {
 public:
  Parser(std::string_view text, TimmRand* rand, TimmStringError* error)
      : text_(text), rand_(*rand), error_(*error) {}

  bool Parse() {
    rand_ = {};
    std::string_view rest = text_;
    if (Next(&rest) != "rand") return Fail(text_.substr(0, 40), std::string(kForm));
    while (!rest.empty()) {
      rest.remove_prefix(1);  // the '-'
      if (!ReadPart(Next(&rest))) return false;
    }
    return true;
  }

 private:
  // Takes what stands before the next '-'.
  static std::string_view Next(std::string_view* rest) {
    const std::string_view part = rest->substr(0, rest->find('-'));
    rest->remove_prefix(part.size());
    return part;
  }

  bool Fail(std::string_view part, std::string allowed) {
    error_.found = "found \"" + std::string(part) + "\"";
    error_.allowed = std::move(allowed);
    return false;
  }

  bool ReadPart(std::string_view part) {
    const size_t digits = std::min(part.find_first_of("0123456789."), part.size());
    const std::string_view name = part.substr(0, digits);
    if (name == "inc") return Once(kKeys.size(), part) && ReadIncreasing(part);
    if (name.starts_with('t')) return ReadOpSet(part);
    const auto* key = std::ranges::find(kKeys, name, &Key::name);
    if (key == kKeys.end()) return Fail(part, "the parts m9 n2 p0.5 mstd0.5 mmax10 inc1");
    const auto index = static_cast<size_t>(key - kKeys.begin());
    const std::optional<double> value = NumberOf(part.substr(digits));
    if (!value || *value < key->low || *value > key->high ||
        (key->whole && *value != std::trunc(*value))) {
      return Fail(part, RangeText(*key));
    }
    return Once(index, part) && Store(index, *value);
  }

  bool Once(size_t index, std::string_view part) {
    if (seen_[index]) return Fail(part, "each part once");
    seen_[index] = true;
    return true;
  }

  bool Store(size_t index, double value) {
    switch (index) {
      case 0: rand_.magnitude = value; break;
      case 1: rand_.layers = static_cast<int>(value); break;
      case 2: rand_.p = value; break;
      case 3: rand_.magnitude_spread = value; break;
      default: rand_.magnitude_max = value; break;
    }
    return true;
  }

  bool ReadIncreasing(std::string_view part) {
    if (part != "inc" && part != "inc0" && part != "inc1") return Fail(part, "inc, inc1 or inc0");
    rand_.increasing = part != "inc0";
    return true;
  }

  bool ReadOpSet(std::string_view part) {
    const bool known = std::ranges::find(kOpSets, part.substr(1)) != std::end(kOpSets);
    error_.not_built = known;
    return Fail(part, known ? "no t part, for all ops alike" : "tweights, t3a, t3aw or no t part");
  }

  std::string_view text_;
  TimmRand& rand_;
  TimmStringError& error_;
  std::array<bool, kKeys.size() + 1> seen_{};
};

}  // namespace

bool ParseTimmRand(std::string_view text, TimmRand* rand, TimmStringError* error) {
  *error = {};
  return Parser(text, rand, error).Parse();
}

std::string TimmRandText(const TimmRand& rand) {
  return "rand-m" + NumberText(rand.magnitude) + "-n" + std::to_string(rand.layers) + "-p" +
         NumberText(rand.p) + "-mstd" + NumberText(rand.magnitude_spread) + "-mmax" +
         NumberText(rand.magnitude_max) + "-inc" + (rand.increasing ? '1' : '0');
}

}  // namespace headrace::loader
