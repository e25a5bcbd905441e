// What a configuration can say, as data: every key of every table with its kind, default, bounds
// and a line that says what it is. For references, editors and bindings; the parser has its own
// code for the plain tables, and a test holds the two together.
//
// Static tables: any thread, no allocation.
#pragma once

#include <span>
#include <string_view>

#include "loader/config_ops.h"

namespace headrace::loader {

// A key of a plain table, or of a [[mix]] entry.
struct KeySpec {
  std::string_view key;
  std::string_view kind;  // as hr_schema calls it: docs/c_api.md
  // As JSON; empty: none.
  std::string_view default_json;
  std::string_view doc;
  ParamBounds bounds = {};
  std::span<const std::string_view> words = {};
  bool required = false;
};

struct TableSpec {
  std::string_view table;
  std::span<const KeySpec> keys;
};

// [dataset], [loader], [output], [decode], [limits], [search].
std::span<const TableSpec> PlainTables();

struct MixSpec {
  std::string_view op;
  std::string_view doc;
  std::span<const KeySpec> keys;  // but those that all entries have
};
std::span<const MixSpec> MixEntries();
// Keys that every [[mix]] entry may have, and those of every [[augment]] entry.
std::span<const KeySpec> CommonMixKeys();
std::span<const KeySpec> CommonAugmentKeys();

// What an op does, and what a parameter of it means: one line, in Markdown.
std::string_view OpDoc(std::string_view op);
std::string_view ParamDoc(std::string_view op, std::string_view param);
// What hr_schema calls a kind of parameter.
std::string_view NameOf(ParamKind kind);

}  // namespace headrace::loader
