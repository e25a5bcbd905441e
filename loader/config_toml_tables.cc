// The plain tables: [dataset], [loader], [output], [decode], [limits]; and the walk over a whole
// file, with [search].
#include <algorithm>
#include <cmath>

#include "loader/config_toml_reader.h"
#include "loader/epoch_samples.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kRootKeys[] = {"dataset", "loader",  "output", "decode",
                                          "limits",  "augment", "mix",    "search"};
constexpr std::string_view kDatasetKeys[] = {
    "source", "path", "classes", "annotations", "masks", "saliency_maps", "include", "split", "of"};
constexpr std::string_view kLoaderKeys[] = {"batch_size",     "shuffle",       "shuffle_window",
                                            "seed",           "workers",       "prefetch_batches",
                                            "tail",           "on_corrupt",    "corrupt_budget",
                                            "max_host_bytes", "rank",          "world_size",
                                            "reader",         "direct_io",     "cache",
                                            "weights",        "epoch_samples", "quarantine"};
constexpr std::string_view kOutputKeys[] = {"dtype", "layout", "channels", "mean",
                                            "std",   "labels", "pin",      "keep_u8"};
constexpr std::string_view kDecodeKeys[] = {"jpeg", "checkpoints", "exif", "alpha"};
constexpr std::string_view kLimitsKeys[] = {"max_pixels",        "max_side",   "max_decoded_bytes",
                                            "max_encoded_bytes", "jpeg_scans", "jpeg_memory",
                                            "scratch_pixels"};

constexpr TableKeys kTables[] = {{"dataset", kDatasetKeys}, {"loader", kLoaderKeys},
                                 {"output", kOutputKeys},   {"decode", kDecodeKeys},
                                 {"limits", kLimitsKeys},   {"search", kSearchKeys}};

// Words in the order of their enums.
constexpr ParamWord kSourceWords[] = {{"folder"}, {"tar"}, {"coco"}, {"manifest"}};
constexpr ParamWord kShuffleWords[] = {{"full"}, {"block"}, {"none"}};
constexpr ParamWord kTailWords[] = {{"drop"}, {"pad"}, {"exact"}};
constexpr ParamWord kCorruptWords[] = {{"error"}, {"mark"}, {"substitute"}};
constexpr ParamWord kDirectIoWords[] = {{"auto"}, {"on"}, {"off"}};
constexpr ParamWord kCacheWords[] = {{"none"}, {"memory"}};
constexpr ParamWord kWeightsWords[] = {{"none"}, {"balanced"}};
constexpr ParamWord kReaderWords[] = {{"auto"}, {"uring"}, {"pread"}};
constexpr ParamWord kDtypeWords[] = {{"u8"}, {"f16"}, {"bf16"}, {"f32"}};
constexpr ParamWord kLayoutWords[] = {{"nchw"}, {"nhwc"}};
constexpr ParamWord kLabelsWords[] = {{"auto"}, {"index"}, {"soft"}};
constexpr ParamWord kPinWords[] = {{"auto"}, {"none"}, {"lock"}, {"cuda", false}};
constexpr ParamWord kJpegWords[] = {{"fast"}, {"exact"}};

static_assert(static_cast<size_t>(Source::kManifest) == 3);
static_assert(static_cast<size_t>(Shuffle::kNone) == 2);
static_assert(static_cast<size_t>(Tail::kExact) == 2);
static_assert(static_cast<size_t>(DirectIo::kOff) == 2);
static_assert(static_cast<size_t>(Cache::kMemory) == 1);
static_assert(static_cast<size_t>(Weights::kBalanced) == 1);
static_assert(static_cast<size_t>(OnCorrupt::kSubstitute) == 2);
static_assert(static_cast<size_t>(io::ReaderChoice::kPread) == 2);
static_assert(static_cast<size_t>(simd::Dtype::kF32) == 3);
static_assert(static_cast<size_t>(simd::Layout::kNhwc) == 1);
static_assert(static_cast<size_t>(Labels::kSoft) == 2);
static_assert(static_cast<size_t>(Pin::kCuda) == 3);
static_assert(static_cast<size_t>(JpegMode::kExact) == 1);

// Bounds that keep products of a few of these far from 64 bits.
constexpr uint32_t kBatchSizeMax = 1u << 20;
constexpr uint32_t kWorkersMax = 4096;
constexpr uint32_t kPrefetchMax = 1024;
constexpr uint32_t kRanksMax = 1u << 20;
constexpr uint64_t kPixelsMax = uint64_t{1} << 40;
constexpr uint32_t kSideMax = 0x7fffffff;

