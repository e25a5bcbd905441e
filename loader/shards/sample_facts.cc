#include "loader/shards/sample_facts.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "loader/objects/json_source.h"

namespace headrace::loader {
namespace {

constexpr size_t kDepthMax = 64;
constexpr double kWholeMax = 9007199254740992.0;  // 2^53: doubles up to it are exact

// Keeps the values of a few keys of the outermost object.
class FactsReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  // A number or a name.
  struct Value {
    std::optional<int64_t> number;
    std::string text;
  };
  Value label, cls, class_of, id, path, classes, samples;
  const char* problem = nullptr;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t value) override { return Number(value); }
  bool number_unsigned(number_unsigned_t value) override {
    const bool fits = value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    return !fits || Number(static_cast<int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override {
    const bool whole = std::fabs(value) <= kWholeMax && value == std::floor(value);
    return !whole || Number(static_cast<int64_t>(value));
  }
  bool string(string_t& value) override {
    if (Value* wanted = Wanted(); wanted != nullptr) wanted->text = std::move(value);
    return true;
  }
  bool binary(binary_t&) override { return true; }  // JSON has none
  bool key(string_t& value) override {
    if (depth_ == 1) key_.assign(value, 0, 16);
    return true;
  }
  bool start_object(size_t) override {
    is_object_ = is_object_ || depth_ == 0;
    return Enter();
  }
  bool start_array(size_t) override {
    if (depth_ == 0) return Stop("is a list, not an object with \"label\"");
    return Enter();
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception&) override {
    return Stop("is not JSON");
  }
  bool Finish() { return is_object_ || Stop("is not an object with \"label\""); }

 private:
  bool Enter() {
    if (depth_ == kDepthMax) return Stop("is nested more than 64 deep");
    ++depth_;
    return true;
  }
  bool Stop(const char* text) {
    if (problem == nullptr) problem = text;
    return false;
  }
  Value* Wanted() {
    if (depth_ != 1) return nullptr;
    const std::pair<const char*, Value*> known[] = {
        {"label", &label}, {"cls", &cls},         {"class", &class_of}, {"id", &id},
        {"path", &path},   {"classes", &classes}, {"samples", &samples}};
    for (const auto& [name, value] : known) {
      if (key_ == name) return value;
    }
    return nullptr;
  }
  bool Number(int64_t value) {
    if (Value* wanted = Wanted(); wanted != nullptr) wanted->number = value;
    return true;
  }

  size_t depth_ = 0;
  std::string key_;  // of the outermost object, whose value comes
  bool is_object_ = false;
};

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank(" \t\r\n\v\f\0", 7);
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// As much of a label as a message shows.
constexpr size_t kRefusedCharactersMax = 32;

Status TakeNumber(int64_t value, std::string_view text, SampleFacts* facts) {
  if (value < -1 || value >= kLabelsMax) {
    facts->refused = text.substr(0, kRefusedCharactersMax);
    if (facts->refused.size() < text.size()) facts->refused += "...";
    return {Code::kConfigValue, "has a label that is not within -1 to 1048575"};
  }
  facts->label = value;
  return {};
}

// A pack has the names of its source's classes as they are, and folders have any.
Status TakeName(std::string_view name, SampleFacts* facts) {
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 && !facts->from_pack()) {
      return {Code::kConfigValue, "has a class name with control characters in it"};
    }
  }
  facts->class_name = name;
  return {};
}

uint64_t Count(const FactsReader::Value& value, uint64_t max) {
  const int64_t number = value.number.value_or(0);
  return number > 0 && static_cast<uint64_t>(number) <= max ? static_cast<uint64_t>(number) : 0;
}

}  // namespace

Status ReadCls(std::string_view text, SampleFacts* facts) {
  const std::string_view label = Trimmed(text);
  if (label.empty()) return {};
  int64_t number = 0;
  const auto read = std::from_chars(label.data(), label.data() + label.size(), number);
  if (read.ptr == label.data() + label.size()) {
    return TakeNumber(read.ec == std::errc() ? number : kLabelsMax, label, facts);
  }
  return TakeName(label, facts);
}

Status ReadFactsJson(std::string_view text, SampleFacts* facts) {
  JsonSource source(text);
  FactsReader reader;
  if (!nlohmann::json::sax_parse(JsonBytes(&source), JsonBytes(), &reader) || !reader.Finish()) {
    return {Code::kCorrupt, reader.problem != nullptr ? reader.problem : "is not JSON"};
  }
  if (reader.id.number && *reader.id.number >= 0) {
    facts->id = static_cast<uint64_t>(*reader.id.number);
  }
  facts->path = std::move(reader.path.text);
  if (reader.classes.number) facts->classes = Count(reader.classes, kLabelsMax);
  facts->samples = Count(reader.samples, uint64_t{1} << 32);
  for (const FactsReader::Value* value : {&reader.label, &reader.cls, &reader.class_of}) {
    if (!facts->label && value->number) {
      HR_TRY(TakeNumber(*value->number, std::to_string(*value->number), facts));
    }
    if (facts->class_name.empty() && !value->text.empty()) {
      HR_TRY(TakeName(value->text, facts));
    }
  }
  return {};
}

}  // namespace headrace::loader
