// Good configurations: the values that come out.
#include "loader/config.h"

#include <fstream>

#include "config_parse.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kAllDefaults = R"(
[dataset]
source = "folder"
path = "data/train"

[loader]
batch_size = 256
shuffle = "full"
seed = 0
workers = 0
prefetch_batches = 3
tail = "drop"
on_corrupt = "substitute"
corrupt_budget = 0.01
max_host_bytes = "2GiB"
rank = "auto"
reader = "auto"

[output]
dtype = "f32"
layout = "nchw"
channels = 3
labels = "auto"
pin = "auto"

[decode]
jpeg = "fast"
checkpoints = "auto"
exif = true
alpha = "drop"

[limits]
max_pixels = 178956970
max_side = 65535
max_decoded_bytes = "512MiB"
max_encoded_bytes = "256MiB"
jpeg_scans = 32
jpeg_memory = "256MiB"
scratch_pixels = 16777216
)";

// Spells a configuration out, so that two can be compared and a difference can be read.
std::string Spell(const Config& config) {
  std::ostringstream out;
  const auto list = [&](const auto& values) {
    for (const auto& value : values) out << value << ' ';
    out << "| ";
  };
  const DatasetConfig& d = config.dataset;
  out << static_cast<int>(d.source) << ' ';
  list(d.path);
  list(d.classes);
  const LoaderConfig& l = config.loader;
  out << l.batch_size << ' ' << static_cast<int>(l.shuffle) << ' ' << l.seed << ' ' << l.workers
      << ' ' << l.prefetch_batches << ' ' << static_cast<int>(l.tail) << ' '
      << static_cast<int>(l.on_corrupt) << ' ' << l.corrupt_budget << ' ' << l.max_host_bytes << ' '
      << l.rank.has_value() << l.world_size.has_value() << ' ' << static_cast<int>(l.reader)
      << " | ";
  const OutputConfig& o = config.output;
  out << static_cast<int>(o.dtype) << ' ' << static_cast<int>(o.layout) << ' ' << o.channels << ' '
      << o.mean.has_value() << o.std.has_value() << ' ' << static_cast<int>(o.labels) << ' '
      << static_cast<int>(o.pin) << " | ";
  const DecodeConfig& c = config.decode;
  out << static_cast<int>(c.jpeg) << ' ' << c.checkpoints << ' ' << c.exif << ' '
      << c.background.has_value() << " | ";
  const Limits& m = config.limits;
  out << m.max_pixels << ' ' << m.max_side << ' ' << m.max_decoded_bytes << ' '
      << m.max_encoded_bytes << ' ' << m.jpeg_scans << ' ' << m.jpeg_memory << ' '
      << m.scratch_pixels << " | " << config.augment.size() << ' ' << config.mix.size();
  return out.str();
}

TEST(ConfigTest, TheWrittenOutDefaultsAreTheDefaults) {
  const Parsed all = Parse(kAllDefaults);
  ASSERT_TRUE(all.good) << all.error.text;
  Config expected;
  expected.dataset.path = {"/sets/data/train"};
  EXPECT_EQ(Spell(all.config), Spell(expected));
  EXPECT_EQ(all.config.file, "train.toml");
}

TEST(ConfigTest, APathAloneIsAConfiguration) {
  const Parsed least = Parse("dataset.path = \"data/train\"");
  ASSERT_TRUE(least.good) << least.error.text;
  EXPECT_EQ(Spell(least.config), Spell(Parse(kAllDefaults).config));
}

TEST(ConfigTest, ParsingAgainForgetsWhatWasThere) {
  ConfigSource source;
  source.text = "[dataset]\npath = \"a\"\n[[mix]]\nop = \"mixup\"\n";
  Config config;
  ConfigError error;
  ASSERT_TRUE(ParseConfig(source, &config, &error)) << error.text;
  ASSERT_TRUE(ParseConfig(source, &config, &error)) << error.text;
  EXPECT_EQ(config.mix.size(), 1u);
  EXPECT_EQ(config.dataset.path, std::vector<std::string>{"a"});
}

