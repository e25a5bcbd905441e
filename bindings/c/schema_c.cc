// hr_schema: what a configuration can say, as JSON.
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include "bindings/c/boundary.h"
#include "bindings/c/json_text.h"
#include "loader/config_schema.h"

namespace headrace::capi {
namespace {

using loader::KeySpec;
using loader::ParamBounds;
using loader::ParamSpec;

// The shortest of the usual lengths that reads back as the same number.
std::string Number(double value) {
  char text[40];
  for (const int digits : {6, 12, 15, 17}) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, nullptr) == value) break;
  }
  return text;
}

// A TOML value on one line; only inline tables are written otherwise in JSON.
std::string JsonOf(std::string_view toml) {
  std::string json;
  if (toml.front() != '{') return std::string(toml);
  for (size_t i = 0; i < toml.size(); ++i) {
    const bool begins =
        i > 0 && toml[i] != ' ' && (toml[i - 1] == ' ') && (toml[i] >= 'a' && toml[i] <= 'z');
    if (!begins) {
      json += toml[i];
      continue;
    }
    const size_t end = toml.find(" = ", i);
    json += Quoted(toml.substr(i, end - i)) + ": ";
    i = end + 2;
  }
  return json;
}

void AddBounds(const ParamBounds& bounds, std::string* json) {
  constexpr double kMost = std::numeric_limits<double>::max();
  if (bounds.low > -kMost) {
    AddMember(json, bounds.low_open ? "exclusive_minimum" : "minimum", Number(bounds.low));
  }
  if (bounds.high < kMost) {
    AddMember(json, bounds.high_open ? "exclusive_maximum" : "maximum", Number(bounds.high));
  }
}

// "[" + one(item) + ", " + ... + "]"
template <class Items, class One>
std::string List(const Items& items, const One& one) {
  std::string json = "[";
  for (const auto& item : items) json += (json.size() > 1 ? ", " : "") + one(item);
  return json + "]";
}

std::string KeyJson(const KeySpec& key) {
  std::string json = "{";
  AddMember(&json, "key", Quoted(key.key));
  AddMember(&json, "kind", Quoted(key.kind));
  AddMember(&json, "doc", Quoted(key.doc));
  if (!key.default_json.empty()) AddMember(&json, "default", std::string(key.default_json));
  if (key.required) AddMember(&json, "required", "true");
  if (!key.words.empty()) AddMember(&json, "words", List(key.words, Quoted));
  AddBounds(key.bounds, &json);
  return json + "}";
}

std::string ParamJson(std::string_view op, const ParamSpec& param) {
  std::string json = "{";
  AddMember(&json, "key", Quoted(param.name));
  AddMember(&json, "kind", Quoted(loader::NameOf(param.kind)));
  AddMember(&json, "doc", Quoted(loader::ParamDoc(op, param.name)));
  if (!param.default_toml.empty()) AddMember(&json, "default", JsonOf(param.default_toml));
  if (param.need == loader::ParamNeed::kRequired) AddMember(&json, "required", "true");
  if (!param.words.empty()) {
    AddMember(&json, "words",
              List(param.words, [](const loader::ParamWord& word) { return Quoted(word.name); }));
  }
  AddBounds(param.bounds, &json);
  return json + "}";
}

std::string OpJson(const loader::OpSpec& op) {
  std::string json = "{";
  AddMember(&json, "op", Quoted(op.name));
  AddMember(&json, "p", Number(op.p));
  AddMember(&json, "doc", Quoted(loader::OpDoc(op.name)));
  if (op.is_flip) AddMember(&json, "flip", "true");
  AddMember(&json, "params",
            List(op.params, [&](const ParamSpec& param) { return ParamJson(op.name, param); }));
  return json + "}";
}

std::string SchemaJson() {
  std::string json = "{";
  AddMember(&json, "version", Quoted(hr_version()));
  AddMember(&json, "tables", List(loader::PlainTables(), [](const loader::TableSpec& table) {
    std::string one = "{";
    AddMember(&one, "table", Quoted(table.table));
    AddMember(&one, "keys", List(table.keys, KeyJson));
    return one + "}";
  }));
  AddMember(&json, "op_keys", List(loader::CommonAugmentKeys(), KeyJson));
  AddMember(&json, "ops", List(loader::AllOps(), OpJson));
  AddMember(&json, "mix_keys", List(loader::CommonMixKeys(), KeyJson));
  AddMember(&json, "mix", List(loader::MixEntries(), [](const loader::MixSpec& mix) {
    std::string one = "{";
    AddMember(&one, "op", Quoted(mix.op));
    AddMember(&one, "doc", Quoted(mix.doc));
    AddMember(&one, "params", List(mix.keys, KeyJson));
    return one + "}";
  }));
  return json + "}";
}

}  // namespace
}  // namespace headrace::capi

hr_status hr_schema(char* json, size_t capacity, size_t* needed, hr_error* error) {
  return headrace::capi::Fence(error, [&]() -> hr_status {
    return headrace::capi::GiveText(headrace::capi::SchemaJson(), json, capacity, needed, error);
  });
}
