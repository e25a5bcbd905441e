// headrace apply: ops on one picture, for looking at what they do.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bindings/cli/command.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/loader_session.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/source_picture.h"

namespace headrace::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"output", 'o', "FILE", "The picture to write: .png, .jpg or .jpeg. Required."},
    {"op", 0, "TOML",
     "An op as the inside of a TOML inline table, or [[augment]] entries; may be repeated."},
    {"seed", 0, "N", "Seed of the draws; 0 by default."},
    {"epoch", 0, "N", "Epoch of the draws; 0 by default."},
    {"sample", 0, "N", "Sample id of the draws; 0 by default."},
    {"view", 0, "N", "View of an aug_mix with several; 0, the clean one, by default."},
    {"quality", 0, "N", "JPEG quality, 1 to 100; 90 by default."},
    {"explain", 0, "", "Prints what was drawn, as TOML that reproduces it."},
    {"", 's', "KEY=VALUE", "Overrides a key of [decode] or [limits]; may be repeated."},
    kJsonOption,
    kVerboseOption,
};

struct Request {
  std::string output;
  hr_draw draw = {};
  uint64_t quality = 0;
};

bool ReadRequest(const ParsedArgs& args, Request* request, std::string* error) {
  request->output = args.Value("output");
  if (request->output.empty()) {
    *error = "missing -o FILE; see headrace apply --help";
    return false;
  }
  if (!HasImageExtension(request->output)) {
    *error =
        "-o: found \"" + request->output + "\", expected a name that ends in .png, .jpg or .jpeg";
    return false;
  }
  uint64_t epoch = 0;
  uint64_t view = 0;
  request->draw.struct_size = static_cast<uint32_t>(sizeof(hr_draw));
  request->draw.label = -1;
  // Sample ids are counters of random streams, which have 40 bits for them.
  constexpr uint64_t kSampleMax = (uint64_t{1} << 40) - 1;
  const bool good = ReadUnsigned(args, "seed", 0, UINT64_MAX, &request->draw.seed, error) &&
                    ReadUnsigned(args, "epoch", 0, UINT32_MAX, &epoch, error) &&
                    ReadUnsigned(args, "sample", 0, kSampleMax, &request->draw.sample_id, error) &&
                    ReadUnsigned(args, "view", 0, UINT32_MAX, &view, error) &&
                    ReadUnsigned(args, "quality", 1, 100, &request->quality, error);
  request->draw.epoch = static_cast<uint32_t>(epoch);
  request->draw.view = static_cast<uint32_t>(view);
  return good;
}

// The TOML of the last apply.
hr_status Explain(const hr_transform* transform, std::string* text, hr_error* error) {
  size_t needed = 0;
  text->resize(4096);
  hr_status status = hr_transform_explain(transform, text->data(), text->size(), &needed, error);
  if (needed > text->size()) {
    text->resize(needed);
    status = hr_transform_explain(transform, text->data(), text->size(), &needed, error);
  }
  text->resize(std::min(text->size(), needed == 0 ? 0 : needed - 1));  // without the NUL
  return status;
}

int Report(const ParsedArgs& args, const hr_image& picture, const std::string& explained,
           Console& console) {
  if (!args.Has("json")) {
    PrintResult(explained);
    return kExitGood;
  }
  JsonWriter json;
  json.BeginObject();
  json.Field("input", args.operands()[0]);
  json.Field("output", args.Value("output"));
  json.Field("width", picture.width);
  json.Field("height", picture.height);
  if (args.Has("explain")) json.Field("explain", explained);
  json.EndObject();
  return EmitJson(args, json.Take(), console);
}

int Run(const ParsedArgs& args, Console& console) {
  Request request;
  std::string text;
  if (!ReadRequest(args, &request, &text)) return console.Usage(text);
  Overrides overrides;
  if (!overrides.Read(args, &text)) return console.Usage(text);
  const hr_options options = overrides.ToOptions(console);

  std::vector<const char*> ops;
  for (const std::string& op : args.Values("op")) ops.push_back(op.c_str());
  HR_INIT(hr_error, error);
  hr_transform* opened = nullptr;
  hr_status status = hr_transform_open(ops.data(), ops.size(), &options, &opened, &error);
  const TransformHandle transform(opened);
  if (status != HR_OK) return console.Fail(status, error);

  std::vector<std::byte> bytes;
  const std::string& input = args.operands()[0];
  if (!ReadWholeFile(input, &bytes, &text)) return console.Fail(text);
  HR_INIT(hr_image, picture);
  status = hr_transform_apply(transform.get(), bytes.data(), bytes.size(), &request.draw, &picture,
                              &error);
  if (status != HR_OK) {
    const std::string why = error.text[0] != '\0' ? error.text : hr_status_name(status);
    std::snprintf(error.text, sizeof error.text, "%s: %s", input.c_str(), why.c_str());
    return console.Fail(status, error);
  }
  std::string explained;
  if (args.Has("explain")) {
    status = Explain(transform.get(), &explained, &error);
    if (status != HR_OK) return console.Fail(status, error);
  }
  status =
      hr_image_write(request.output.c_str(), &picture, static_cast<int>(request.quality), &error);
  if (status != HR_OK) return console.Fail(status, error);
  return Report(args, picture, explained, console);
}

}  // namespace

constinit const Command kApplyCommand = {
    {
        .name = "apply",
        .summary = "runs ops on one picture",
        .operands_text = "IN",
        .operand_min = 1,
        .operand_max = 1,
        .options = kOptions,
        .details =
            "The whole picture, upright, RGB, in exact arithmetic; without an op a plain decode.\n"
            "The draws are those of (seed, epoch, sample), the same as a loader's for the same\n"
            "list of ops.\n",
        .example = "  headrace apply photo.jpg -o out.png --explain --seed 7 \\\n"
                   "      --op 'op = \"random_resized_crop\", size = 224' \\\n"
                   "      --op 'op = \"random_horizontal_flip\", p = 1.0'\n",
    },
    Run,
};

}  // namespace headrace::cli