TEST(ConfigTest, PathsAreRelativeToTheFolderOfTheFile) {
  EXPECT_EQ(Parse("dataset.path = \"/abs/x\"").config.dataset.path[0], "/abs/x");
  EXPECT_EQ(Parse("dataset.path = \"../x\"").config.dataset.path[0], "/sets/../x");
}

TEST(ConfigTest, EveryWordOfEveryEnumIsRead) {
  const auto loader = [](const std::string& line) {
    const Parsed parsed = ParseBody("[loader]\n" + line);
    EXPECT_TRUE(parsed.good) << parsed.error.text;
    return parsed.config.loader;
  };
  EXPECT_EQ(loader("shuffle = \"full\"").shuffle, Shuffle::kFull);
  EXPECT_EQ(loader("shuffle = \"none\"").shuffle, Shuffle::kNone);
  EXPECT_EQ(loader("tail = \"drop\"").tail, Tail::kDrop);
  EXPECT_EQ(loader("tail = \"pad\"").tail, Tail::kPad);
  EXPECT_EQ(loader("tail = \"exact\"").tail, Tail::kExact);
  EXPECT_EQ(loader("on_corrupt = \"error\"").on_corrupt, OnCorrupt::kError);
  EXPECT_EQ(loader("on_corrupt = \"mark\"").on_corrupt, OnCorrupt::kMark);
  EXPECT_EQ(loader("on_corrupt = \"substitute\"").on_corrupt, OnCorrupt::kSubstitute);
  EXPECT_EQ(loader("reader = \"auto\"").reader, io::ReaderChoice::kAuto);
  EXPECT_EQ(loader("reader = \"uring\"").reader, io::ReaderChoice::kUring);
  EXPECT_EQ(loader("reader = \"pread\"").reader, io::ReaderChoice::kPread);

  const auto output = [](const std::string& line) {
    const Parsed parsed = ParseBody("[output]\n" + line);
    EXPECT_TRUE(parsed.good) << parsed.error.text;
    return parsed.config.output;
  };
  EXPECT_EQ(output("dtype = \"u8\"").dtype, simd::Dtype::kU8);
  EXPECT_EQ(output("dtype = \"f16\"").dtype, simd::Dtype::kF16);
  EXPECT_EQ(output("dtype = \"bf16\"").dtype, simd::Dtype::kBF16);
  EXPECT_EQ(output("dtype = \"f32\"").dtype, simd::Dtype::kF32);
  EXPECT_EQ(output("layout = \"nchw\"").layout, simd::Layout::kNchw);
  EXPECT_EQ(output("layout = \"nhwc\"").layout, simd::Layout::kNhwc);
  EXPECT_EQ(output("labels = \"index\"").labels, Labels::kIndex);
  EXPECT_EQ(output("labels = \"soft\"").labels, Labels::kSoft);
  EXPECT_EQ(output("pin = \"none\"").pin, Pin::kNone);
  EXPECT_EQ(output("pin = \"lock\"").pin, Pin::kLock);

  EXPECT_EQ(ParseBody("").config.loader.cache, Cache::kNone);
  EXPECT_EQ(ParseBody("[loader]\ncache = \"memory\"").config.loader.cache, Cache::kMemory);
  EXPECT_EQ(ParseBody("[loader]\nquarantine = \"bad.tsv\"").config.loader.quarantine,
            "/sets/bad.tsv");
  EXPECT_EQ(ParseBody("[loader]\nquarantine = \"/bad.tsv\"").config.loader.quarantine, "/bad.tsv");

  EXPECT_EQ(ParseBody("decode.jpeg = \"x\"").good, false);
  EXPECT_EQ(ParseBody("[decode]\njpeg = \"exact\"").config.decode.jpeg, JpegMode::kExact);
  EXPECT_EQ(ParseBody("[decode]\ncheckpoints = \"off\"").config.decode.checkpoints, "off");
  EXPECT_EQ(ParseBody("[decode]\ncheckpoints = \"/var/cache\"").config.decode.checkpoints,
            "/var/cache");
  EXPECT_EQ(ParseBody("[decode]\ncheckpoints = \"cache/x\"").config.decode.checkpoints,
            "/sets/cache/x");
}

