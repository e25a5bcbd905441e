// headrace dump: batches as NumPy files, for tools that are not headrace.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "bindings/cli/command.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/loader_session.h"
#include "bindings/cli/npy_writer.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/progress.h"
#include "bindings/cli/state_file.h"

namespace headrace::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"output", 'o', "DIR", "The folder to write to; made when it is not there. Required."},
    kEpochsOption,
    kBatchesOption,
    kStateOption,
    kStateEveryOption,
    kSetOption,
    kJsonOption,
    kVerboseOption,
};

std::string_view DescrOf(int32_t dtype) {
  switch (dtype) {
    case HR_U8: return "|u1";
    case HR_F16: return "<f2";
    case HR_BF16: return "<u2";  // NumPy has no bfloat16: its bits
    default: return "<f4";
  }
}

std::vector<uint64_t> ImageShape(const hr_batch_info& batch) {
  std::vector<uint64_t> shape;
  if (batch.views > 1) shape.push_back(batch.views);
  shape.push_back(batch.count);
  if (batch.layout == HR_NCHW) shape.push_back(batch.channels);
  shape.push_back(batch.height);
  shape.push_back(batch.width);
  if (batch.layout == HR_NHWC) shape.push_back(batch.channels);
  return shape;
}

// A list a key; values by `write(index)`.
template <class Write>
void AppendList(const char* key, uint64_t count, JsonWriter* json, Write&& write) {
  json->Key(key);
  json->BeginArray();
  for (uint64_t i = 0; i < count; ++i) write(i);
  json->EndArray();
}

// Where the batch came from and what stands beside its images. Of a data set that knows no objects
// every list is empty and the offsets say so for each sample.
std::string TargetsJson(const hr_batch_info& batch) {
  HR_INIT(hr_targets, none);
  const hr_targets& targets = batch.targets == nullptr ? none : *batch.targets;
  const uint64_t n = targets.count;
  JsonWriter json;
  json.BeginObject();
  json.Field("epoch", batch.epoch);
  json.Field("batch", batch.batch);
  json.Field("count", batch.count);
  json.Field("mix_entry", batch.mix_entry);
  json.Field("mix_status", hr_status_name(static_cast<hr_status>(batch.mix_status)));
  AppendList("offsets", uint64_t{batch.count} + 1, &json, [&](uint64_t i) {
    json.Integer(targets.offsets == nullptr ? 0 : targets.offsets[i]);
  });
  AppendList("boxes", n, &json, [&](uint64_t i) {
    json.BeginArray();
    for (uint64_t k = 0; k < 4; ++k) json.Number(static_cast<double>(targets.boxes[4 * i + k]));
    json.EndArray();
  });
  AppendList("classes", n, &json, [&](uint64_t i) { json.Integer(targets.classes[i]); });
  AppendList("ids", n, &json, [&](uint64_t i) { json.Integer(targets.ids[i]); });
  AppendList("area", n, &json,
             [&](uint64_t i) { json.Number(static_cast<double>(targets.area[i])); });
  AppendList("crowd", n, &json, [&](uint64_t i) { json.Unsigned(targets.crowd[i]); });
  AppendList("flags", n, &json, [&](uint64_t i) { json.Unsigned(targets.flags[i]); });
  AppendList("weights", n, &json,
             [&](uint64_t i) { json.Number(static_cast<double>(targets.weights[i])); });
  AppendList("masks", n, &json, [&](uint64_t i) {
    const int64_t first = targets.mask_offsets[i];
    json.BeginObject();
    json.Key("size");
    json.BeginArray();
    json.Unsigned(batch.height);
    json.Unsigned(batch.width);
    json.EndArray();
    json.Field("counts",
               std::string_view(targets.masks + first,
                                static_cast<size_t>(targets.mask_offsets[i + 1] - first)));
    json.EndObject();
  });
  json.EndObject();
  return json.Take();
}

template <class T>
std::span<const std::byte> BytesOf(const T* values, uint64_t count) {
  return std::as_bytes(std::span(values, static_cast<size_t>(count)));
}

// Whether the file holds `ids`, or is none.
bool HoldsIds(const std::string& path, std::span<const std::byte> ids) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return true;
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  return bytes.size() > ids.size() &&
         std::memcmp(bytes.data() + bytes.size() - ids.size(), ids.data(), ids.size()) == 0;
}

// One file a call, all named by the batch's number.
class BatchFiles {
 public:
  BatchFiles(const std::string& folder, uint64_t number, std::string* error) : error_(error) {
    char digits[24];
    std::snprintf(digits, sizeof digits, "%06llu", static_cast<unsigned long long>(number));
    stem_ = folder + "/" + digits;
  }

  bool Array(std::string_view name, std::string_view descr, std::span<const uint64_t> shape,
             std::span<const std::byte> data) {
    return WriteNpy(stem_ + "." + std::string(name) + ".npy", descr, shape, data, error_);
  }

