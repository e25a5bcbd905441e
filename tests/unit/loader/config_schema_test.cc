// The schema that is handed out says what the parser does.
#include "loader/config_schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "loader/config_hash.h"
#include "loader/config_toml.h"

namespace headrace::loader {
namespace {

// What else has to be there, so that a key may.
std::string Company(std::string_view table, std::string_view key) {
  if (key == "annotations" || key == "masks") return "source = \"coco\"\n";
  if (key == "split") return "of = { train = 0.5 }\n";
  if (key == "of") return "split = \"train\"\n";
  if (key == "world_size") return "rank = 0\n";
  if (table == "output" && key == "mean") return "";
  return "";
}

struct Parsed {
  bool good = false;
  Config config;
  ConfigError error;
};

Parsed Parse(std::string_view table, const std::string& lines) {
  std::string toml;
  if (table == "dataset") {
    toml = "[dataset]\n" + lines;
    if (lines.find("path = ") == std::string::npos) toml += "path = \"x\"\n";
  } else {
    toml = "[dataset]\npath = \"x\"\n";
    if (table == "mix") {
      toml += "[[mix]]\n" + lines;
    } else if (!table.empty()) {
      toml += "[" + std::string(table) + "]\n" + lines;
    }
  }
  Parsed parsed;
  parsed.good = ParseConfig({.text = toml}, &parsed.config, &parsed.error);
  return parsed;
}

std::string Line(std::string_view key, const std::string& value) {
  return std::string(key) + " = " + value + "\n";
}

// An example of a value, for keys without a default.
std::string ExampleOf(const KeySpec& key) {
  if (!key.default_json.empty()) return std::string(key.default_json);
  if (key.kind == "texts") return key.key == "ops" ? "[\"rotate\"]" : "[\"a\", \"b\"]";
  if (key.kind == "path" || key.kind == "paths") return "\"x\"";
  if (key.kind == "text") return "\"train\"";
  if (key.kind == "shares") return "{ train = 0.5 }";
  if (key.kind == "numbers") return key.key == "quantiles" ? "[0.5]" : "[0.5, 0.5, 0.5]";
  if (key.kind == "pair") return "[0.2, 0.5]";
  if (key.kind == "int") return "1";
  ADD_FAILURE() << key.key << " has neither a default nor an example";
  return "";
}

bool IsGood(const Parsed& parsed) {
  return parsed.good || parsed.error.code == Code::kNotInThisVersion;
}

// Every word, and every bound with what lies beyond it, against the parser.
void CheckValues(std::string_view table, const KeySpec& key, const std::string& before) {
  SCOPED_TRACE(std::string(table) + "." + std::string(key.key));
  const auto parse = [&](const std::string& value) {
    return Parse(table, before + Line(key.key, value) + Company(table, key.key));
  };
  EXPECT_FALSE(key.doc.empty());
  const Parsed example = parse(ExampleOf(key));
  EXPECT_TRUE(IsGood(example)) << example.error.text;
  for (const std::string_view word : key.words) {
    const Parsed parsed = parse('"' + std::string(word) + '"');
    EXPECT_TRUE(IsGood(parsed)) << parsed.error.text;
  }
  if (!key.words.empty()) {
    EXPECT_EQ(parse("\"no_such_word\"").error.code, Code::kConfigValue);
  }
  if (key.kind == "bool") {
    EXPECT_EQ(parse("1").error.code, Code::kConfigType);
  }
  if (key.kind != "int" && key.kind != "number") return;
  const bool is_int = key.kind == "int";
  const auto text = [&](double value) {
    if (value >= 9e18) return std::string("9223372036854775807");
    char digits[40];
    snprintf(digits, sizeof digits, is_int ? "%.0f" : "%.17g", value);
    return std::string(digits);
  };
  const double least = key.bounds.low;
  const double most = key.bounds.high;
  ASSERT_LT(least, most);
  EXPECT_TRUE(IsGood(parse(text(least)))) << parse(text(least)).error.text;
  EXPECT_TRUE(IsGood(parse(text(most)))) << parse(text(most)).error.text;
  EXPECT_EQ(parse(text(is_int ? least - 1 : least - std::max(1e-7, 1e-3 * least))).error.code,
            Code::kConfigValue);
  if (most < 9e18) {
    EXPECT_EQ(parse(text(is_int ? most + 1 : most * 1.001)).error.code, Code::kConfigValue);
  }
}

// The parser's list of keys, from its source: what has toml++ in it is included nowhere else.
std::set<std::string> KeysInSource(const std::string& file, const std::string& list) {
  std::ifstream in(std::string(HEADRACE_SOURCE_DIR) + "/loader/" + file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const size_t begin = text.find(" " + list + "[] = {");
  EXPECT_NE(begin, std::string::npos) << list << " is not in " << file;
  if (begin == std::string::npos) return {};
  const std::string body = text.substr(begin, text.find("};", begin) - begin);
  std::set<std::string> keys;
  for (size_t from = body.find('"'); from != std::string::npos;) {
    const size_t to = body.find('"', from + 1);
    keys.insert(body.substr(from + 1, to - from - 1));
    from = to == std::string::npos ? to : body.find('"', to + 1);
  }
  return keys;
}

TEST(ConfigSchemaTest, HasTheKeysOfEveryTable) {
  const std::string tables = "config_toml_tables.cc";
  std::set<std::string> names;
  for (const TableSpec& table : PlainTables()) {
    names.insert(std::string(table.table));
    std::string list = "k" + std::string(table.table) + "Keys";
    list[1] = static_cast<char>(std::toupper(list[1]));
    std::set<std::string> keys;
    for (const KeySpec& key : table.keys) keys.insert(std::string(key.key));
    EXPECT_EQ(keys.size(), table.keys.size()) << table.table << " has a key twice";
    EXPECT_EQ(keys, KeysInSource(table.table == "search" ? "config_toml_reader.h" : tables, list));
  }
  std::set<std::string> roots = KeysInSource(tables, "kRootKeys");
  EXPECT_EQ(roots.erase("augment") + roots.erase("mix"), 2u);
  EXPECT_EQ(names, roots);
}

TEST(ConfigSchemaTest, ValuesAreWhatTheParserTakes) {
  for (const TableSpec& table : PlainTables()) {
    for (const KeySpec& key : table.keys) {
      if (key.kind == "bytes" || key.kind == "rank" || key.kind == "alpha") {
        const Parsed parsed = Parse(table.table, Line(key.key, std::string(key.default_json)));
        EXPECT_TRUE(parsed.good) << parsed.error.text;
      } else if (key.key != "channels" && !(table.table == "search" && key.key == "space")) {
        CheckValues(table.table, key, "");
      }
    }
  }
}

TEST(ConfigSchemaTest, MixEntriesTakeTheirKeysAndNoOthers) {
  for (const MixSpec& mix : MixEntries()) {
    EXPECT_FALSE(mix.doc.empty());
    const std::string op = Line("op", '"' + std::string(mix.op) + '"');
    for (const KeySpec& key : mix.keys) CheckValues("mix", key, op);
    for (const KeySpec& key : CommonMixKeys()) {
      // A weight of 0 leaves nothing to choose, and op is there already.
      if (key.key == "op" || key.key == "weight") continue;
      CheckValues("mix", key, op);
    }
  }
  // Words and keys that the parser has and the schema has not would be told by it.
  const Parsed unknown = Parse("mix", "op = \"no_such_mix\"\n");
  for (const MixSpec& mix : MixEntries()) {
    EXPECT_NE(unknown.error.text.find(mix.op), std::string::npos) << unknown.error.text;
  }
}

// Writing a default down changes nothing.
TEST(ConfigSchemaTest, DefaultsAreTheParsers) {
  const auto loader_of = [](const Config& c) {
    const LoaderConfig& l = c.loader;
    return std::tuple(l.batch_size, l.shuffle, l.shuffle_window, l.seed, l.workers,
                      l.prefetch_batches, l.tail, l.on_corrupt, l.corrupt_budget, l.max_host_bytes,
                      l.rank, l.world_size, l.reader, l.direct_io, l.cache, l.weights,
                      l.epoch_samples, l.quarantine);
  };
  const auto limits_of = [](const Config& c) {
    const Limits& l = c.limits;
    return std::tuple(l.max_pixels, l.max_side, l.max_decoded_bytes, l.max_encoded_bytes,
                      l.jpeg_scans, l.jpeg_memory, l.scratch_pixels);
  };
  const auto search_of = [](const Config& c) {
    const SearchConfig& s = c.search;
    return std::tuple(s.space, s.profile, s.ops, s.sub_policies, s.num_ops, s.probabilities,
                      s.bins);
  };
  const Config usual = Parse("", "").config;
  for (const TableSpec& table : PlainTables()) {
    for (const KeySpec& key : table.keys) {
      if (key.default_json.empty()) continue;
      const Parsed parsed = Parse(table.table, Line(key.key, std::string(key.default_json)));
      ASSERT_TRUE(parsed.good) << parsed.error.text;
      EXPECT_EQ(HashConfig(parsed.config), HashConfig(usual)) << key.key;
      EXPECT_EQ(loader_of(parsed.config), loader_of(usual)) << key.key;
      EXPECT_EQ(limits_of(parsed.config), limits_of(usual)) << key.key;
      EXPECT_EQ(search_of(parsed.config), search_of(usual)) << key.key;
      EXPECT_EQ(parsed.config.dataset.source, usual.dataset.source);
      EXPECT_EQ(parsed.config.output.pin, usual.output.pin);
      EXPECT_EQ(parsed.config.decode.checkpoints, usual.decode.checkpoints);
    }
  }
  for (const MixSpec& mix : MixEntries()) {
    const std::string op = Line("op", '"' + std::string(mix.op) + '"');
    const ConfigHashes entry = HashConfig(Parse("mix", op).config);
    const auto check = [&](const KeySpec& key) {
      if (key.default_json.empty()) return;
      const Parsed parsed = Parse("mix", op + Line(key.key, std::string(key.default_json)));
      ASSERT_TRUE(parsed.good) << parsed.error.text;
      EXPECT_EQ(HashConfig(parsed.config), entry) << mix.op << "." << key.key;
    };
    for (const KeySpec& key : mix.keys) check(key);
    for (const KeySpec& key : CommonMixKeys()) check(key);
  }
}

// docs/ops.md has the same words.
// Markdown with its links as their words, without backslashes before bars, and with one space for
// any white space. (g++ 12 takes std::regex for uninitialised under AddressSanitizer.)
std::string AsPlainText(const std::string& markdown) {
  std::string text;
  for (size_t i = 0; i < markdown.size(); ++i) {
    const char c = markdown[i];
    const bool is_space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (c == '\\' && markdown.compare(i + 1, 1, "|") == 0) continue;
    if (is_space && !text.empty() && text.back() == ' ') continue;
    const size_t words_end = c == '[' ? markdown.find_first_of("]\n", i) : std::string::npos;
    if (words_end != std::string::npos && markdown.compare(words_end, 2, "](") == 0) {
      const size_t link_end = markdown.find_first_of(")\n", words_end);
      if (link_end != std::string::npos && markdown[link_end] == ')') {
        text += AsPlainText(markdown.substr(i + 1, words_end - i - 1));
        i = link_end;
        continue;
      }
    }
    text += is_space ? ' ' : c;
  }
  return text;
}

TEST(ConfigSchemaTest, EveryOpAndParameterHasItsLine) {
  std::ifstream file(HEADRACE_SOURCE_DIR "/docs/ops.md");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  text = AsPlainText(text);
  for (const OpSpec& op : AllOps()) {
    const std::string doc(OpDoc(op.name));
    EXPECT_FALSE(doc.empty()) << op.name;
    EXPECT_NE(text.find("### " + std::string(op.name) + " " + doc), std::string::npos)
        << op.name << ": " << doc;
    for (const ParamSpec& param : op.params) {
      const std::string meaning(ParamDoc(op.name, param.name));
      EXPECT_FALSE(meaning.empty()) << op.name << "." << param.name;
      EXPECT_NE(text.find("| " + meaning + " |"), std::string::npos)
          << op.name << "." << param.name << ": " << meaning;
    }
  }
  EXPECT_TRUE(OpDoc("no_such_op").empty());
  EXPECT_TRUE(ParamDoc("invert", "no_such_parameter").empty());
}

}  // namespace
}  // namespace headrace::loader