// A folder is one path; shards may be a list.
bool ReadPath(const TableReader& table, DatasetConfig* dataset) {
  const auto value = table.Find("path");
  if (!value) return table.Missing("path", "the folder with one folder of images per class");
  std::vector<std::string> paths(1);
  const bool list_allowed = dataset->source == Source::kTar;
  if (value->node().is_array() && list_allowed) {
    if (!value->Texts(&paths)) return false;
  } else if (value->node().is_string()) {
    if (!value->Text(&paths[0])) return false;
  } else {
    return value->WrongType(list_allowed ? "a string or a list of strings" : "a string");
  }
  dataset->path.clear();
  for (const std::string& path : paths) dataset->path.push_back(table.document()->Resolve(path));
  return true;
}

// A path that may be left out.
bool ReadFile(const TableReader& table, std::string_view key, std::string* out) {
  const auto value = table.Find(key);
  if (!value) return true;
  if (!value->Text(out)) return false;
  *out = table.document()->Resolve(*out);
  return true;
}

// `split` names one of the parts that `of` lists with their shares.
bool ReadSplit(const TableReader& table, DatasetConfig* dataset) {
  const auto split = table.Find("split");
  const auto of = table.Find("of");
  std::string part;
  if (split && !split->Text(&part)) return false;
  if (of) {
    const toml::table* shares = of->node().as_table();
    if (shares == nullptr) return of->WrongType("a table of shares: { train = 0.9, val = 0.1 }");
    const TableReader reader(table.document(), "[dataset.of]", *shares);
    double sum = 0;
    for (const auto& [name, node] : *shares) {
      double share = 0;
      if (!reader.Number(name.str(), {0, 1, true}, &share)) return false;
      sum += share;
      dataset->split_of.emplace_back(name.str(), share);  // the library keeps names in byte order
    }
    // Shares such as 0.7 + 0.2 + 0.1 pass one by their rounding.
    if (shares->empty() || sum > 1 + 1e-9) return of->WrongValue("shares that add up to at most 1");
    if (split && !shares->contains(part)) return split->WrongValue("a name that `of` lists");
  }
  if (split && !of)
    return table.Missing("of", "the shares of the parts: { train = 0.9, val = 0.1 }");
  if (of && !split) return table.Missing("split", "the name of the part to read");
  dataset->split = part;
  return true;
}

bool ReadDataset(const TableReader& table, DatasetConfig* dataset) {
  if (!table.Keys(kDatasetKeys) || !table.Word("source", kSourceWords, &dataset->source) ||
      !ReadPath(table, dataset)) {
    return false;
  }
  if (const auto classes = table.Find("classes"); classes && !classes->Texts(&dataset->classes)) {
    return false;
  }
  if (!ReadFile(table, "annotations", &dataset->annotations) ||
      !ReadFile(table, "masks", &dataset->masks) ||
      !ReadFile(table, "saliency_maps", &dataset->saliency_maps)) {
    return false;
  }
  for (const std::string_view key : {"annotations", "masks"}) {
    const auto value = table.Find(key);
    const bool manifest = dataset->source == Source::kManifest && key == "annotations";
    if (!value || dataset->source == Source::kCoco || manifest) continue;
    return value->WrongValue(key == "masks" ? "only with source = \"coco\""
                                            : "only with source = \"coco\" or \"manifest\"");
  }
  if (!ReadFile(table, "include", &dataset->include)) return false;
  return ReadSplit(table, dataset);
}

// rank = "auto", or numbers for both keys.
bool ReadRank(const TableReader& table, LoaderConfig* loader) {
  const auto rank = table.Find("rank");
  const auto world_size = table.Find("world_size");
  const auto* text = rank ? rank->node().as_string() : nullptr;
  const bool is_number = rank && text == nullptr;
  uint32_t ranks = 1;
  if (text != nullptr && text->get() != "auto") {
    return rank->WrongValue("\"auto\", or a number with world_size", "auto");
  }
  if (is_number && !rank->node().is_integer()) {
    return rank->WrongType("\"auto\", or a number with world_size");
  }
  if (world_size && !world_size->U32(1, kRanksMax, &ranks)) return false;
  if (world_size && !is_number) return table.Missing("rank", "a number, since world_size is given");
  if (is_number && !world_size) {
    return table.Missing("world_size", "the number of ranks, since rank is a number");
  }
  if (!is_number) return true;
  uint32_t own = 0;
  if (!rank->U32(0, ranks - 1, &own)) return false;
  loader->rank = own;
  loader->world_size = ranks;
  return true;
}

bool CheckWeightedOrder(const TableReader& table, const LoaderConfig& loader) {
  if (loader.weights == Weights::kNone || EpochSamples::CanBeDrawn(loader.shuffle)) return true;
  return table.Find("shuffle")->WrongValue(EpochSamples::kDrawnOrders);
}

