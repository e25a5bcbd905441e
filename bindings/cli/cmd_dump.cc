// headrace dump: batches as NumPy files, for tools that are not headrace.
#include <cstdio>
#include <string>
#include <vector>

#include "bindings/cli/command.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/loader_session.h"
#include "bindings/cli/npy_writer.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/progress.h"

namespace headrace::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"output", 'o', "DIR", "The folder to write to; made when it is not there. Required."},
    {"epochs", 0, "N", "Stops after N epochs; 1 by default."},
    {"batches", 0, "N", "Stops after N batches, counted over all epochs."},
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

// Where the batch came from and what stands beside its images. A folder has no boxes: every list is
// empty and the offsets say so for each sample.
std::string TargetsJson(const hr_batch_info& batch) {
  JsonWriter json;
  json.BeginObject();
  json.Field("epoch", batch.epoch);
  json.Field("batch", batch.batch);
  json.Field("count", batch.count);
  json.Field("mix_entry", batch.mix_entry);
  json.Field("mix_status", hr_status_name(static_cast<hr_status>(batch.mix_status)));
  json.Key("offsets");
  json.BeginArray();
  for (uint32_t i = 0; i <= batch.count; ++i) json.Unsigned(0);
  json.EndArray();
  for (const char* key : {"boxes", "classes", "ids", "area", "crowd", "flags", "masks"}) {
    json.Key(key);
    json.BeginArray();
    json.EndArray();
  }
  json.EndObject();
  return json.Take();
}

template <class T>
std::span<const std::byte> BytesOf(const T* values, uint64_t count) {
  return std::as_bytes(std::span(values, static_cast<size_t>(count)));
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
  std::string error;
  if (!ReadWalkLimits(args, &limits, &error)) return console.Usage(error);
  const std::string folder(args.Value("output"));
  if (folder.empty()) return console.Usage("missing -o DIR; see headrace dump --help");
  LoaderHandle loader;
  if (const int opened = OpenLoader(args, console, &loader); opened != kExitGood) return opened;
  if (!MakeFolders(folder, &error)) return console.Fail(error);

  const auto total = static_cast<double>(CountBatches(LengthOf(loader.get()), limits));
  Progress progress(console, "batches");
  uint64_t done = 0;
  uint64_t images = 0;
  const auto visit = [&](const hr_batch_info& batch) -> std::optional<int> {
    if (!BatchFiles(folder, done, &error).All(batch)) return console.Fail(error);
    ++done;
    images += batch.count;
    progress.Update(static_cast<double>(done) / total, done);
    return std::nullopt;
  };
  const int walked = WalkBatches(loader.get(), limits, console, visit);
  progress.Finish();
  if (walked == kExitGood) ReportBadSamples(loader.get(), console);
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
            ".partner.npy and .targets.json.\n",
        .example =
            "  headrace dump train.toml -o out --batches 2\n"
            "  python3 -c 'import numpy; print(numpy.load(\"out/000000.images.npy\").shape)'\n",
    },
    Run,
};

}  // namespace headrace::cli
