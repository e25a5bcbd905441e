// `dotted.key=value` put over a parsed file.
#include <algorithm>
#include <charconv>
#include <vector>

#include "loader/config_toml_reader.h"

namespace headrace::loader {
namespace {

constexpr size_t kOverrideBytesMax = size_t{64} << 10;

bool Fail(Document* document, std::string_view place, Code code, std::string found,
          std::string allowed) {
  return document->report.Fail({.code = code,
                                .place = std::string(place),
                                .subject = {},
                                .found = std::move(found),
                                .allowed = std::move(allowed),
                                .suggestion = {}});
}

// Where the key ends: the first '=' outside of quotes.
size_t FindEquals(std::string_view text) {
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '=') {
      return i;
    }
  }
  return text.npos;
}

// The parts of a dotted key, by the parser's own rules.
bool SplitKey(Document* document, std::string_view key, std::string_view place,
              std::vector<toml::key>* parts) {
  const bool control =
      std::ranges::any_of(key, [](char c) { return static_cast<uint8_t>(c) < 32; });
  // A comment and white space are TOML without a key.
  const size_t start = key.find_first_not_of(' ');
  if (control || start == key.npos || key[start] == '#') {
    return Fail(document, place, Code::kConfigSyntax, "found no key before '='",
                "allowed: dotted.key=value, such as loader.seed=1");
  }
  toml::table chain;
  if (!ParseToml(document, std::string(key) + " = 0", place, &chain)) return false;
  for (const toml::table* level = &chain; level != nullptr && !level->empty();) {
    const auto only = level->begin();
    parts->emplace_back(only->first.str(), only->first.source());
    level = only->second.as_table();
  }
  return true;
}

// `text` as a TOML string.
std::string AsTomlString(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

// TOML if it is TOML, else the text itself. False: not even text for TOML (it is not UTF-8).
bool ParseValue(std::string_view text, const Document& document, std::string_view place,
                toml::table* holder) {
  // A value that fails is no error, so it is tried on a document of its own.
  Document trial;
  trial.name = document.name;
  const bool one_line = text.find_first_of("\r\n") == text.npos;
  if (one_line && ParseToml(&trial, "v = " + std::string(text), place, holder)) return true;
  holder->clear();
  return ParseToml(&trial, "v = " + AsTomlString(text), place, holder);
}

// Puts `holder`'s value v at `key` of `table`, with the new key, whose place is the override.
void Put(toml::table* table, const toml::key& key, toml::table* holder, std::string_view raw) {
  table->erase(key.str());
  if (toml::node* value = holder->get("v")) {
    table->insert_or_assign(key, std::move(*value));
  } else {
    table->insert_or_assign(key, std::string(raw));
  }
}

std::optional<size_t> IndexOf(std::string_view part) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (error != std::errc() || end != part.data() + part.size()) return std::nullopt;
  return index;
}

// The walk from the root to the place that the key names.
class Walk {
 public:
  Walk(Document* document, std::string_view place, toml::table* root)
      : document_(document), place_(place), node_(root) {}

  // Steps into `part`, making what is missing.
  bool Into(const toml::key& part, bool is_first) {
    if (toml::table* table = node_->as_table()) {
      if (!table->contains(part.str())) {
        // These two are lists; everything else that can be missing is a table.
        const bool list = is_first && (part.str() == "augment" || part.str() == "mix");
        if (list) table->insert(part, toml::array());
        if (!list) table->insert(part, toml::table());
      }
      return Enter(table->get(part.str()), part);
    }
    toml::array* list = node_->as_array();
    size_t index = 0;
    if (!CheckIndex(*list, part, &index)) return false;
    if (index == list->size()) list->push_back(toml::table());
    return Enter(list->get(index), part);
  }

  bool PutValue(const toml::key& part, toml::table* holder, std::string_view raw) {
    if (toml::table* table = node_->as_table()) {
      Put(table, part, holder, raw);
      return true;
    }
    toml::array* list = node_->as_array();
    size_t index = 0;
    if (!CheckIndex(*list, part, &index)) return false;
    if (index < list->size()) list->erase(list->begin() + static_cast<ptrdiff_t>(index));
    const auto at = list->begin() + static_cast<ptrdiff_t>(index);
    if (toml::node* value = holder->get("v")) {
      list->insert(at, std::move(*value));
    } else {
      list->insert(at, std::string(raw));
    }
    return true;
  }

 private:
  bool Enter(toml::node* node, const toml::key& part) {
    node_ = node;
    if (node->is_table() || node->is_array()) return true;
    return Fail(document_, place_, Code::kConfigType,
                Quoted(part.str(), 40) + " is a value and has no keys",
                "allowed: keys inside of tables, such as loader.seed");
  }

  bool CheckIndex(const toml::array& list, const toml::key& part, size_t* index) {
    const auto number = IndexOf(part.str());
    if (number && *number <= list.size()) {
      *index = *number;
      return true;
    }
    return Fail(
        document_, place_, number ? Code::kConfigValue : Code::kConfigType,
        "found " + Quoted(part.str(), 40) + " as the number of a list's entry",
        "allowed: 0 to " + std::to_string(list.size()) +
            (list.empty() ? " (the list is empty, 0 adds an entry)" : " (the last adds an entry)"));
  }

  Document* document_;
  std::string_view place_;
  toml::node* node_;
};

}  // namespace

bool ApplyOverride(Document* document, std::string_view text, toml::table* root) {
  const std::string place = "-s " + std::string(text.substr(0, 120));
  if (text.size() > kOverrideBytesMax) {
    return Fail(document, place, Code::kConfigSyntax,
                "found " + std::to_string(text.size()) + " bytes",
                "allowed: at most " + std::to_string(kOverrideBytesMax));
  }
  const size_t equals = FindEquals(text);
  if (equals == text.npos) {
    return Fail(document, place, Code::kConfigSyntax, "found no '='",
                "allowed: dotted.key=value, such as loader.seed=1");
  }
  std::vector<toml::key> parts;
  if (!SplitKey(document, text.substr(0, equals), place, &parts)) return false;
  const std::string_view raw = text.substr(equals + 1);
  toml::table holder;
  if (!ParseValue(raw, *document, place, &holder)) holder.clear();

  Walk walk(document, place, root);
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    if (!walk.Into(parts[i], i == 0)) return false;
  }
  return walk.PutValue(parts.back(), &holder, raw);
}

}  // namespace headrace::loader