  // False when there are files of this number and of another batch.
  bool MayBeWritten(const hr_batch_info& batch) {
    const std::string path = stem_ + ".ids.npy";
    if (HoldsIds(path, BytesOf(batch.ids, batch.count))) return true;
    *error_ = path + ": holds another batch than the one to be written; take another folder";
    return false;
  }

  bool All(const hr_batch_info& batch) {
    const uint64_t count = batch.count;
    const std::vector<uint64_t> per_sample = {count};
    const std::vector<uint64_t> soft_shape = {count, batch.classes};
    const auto* images = static_cast<const std::byte*>(batch.images);
    const bool labels_good =
        batch.soft_labels != nullptr
            ? Array("labels", "<f4", soft_shape, BytesOf(batch.soft_labels, count * batch.classes))
            : Array("labels", "<i8", per_sample, BytesOf(batch.labels, count));
    return labels_good &&
           Array("images", DescrOf(batch.dtype), ImageShape(batch),
                 BytesOf(images, batch.images_bytes)) &&
           Array("ids", "<i8", per_sample, BytesOf(batch.ids, count)) &&
           Array("valid", "|u1", per_sample, BytesOf(batch.valid, count)) &&
           Array("lambda", "<f4", per_sample, BytesOf(batch.lambda, count)) &&
           Array("partner", "<i4", per_sample, BytesOf(batch.partner, count)) &&
           WriteWholeFile(stem_ + ".targets.json", TargetsJson(batch), error_);
  }

 private:
  std::string stem_;
  std::string* error_;
};

int Run(const ParsedArgs& args, Console& console) {
  WalkLimits limits;
  StateFile state;
  std::string error;
  if (!ReadWalkLimits(args, &limits, &error) || !state.Read(args, &error)) {
    return console.Usage(error);
  }
  const std::string folder(args.Value("output"));
  if (folder.empty()) return console.Usage("missing -o DIR; see headrace dump --help");
  LoaderHandle loader;
  if (const int opened = OpenLoader(args, console, &loader); opened != kExitGood) return opened;
  if (const int loaded = state.Load(loader.get(), console); loaded != kExitGood) return loaded;
  if (!MakeFolders(folder, &error)) return console.Fail(error);

  // Those of a resumed run are numbered as the unbroken run's.
  const uint64_t per_epoch = LengthOf(loader.get()).batches_per_epoch;
  const auto total = static_cast<double>(CountBatches(LengthOf(loader.get()), limits));
  Progress progress(console, "batches");
  uint64_t done = 0;
  uint64_t images = 0;
  bool all_written = true;
  const auto visit = [&](const hr_batch_info& batch) -> std::optional<int> {
    const uint64_t number = state.is_asked_for() ? batch.epoch * per_epoch + batch.batch : done;
    BatchFiles files(folder, number, &error);
    all_written = (!state.is_asked_for() || files.MayBeWritten(batch)) && files.All(batch);
    if (!all_written) return console.Fail(error);
    ++done;
    images += batch.count;
    progress.Update(static_cast<double>(done) / total, done);
    const int saved = state.SaveNowAndThen(loader.get(), console);
    return saved == kExitGood ? std::nullopt : std::optional(saved);
  };
  BadPlaces bad;
  int walked = WalkBatches(loader.get(), limits, console, visit, &bad);
  progress.Finish();
  // The state counts a batch as done that was returned; one whose files failed is to come again.
  if (all_written) {
    if (const int saved = state.Save(loader.get(), console); walked == kExitGood) walked = saved;
  }
  if (walked == kExitGood) ReportBadSamples(loader.get(), bad, console);
  if (walked != kExitGood || !args.Has("json")) return walked;
  JsonWriter json;
  json.BeginObject();
  json.Field("output", folder);
  json.Field("batches", done);
  json.Field("images", images);
  json.EndObject();
  return EmitJson(args, json.Take(), console);
}

}  // namespace

constinit const Command kDumpCommand = {
    {
        .name = "dump",
        .summary = "writes batches as NumPy files",
        .operands_text = "CONFIG",
        .operand_min = 1,
        .operand_max = 1,
        .options = kOptions,
        .details =
            "Files a batch, numbered from 000000 over all epochs: .images.npy (bf16 as\n"
            "uint16), .labels.npy (int64, or float32 [count, classes] when soft), .ids.npy,\n"
            ".valid.npy (1 good, 0 padding or marked bad, 2 substitute), .lambda.npy,\n"
            ".partner.npy and .targets.json: the objects of a data set that knows them, those of\n"
            "sample i from offsets[i] on, masks as COCO's run lengths (what pycocotools reads).\n"
            "With --state the numbers are those of the unbroken run, and files of another batch\n"
            "are not written over.\n",
        .example =
            "  headrace dump train.toml -o out --batches 2\n"
            "  python3 -c 'import numpy; print(numpy.load(\"out/000000.images.npy\").shape)'\n",
    },
    Run,
};

}  // namespace headrace::cli