TEST(ConfigTest, NumbersListsAndFlagsAreRead) {
  const Parsed parsed = ParseBody(R"(classes = ["cat", "dog"]
[loader]
batch_size = 64
seed = 9223372036854775807
workers = 5
prefetch_batches = 1
corrupt_budget = 1
rank = 2
world_size = 3
[output]
mean = [0.485, 0.456, 0.406]
std = [1, 2, 0.5]
[decode]
exif = false
alpha = [255, 0, 7]
[limits]
max_pixels = 1000
max_side = 100
jpeg_scans = 3
scratch_pixels = 4096
)");
  ASSERT_TRUE(parsed.good) << parsed.error.text;
  const Config& c = parsed.config;
  EXPECT_EQ(c.dataset.classes, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(c.loader.batch_size, 64u);
  EXPECT_EQ(c.loader.seed, 9223372036854775807u);
  EXPECT_EQ(c.loader.workers, 5u);
  EXPECT_EQ(c.loader.prefetch_batches, 1u);
  EXPECT_EQ(c.loader.corrupt_budget, 1.0);
  EXPECT_EQ(c.loader.rank, 2u);
  EXPECT_EQ(c.loader.world_size, 3u);
  EXPECT_EQ(c.output.mean, (std::vector<double>{0.485, 0.456, 0.406}));
  EXPECT_EQ(c.output.std, (std::vector<double>{1, 2, 0.5}));
  EXPECT_FALSE(c.decode.exif);
  EXPECT_EQ(c.decode.background, (std::vector<uint8_t>{255, 0, 7}));
  EXPECT_EQ(c.limits.max_pixels, 1000u);
  EXPECT_EQ(c.limits.max_side, 100u);
  EXPECT_EQ(c.limits.jpeg_scans, 3u);
  EXPECT_EQ(c.limits.scratch_pixels, 4096u);
}

TEST(ConfigTest, SizesTakeUnitsOrPlainNumbers) {
  const auto bytes = [](const std::string& value) {
    const Parsed parsed = ParseBody("[limits]\njpeg_memory = " + value);
    return parsed.good ? parsed.config.limits.jpeg_memory : 0;
  };
  EXPECT_EQ(bytes("100000"), 100000u);
  EXPECT_EQ(bytes("\"100000\""), 100000u);
  EXPECT_EQ(bytes("\"5B\""), 5u);
  EXPECT_EQ(bytes("\"3KiB\""), 3072u);
  EXPECT_EQ(bytes("\"2MiB\""), uint64_t{2} << 20);
  EXPECT_EQ(bytes("\"2 GiB\""), uint64_t{2} << 30);
  EXPECT_EQ(bytes("\"1TiB\""), uint64_t{1} << 40);
  for (const char* bad :
       {"0", "-1", "\"0MiB\"", "\"\"", "\"MiB\"", "\"-2MiB\"", "\"2  GiB\"", "\"2GiBs\"",
        "\"1.5GiB\"", "\"18446744073709551616\"", "\"99999999999999TiB\"", "\"2gib\"", "2.5"}) {
    EXPECT_EQ(bytes(bad), 0u) << bad;
  }
}

TEST(ConfigTest, MeanAndStdStandAlone) {
  EXPECT_TRUE(ParseBody("[output]\nmean = [0, 0, 0]\n").good);
  EXPECT_TRUE(ParseBody("[output]\nstd = [1, 1, 1]\n").good);
}

TEST(ConfigTest, MixEntriesAreRead) {
  const Parsed parsed = ParseBody(R"([[mix]]
op = "mixup"
[[mix]]
op = "cutmix"
[[mix]]
op = "cutmix"
alpha = 0.5
weight = 3
p = 0.25
mode = "batch"
partner = "perm"
label_smoothing = 0.1
correct_lam = false
minmax = [0.2, 0.8]
)");
  ASSERT_TRUE(parsed.good) << parsed.error.text;
  ASSERT_EQ(parsed.config.mix.size(), 3u);
  const MixConfig& mixup = parsed.config.mix[0];
  EXPECT_EQ(mixup.op, "mixup");
  EXPECT_EQ(mixup.alpha, 0.2);
  EXPECT_EQ(mixup.weight, 1.0);
  EXPECT_EQ(mixup.p, 1.0);
  EXPECT_EQ(mixup.mode, MixMode::kBatch);
  EXPECT_EQ(mixup.partner, MixPartner::kRoll);
  EXPECT_EQ(mixup.label_smoothing, 0.0);
  EXPECT_TRUE(mixup.correct_lam);
  EXPECT_FALSE(mixup.minmax.has_value());
  EXPECT_EQ(mixup.line, 3);
  EXPECT_EQ(parsed.config.mix[1].alpha, 1.0);
  const MixConfig& cutmix = parsed.config.mix[2];
  EXPECT_EQ(cutmix.alpha, 0.5);
  EXPECT_EQ(cutmix.weight, 3.0);
  EXPECT_EQ(cutmix.p, 0.25);
  EXPECT_EQ(cutmix.partner, MixPartner::kPerm);
  EXPECT_EQ(cutmix.label_smoothing, 0.1);
  EXPECT_FALSE(cutmix.correct_lam);
  EXPECT_EQ(cutmix.minmax, (Range{0.2, 0.8}));
  EXPECT_EQ(ParseBody("[[mix]]\nop = \"mixup\"\npartner = \"flip\"").config.mix[0].partner,
            MixPartner::kFlip);
}

TEST(ConfigTest, RmixKeepsWhatItIsTold) {
  const Parsed plain = ParseBody("[[mix]]\nop = \"rmix\"");
  ASSERT_EQ(plain.config.mix.size(), 1u) << plain.error.text;
  EXPECT_EQ(plain.config.mix[0].alpha, 0.2);
  EXPECT_EQ(plain.config.mix[0].rmix.patches, (std::vector<uint32_t>{2, 4}));
  EXPECT_TRUE(plain.config.mix[0].rmix.quantiles.empty());
  EXPECT_EQ(plain.config.mix[0].rmix.pairing, RmixPairing::kMatching);
  EXPECT_EQ(plain.config.mix[0].rmix.saliency, RmixSaliency::kSr);
  EXPECT_TRUE(plain.config.mix[0].rmix.centre_prior);
  const Parsed told = ParseBody(
      "saliency_maps = \"maps.npy\"\n[[mix]]\nop = \"rmix\"\npatches = [3]\nquantiles = [0, 0.5]\n"
      "pairing = \"permute\"\nlam_per_pair = true\nsaliency = \"maps\"\ncentre_prior = false");
  ASSERT_EQ(told.config.mix.size(), 1u) << told.error.text;
  const RmixConfig& rmix = told.config.mix[0].rmix;
  EXPECT_EQ(rmix.patches, (std::vector<uint32_t>{3}));
  EXPECT_EQ(rmix.quantiles, (std::vector<double>{0, 0.5}));
  EXPECT_EQ(rmix.pairing, RmixPairing::kPermute);
  EXPECT_TRUE(rmix.lam_per_pair);
  EXPECT_EQ(rmix.saliency, RmixSaliency::kMaps);
  EXPECT_FALSE(rmix.centre_prior);
  EXPECT_TRUE(told.config.dataset.saliency_maps.ends_with("maps.npy"));
}

TEST(ConfigTest, AFileIsReadAndItsFolderIsTheBase) {
  std::string folder = testing::TempDir();
  while (folder.ends_with("/")) folder.pop_back();
  const std::string path = folder + "/config_test.toml";
  std::ofstream(path) << "[dataset]\npath = \"x\"\n";
  Config config;
  ConfigError error;
  const std::vector<std::string> overrides = {"loader.batch_size=7"};
  ASSERT_TRUE(ParseConfigFile(path, overrides, &config, &error)) << error.text;
  EXPECT_EQ(config.dataset.path[0], folder + "/x");
  EXPECT_EQ(config.loader.batch_size, 7u);
  EXPECT_EQ(config.file, path);
  EXPECT_EQ(error.code, Code::kOk);
  unlink(path.c_str());
}

}  // namespace
}  // namespace headrace::loader
