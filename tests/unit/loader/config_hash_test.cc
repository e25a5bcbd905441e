// Which keys decide the bytes of a run: each one, changed alone.
#include "loader/config_hash.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "loader/config_ops.h"
#include "loader/config_toml.h"

namespace headrace::loader {
namespace {

constexpr char kBase[] =
    "[dataset]\npath = \"x\"\n[[augment]]\nop = \"random_resized_crop\"\nsize = 8\n"
    "[[augment]]\nop = \"random_horizontal_flip\"\n[[mix]]\nop = \"cutmix\"\n";

Config Parse(const std::string& text) {
  Config config;
  ConfigError error;
  EXPECT_TRUE(ParseConfig({.text = text}, &config, &error)) << error.text;
  return config;
}

// The keys that the parser knows, out of its source: what stands in "kLoaderKeys[] = {...};".
std::set<std::string> KeysOf(const std::string& file, const std::string& list) {
  std::ifstream in(std::string(HEADRACE_SOURCE_DIR) + "/loader/" + file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const size_t begin = text.find(" " + list + "[] = {");
  EXPECT_NE(begin, std::string::npos) << list << " is not in " << file;
  const std::string body = text.substr(begin, text.find("};", begin) - begin);
  std::set<std::string> keys;
  for (size_t open = body.find('"'); open != body.npos;) {
    const size_t close = body.find('"', open + 1);
    keys.insert(body.substr(open + 1, close - open - 1));
    open = body.find('"', close + 1);
  }
  EXPECT_GT(keys.size(), 3u) << list;
  return keys;
}

struct Change {
  bool matters = false;
  std::function<void(Config&)> make;
};
using Changes = std::map<std::string, Change>;

// Every key of a table is in the list, and changes the hash if and only if the list says so.
void Check(const std::string& table, const std::set<std::string>& keys, const Changes& changes) {
  const Config before = Parse(kBase);
  for (const std::string& key : keys) {
    const auto found = changes.find(key);
    ASSERT_NE(found, changes.end())
        << table << " " << key << " is new: say in config_hash.cc whether it decides bytes";
    Config after = before;
    found->second.make(after);
    EXPECT_EQ(HashConfig(before).Together() != HashConfig(after).Together(), found->second.matters)
        << table << " " << key;
  }
}

TEST(ConfigHashTest, TheDataSetIsKnownByItsSamples) {
  const auto set = [](auto member, auto value) {
    return Change{false, [=](Config& c) { c.dataset.*member = value; }};
  };
  using D = DatasetConfig;
  Check("[dataset]", KeysOf("config_toml_tables.cc", "kDatasetKeys"),
        {{"source", set(&D::source, Source::kCoco)},
         {"path", set(&D::path, std::vector<std::string>{"elsewhere"})},
         {"classes", set(&D::classes, std::vector<std::string>{"a"})},
         {"annotations", set(&D::annotations, "a.json")},
         {"masks", set(&D::masks, "masks")},
         {"saliency_maps", set(&D::saliency_maps, "maps.npy")},
         {"include", set(&D::include, "ids.txt")},
         {"split", set(&D::split, "train")},
         {"of", set(&D::split_of, std::vector<std::pair<std::string, double>>{{"train", 0.5}})}});
}

TEST(ConfigHashTest, OfTheLoaderOnlyTheOrderCounts) {
  const auto set = [](bool matters, auto member, auto value) {
    return Change{matters, [=](Config& c) { c.loader.*member = value; }};
  };
  using L = LoaderConfig;
  Check("[loader]", KeysOf("config_toml_tables.cc", "kLoaderKeys"),
        {{"batch_size", set(false, &L::batch_size, 3u)},
         {"shuffle", set(true, &L::shuffle, Shuffle::kNone)},
         {"shuffle_window", set(false, &L::shuffle_window, 3u)},  // shuffle is "full"
         {"seed", set(true, &L::seed, uint64_t{3})},
         {"workers", set(false, &L::workers, 3u)},
         {"prefetch_batches", set(false, &L::prefetch_batches, 7u)},
         {"tail", set(false, &L::tail, Tail::kPad)},
         {"on_corrupt", set(false, &L::on_corrupt, OnCorrupt::kMark)},
         {"corrupt_budget", set(false, &L::corrupt_budget, 1.0)},
         {"max_host_bytes", set(false, &L::max_host_bytes, uint64_t{1} << 31)},
         {"rank", set(false, &L::rank, 1u)},
         {"world_size", set(false, &L::world_size, 2u)},
         {"reader", set(false, &L::reader, io::ReaderChoice::kPread)},
         {"direct_io", set(false, &L::direct_io, DirectIo::kOn)},
         {"cache", set(false, &L::cache, Cache::kMemory)},
         {"weights", set(true, &L::weights, Weights::kBalanced)},
         {"epoch_samples", set(false, &L::epoch_samples, uint64_t{3})},  // no weights
         {"quarantine", set(false, &L::quarantine, "bad.tsv")}});
}

TEST(ConfigHashTest, TheWindowCountsWhereItIsUsed) {
  Config config = Parse(kBase);
  config.loader.shuffle = Shuffle::kBlock;
  const ConfigHashes before = HashConfig(config);
  config.loader.shuffle_window += 1;
  EXPECT_NE(HashConfig(config).order, before.order);
  EXPECT_EQ(HashConfig(config).mix, before.mix);
}

TEST(ConfigHashTest, TheOutputCountsButForItsMemory) {
  const auto set = [](bool matters, auto member, auto value) {
    return Change{matters, [=](Config& c) { c.output.*member = value; }};
  };
  using O = OutputConfig;
  Check("[output]", KeysOf("config_toml_tables.cc", "kOutputKeys"),
        {{"dtype", set(true, &O::dtype, simd::Dtype::kF16)},
         {"layout", set(true, &O::layout, simd::Layout::kNhwc)},
         {"channels", set(true, &O::channels, 1u)},
         {"mean", set(true, &O::mean, std::vector<double>{0.1, 0.2, 0.3})},
         {"std", set(true, &O::std, std::vector<double>{0.1, 0.2, 0.3})},
         {"labels", set(true, &O::labels, Labels::kSoft)},
         {"pin", set(false, &O::pin, Pin::kNone)},
         {"keep_u8", set(true, &O::keep_u8, true)}});
}

TEST(ConfigHashTest, DecodingCountsButForItsCheckpoints) {
  const auto set = [](bool matters, auto member, auto value) {
    return Change{matters, [=](Config& c) { c.decode.*member = value; }};
  };
  using D = DecodeConfig;
  Check("[decode]", KeysOf("config_toml_tables.cc", "kDecodeKeys"),
        {{"jpeg", set(true, &D::jpeg, JpegMode::kExact)},
         {"checkpoints", set(false, &D::checkpoints, "off")},
         {"exif", set(true, &D::exif, false)},
         {"alpha", set(true, &D::background, std::vector<uint8_t>{0, 0, 0})}});
}

TEST(ConfigHashTest, LimitsDoNotCount) {
  const Config before = Parse(kBase);
  Config after = before;
  after.limits.max_pixels = 5;
  after.limits.max_side = 5;
  after.limits.max_encoded_bytes = 5;
  after.file = "elsewhere.toml";
  EXPECT_EQ(HashConfig(before), HashConfig(after));
}

template <class T>
T Changed(const T& value) {
  T changed = value;
  if constexpr (std::is_same_v<T, bool>) {
    changed = !value;
  } else if constexpr (std::is_same_v<T, std::string>) {
    changed += "x";
  } else if constexpr (std::is_same_v<T, Range>) {
    changed.high += 0.25;
  } else if constexpr (std::is_same_v<T, std::vector<double>>) {
    changed.push_back(0);
  } else {
    changed += 1;
  }
  return changed;
}

TEST(ConfigHashTest, EveryParameterOfEveryOpCounts) {
  size_t params = 0;
  for (const OpSpec& spec : AllOps()) {
    Config config;
    OpConfig op;
    op.op = spec.name;
    for (const ParamSpec& param : spec.params) op.params[std::string(param.name)] = 1.0;
    config.augment = {op};
    const ConfigHashes before = HashConfig(config);
    for (const ParamSpec& param : spec.params) {
      Config changed = config;
      changed.augment[0].params[std::string(param.name)] = 2.0;
      EXPECT_NE(HashConfig(changed).augment, before.augment) << spec.name << " " << param.name;
      changed.augment[0].params.erase(std::string(param.name));
      EXPECT_NE(HashConfig(changed).augment, before.augment) << spec.name << " " << param.name;
      ++params;
    }
  }
  EXPECT_GT(params, 100u);
}

TEST(ConfigHashTest, EveryKindOfParameterCountsByItsValue) {
  for (const ParamValue& value :
       {ParamValue(true), ParamValue(int64_t{3}), ParamValue(0.5), ParamValue(std::string("word")),
        ParamValue(Range{0.5, 1}), ParamValue(std::vector<double>{1, 2})}) {
    Config config;
    config.augment = {OpConfig{.op = "pad", .params = {{"x", value}}}};
    Config changed = config;
    std::visit([&](const auto& held) { changed.augment[0].params["x"] = Changed(held); }, value);
    EXPECT_NE(HashConfig(config), HashConfig(changed)) << value.index();
  }
}

TEST(ConfigHashTest, OfAnOpWhatStandsBesideTheParametersCounts) {
  const Config before = Parse(kBase);
  const auto differs = [&](const std::function<void(std::vector<OpConfig>&)>& change) {
    Config after = before;
    change(after.augment);
    return HashConfig(before).augment != HashConfig(after).augment;
  };
  EXPECT_TRUE(differs([](auto& ops) { ops[1].p = 0.25; }));
  EXPECT_TRUE(differs([](auto& ops) { ops[1].only_classes = {"a"}; }));
  EXPECT_TRUE(differs([](auto& ops) { ops[1].except_classes = {"a"}; }));
  EXPECT_TRUE(differs([](auto& ops) { ops[1].remap = {{"left", "right"}}; }));
  EXPECT_TRUE(differs([](auto& ops) { ops.pop_back(); }));
  EXPECT_TRUE(differs([](auto& ops) { std::swap(ops[0], ops[1]); }));
  EXPECT_TRUE(differs([](auto& ops) { ops.push_back(ops[1]); }));
  EXPECT_FALSE(differs([](auto& ops) { ops[1].line = 77; }));
}

TEST(ConfigHashTest, OfAPolicyFileItsContentCountsAndNotItsPlace) {
  Config config;
  config.augment = {OpConfig{.op = "auto_augment",
                             .params = {{"policy", std::string("a.toml")}},
                             .policy = Policy{.sub_policies = {{{PolicyOp::kRotate, 0.5, 3}}}}}};
  Config moved = config;
  moved.augment[0].params["policy"] = std::string("b.toml");
  EXPECT_EQ(HashConfig(moved), HashConfig(config));
  for (const auto& change : std::vector<std::function<void(Policy&)>>{
           [](Policy& p) { p.bins = 31; }, [](Policy& p) { p.profile = PolicyProfile::kTf; },
           [](Policy& p) { p.sub_policies[0][0].op = PolicyOp::kInvert; },
           [](Policy& p) { p.sub_policies[0][0].p = 0.75; },
           [](Policy& p) { p.sub_policies[0][0].magnitude = 4; },
           [](Policy& p) { p.sub_policies.push_back(p.sub_policies[0]); }}) {
    Config changed = config;
    change(*changed.augment[0].policy);
    EXPECT_NE(HashConfig(changed), HashConfig(config));
  }
}

// Every key of [[mix]], by the op that takes it; without a member (solver, cache) there is one
// value.
TEST(ConfigHashTest, EveryKeyOfAMixCounts) {
  const auto set = [](auto member, auto value) {
    return Change{true, [=](Config& c) { c.mix[0].*member = value; }};
  };
  const auto rmix = [](auto member, auto value) {
    return Change{true, [=](Config& c) { c.mix[0].rmix.*member = value; }};
  };
  const auto ace = [](auto member, auto value) {
    return Change{true, [=](Config& c) { c.mix[0].ace.*member = value; }};
  };
  const Change none{false, [](Config&) {}};
  using M = MixConfig;
  using R = RmixConfig;
  using A = AceConfig;
  const Changes common = {{"op", set(&M::op, "mixup")},
                          {"alpha", set(&M::alpha, 0.75)},
                          {"weight", set(&M::weight, 2.0)},
                          {"p", set(&M::p, 0.5)},
                          {"mode", set(&M::mode, MixMode::kElement)},
                          {"partner", set(&M::partner, MixPartner::kPerm)},
                          {"label_smoothing", set(&M::label_smoothing, 0.5)},
                          {"correct_lam", set(&M::correct_lam, false)}};
  Check("mixup", KeysOf("config_toml_ops.cc", "kMixKeys"), common);
  Check("cutmix", {"minmax"}, {{"minmax", set(&M::minmax, Range{0, 1})}});
  Check("rmix", KeysOf("config_toml_ops.cc", "kRmixKeys"),
        {{"patches", rmix(&R::patches, std::vector<uint32_t>{4})},
         {"quantiles", rmix(&R::quantiles, std::vector<double>{0.5})},
         {"pairing", rmix(&R::pairing, RmixPairing::kPermute)},
         {"lam_per_pair", rmix(&R::lam_per_pair, true)},
         {"saliency", rmix(&R::saliency, RmixSaliency::kSobel)},
         {"centre_prior", rmix(&R::centre_prior, false)},
         {"cache", none}});
  Check("ace", KeysOf("config_toml_ops.cc", "kAceKeys"),
        {{"pieces", ace(&A::pieces, 3u)},
         {"bound", ace(&A::bound, 3.0)},
         {"steps", ace(&A::steps, 3u)},
         {"solver", none},
         {"step", ace(&A::step, AceStep::kSign)},
         {"kappa", ace(&A::kappa, 3.0)},
         {"freeze_on_success", ace(&A::freeze_on_success, false)},
         {"random_start", ace(&A::random_start, true)},
         {"chunk", ace(&A::chunk, 3u)},
         {"keep", ace(&A::keep, AceKeep::kBest)},
         {"final_eval", ace(&A::final_eval, true)}});
}

// What was saved by an earlier build must still be read: these numbers never change while
// docs/state.md says version 1. If one does, raise the version there and in state.cc.
TEST(ConfigHashTest, TheHashesOfAConfigurationAreTheseNumbers) {
  const ConfigHashes hashes = HashConfig(Parse(kBase));
  EXPECT_EQ(hashes.order, 0x4b2a11b60ac2eac9u);
  EXPECT_EQ(hashes.decode, 0x70c48d51f0531be0u);
  EXPECT_EQ(hashes.output, 0x76c4201aadc750b1u);
  EXPECT_EQ(hashes.augment, 0x651156fc279f834fu);
  EXPECT_EQ(hashes.mix, 0x45d7483faaf232b3u);
  EXPECT_EQ(hashes.Together(), 0xee10a74afc5aa55fu);
}

}  // namespace
}  // namespace headrace::loader