bool ReadLoader(const TableReader& table, LoaderConfig* loader) {
  return table.Keys(kLoaderKeys) &&
         table.U32("batch_size", 1, kBatchSizeMax, &loader->batch_size) &&
         table.Word("shuffle", kShuffleWords, &loader->shuffle) &&
         table.U32("shuffle_window", 1, 1u << 30, &loader->shuffle_window) &&
         table.U64("seed", 0, INT64_MAX, &loader->seed) &&
         table.U32("workers", 0, kWorkersMax, &loader->workers) &&
         table.U32("prefetch_batches", 1, kPrefetchMax, &loader->prefetch_batches) &&
         table.Word("tail", kTailWords, &loader->tail) &&
         table.Word("on_corrupt", kCorruptWords, &loader->on_corrupt) &&
         table.Number("corrupt_budget", {0, 1}, &loader->corrupt_budget) &&
         table.Bytes("max_host_bytes", &loader->max_host_bytes) &&
         table.Word("reader", kReaderWords, &loader->reader) &&
         table.Word("direct_io", kDirectIoWords, &loader->direct_io) &&
         table.Word("cache", kCacheWords, &loader->cache) &&
         table.Word("weights", kWeightsWords, &loader->weights) &&
         table.U64("epoch_samples", 0, EpochSamples::kPositionsMax, &loader->epoch_samples) &&
         ReadFile(table, "quarantine", &loader->quarantine) && ReadRank(table, loader) &&
         CheckWeightedOrder(table, *loader);
}

// mean or std: one number a channel, of the 0..1 scale; u8 pixels are not scaled.
bool ReadScale(const TableReader& table, std::string_view key, const ParamBounds& bounds,
               const OutputConfig& output, std::optional<std::vector<double>>* out) {
  const auto value = table.Find(key);
  if (!value) return true;
  const size_t counts[] = {output.channels};
  std::vector<double> numbers;
  if (!value->Numbers(bounds, counts, &numbers)) return false;
  if (output.dtype == simd::Dtype::kU8) {
    return value->WrongValue("no mean or std with dtype = \"u8\": drop " + std::string(key) +
                             " or take dtype = \"f32\"");
  }
  *out = std::move(numbers);
  return true;
}

bool ReadOutput(const TableReader& table, OutputConfig* output) {
  if (!table.Keys(kOutputKeys) || !table.Word("dtype", kDtypeWords, &output->dtype) ||
      !table.Word("layout", kLayoutWords, &output->layout)) {
    return false;
  }
  if (const auto channels = table.Find("channels")) {
    uint32_t count = 0;
    if (!channels->node().is_integer()) return channels->WrongType("3 or 1");
    const int64_t given = channels->node().as_integer()->get();
    if (given != 1 && given != 3) return channels->WrongValue("3 or 1");
    count = static_cast<uint32_t>(given);
    output->channels = count;
  }
  // Below 1e-6 the scale would leave the range of f32 and f16 for every pixel but one.
  if (!ReadScale(table, "mean", {-1e6, 1e6}, *output, &output->mean) ||
      !ReadScale(table, "std", {1e-6, 1e6}, *output, &output->std) ||
      !table.Word("labels", kLabelsWords, &output->labels) ||
      !table.Word("pin", kPinWords, &output->pin)) {
    return false;
  }
  return table.Bool("keep_u8", &output->keep_u8);
}

bool ReadAlpha(const ValueReader& value, DecodeConfig* decode) {
  constexpr std::string_view kAllowed = "\"drop\", or a background [r, g, b] of integers 0 to 255";
  constexpr size_t kThree[] = {3};
  if (const auto* text = value.node().as_string()) {
    if (text->get() != "drop") return value.WrongValue(kAllowed, "drop");
    decode->background.reset();
    return true;
  }
  if (!value.node().is_array()) return value.WrongType(kAllowed);
  std::vector<double> colour;
  if (!value.Numbers({0, 255}, kThree, &colour)) return false;
  decode->background.emplace();
  for (const double part : colour) {
    if (part != std::floor(part)) return value.WrongValue(kAllowed);
    decode->background->push_back(static_cast<uint8_t>(part));
  }
  return true;
}

bool ReadDecode(const TableReader& table, DecodeConfig* decode) {
  if (!table.Keys(kDecodeKeys) || !table.Word("jpeg", kJpegWords, &decode->jpeg) ||
      !table.Bool("exif", &decode->exif)) {
    return false;
  }
  if (const auto checkpoints = table.Find("checkpoints")) {
    if (!checkpoints->Text(&decode->checkpoints)) return false;
    if (decode->checkpoints != "auto" && decode->checkpoints != "off") {
      decode->checkpoints = table.document()->Resolve(decode->checkpoints);
    }
  }
  const auto alpha = table.Find("alpha");
  return !alpha || ReadAlpha(*alpha, decode);
}

bool ReadLimits(const TableReader& table, Limits* limits) {
  return table.Keys(kLimitsKeys) && table.U64("max_pixels", 1, kPixelsMax, &limits->max_pixels) &&
         table.U32("max_side", 1, kSideMax, &limits->max_side) &&
         table.Bytes("max_decoded_bytes", &limits->max_decoded_bytes) &&
         table.Bytes("max_encoded_bytes", &limits->max_encoded_bytes) &&
         table.U32("jpeg_scans", 1, 1'000'000, &limits->jpeg_scans) &&
         table.Bytes("jpeg_memory", &limits->jpeg_memory) &&
         table.U64("scratch_pixels", 1, kPixelsMax, &limits->scratch_pixels);
}

// A name at the top that is no table: perhaps a key whose [table] line is missing.
bool CheckRoot(Document* document, const toml::table& root) {
  for (const auto& [key, node] : root) {
    if (std::ranges::find(kRootKeys, key.str()) != std::end(kRootKeys)) continue;
    std::string suggestion(Closest(key.str(), kRootKeys));
    for (const TableKeys& table : kTables) {
      if (std::ranges::find(table.keys, key.str()) == table.keys.end()) continue;
      suggestion = '[' + std::string(table.table) + "] " + std::string(key.str());
    }
    const std::string name(key.str());
    const std::string tables = node.is_array_of_tables() ? "[[" + name + "]]" : '[' + name + ']';
    const bool is_table = node.is_table() || node.is_array_of_tables();
    return document->report.Fail({.code = Code::kConfigUnknownKey,
                                  .place = document->PlaceOf(key.source()),
                                  .subject = is_table ? tables : name,
                                  .found = is_table ? "unknown table" : "key outside of any table",
                                  .allowed = "allowed: " + JoinNames(kRootKeys),
                                  .suggestion = suggestion});
  }
  return true;
}

// The table of that name, or an empty one; false when the name is something else.
bool FindTable(Document* document, const toml::table& root, std::string_view name,
               const toml::table& empty, const toml::table** out) {
  *out = &empty;
  const auto value = TableReader(document, "top level", root).Find(name);
  if (!value) return true;
  *out = value->node().as_table();
  return *out != nullptr || value->WrongType("a table, [" + std::string(name) + "]");
}

template <class Entry, class Read>
bool ReadEntries(Document* document, const toml::table& root, std::string_view name, Read read,
                 std::vector<Entry>* entries) {
  const auto value = TableReader(document, "top level", root).Find(name);
  if (!value) return true;
  const std::string allowed = "a list of tables, [[" + std::string(name) + "]]";
  const toml::array* list = value->node().as_array();
  if (list == nullptr) return value->WrongType(allowed);
  for (const toml::node& node : *list) {
    const toml::table* entry = node.as_table();
    if (entry == nullptr) return value->WrongType(allowed);
    if (!read(document, *entry, &entries->emplace_back())) return false;
  }
  return true;
}

// One is chosen a batch by weight: the weights must allow a choice.
bool CheckWeights(Document* document, const toml::table& root, const Config& config) {
  double sum = 0;
  for (const MixConfig& mix : config.mix) sum += mix.weight;
  if (config.mix.empty() || sum > 0) return true;
  return TableReader(document, "top level", root)
      .Find("mix")
      ->WrongValue("at least one [[mix]] with a weight above 0");
}

}  // namespace

std::span<const TableKeys> AllTableKeys() { return kTables; }

bool ReadConfig(Document* document, const toml::table& root, Config* config) {
  if (!CheckRoot(document, root)) return false;
  const toml::table empty;
  const toml::table* table = nullptr;
  const auto read = [&](std::string_view name, auto reader, auto* out) {
    return FindTable(document, root, name, empty, &table) &&
           reader(TableReader(document, '[' + std::string(name) + ']', *table), out);
  };
  return read("dataset", ReadDataset, &config->dataset) &&
         read("loader", ReadLoader, &config->loader) &&
         read("output", ReadOutput, &config->output) &&
         read("decode", ReadDecode, &config->decode) &&
         read("limits", ReadLimits, &config->limits) &&
         read("search", ReadSearch, &config->search) &&
         ReadEntries(document, root, "augment", ReadOp, &config->augment) &&
         ReadEntries(document, root, "mix", ReadMix, &config->mix) &&
         CheckWeights(document, root, *config);
}

bool ReadSearchAlone(Document* document, const toml::table& root, SearchConfig* search) {
  const toml::table empty;
  const toml::table* table = nullptr;
  return CheckRoot(document, root) && FindTable(document, root, "search", empty, &table) &&
         ReadSearch(TableReader(document, "[search]", *table), search);
}

}  // namespace headrace::loader
