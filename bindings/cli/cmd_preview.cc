// headrace preview: what the model will see, as a contact sheet.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/cli/command.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/loader_session.h"
#include "bindings/cli/open_progress.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/preview_sheet.h"
#include "bindings/cli/sample_lists.h"
#include "bindings/cli/source_picture.h"
#include "bindings/cli/stand_in_model.h"

namespace headrace::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"output", 'o', "FILE", "The sheet to write: .png, .jpg or .jpeg. Required."},
    {"count", 0, "N", "Pictures on the sheet, 1 to 1024; 16 by default."},
    {"original", 0, "", "Puts the source picture beside each."},
    kSampleIdsOption,
    kSampleWeightsOption,
    kSetOption,
    kJsonOption,
    kVerboseOption,
};

// The pictures as they are before mean and std: floats from 0 to 1, channels last, nothing pinned.
// `channels`: how many numbers mean and std need.
void AddPreviewOverrides(uint32_t channels, Overrides* overrides) {
  const std::string zeros = channels == 1 ? "[0.0]" : "[0.0, 0.0, 0.0]";
  const std::string ones = channels == 1 ? "[1.0]" : "[1.0, 1.0, 1.0]";
  overrides->Add("output.dtype=\"f32\"");
  overrides->Add("output.layout=\"nhwc\"");
  overrides->Add("output.mean=" + zeros);
  overrides->Add("output.std=" + ones);
  overrides->Add("output.pin=\"none\"");
  overrides->Add("loader.prefetch_batches=1");
}

// `model`: for a mix that asks for one; or null.
hr_status Open(const ParsedArgs& args, Overrides overrides, const SampleLists& lists,
               Console& console, StandInModel* model, LoaderHandle* loader, hr_error* error) {
  hr_options options = overrides.ToOptions(console);
  lists.AddTo(&options);
  if (model != nullptr) {
    options.model = &StandInModel::Call;
    options.model_context = model;
  }
  OpenProgress progress(console, &options);
  hr_loader* opened = nullptr;
  const hr_status status =
      hr_loader_open_file(args.operands()[0].c_str(), &options, &opened, error);
  loader->reset(opened);
  return status;
}

// The number of channels is the configuration's and shows only in a batch, but mean and std must
// have as many values: three are tried, then one. When neither opens, the configuration is opened
// as it stands, so that the error is the user's and not one of these overrides.
int OpenForPreview(const ParsedArgs& args, Console& console, std::unique_ptr<StandInModel>* model,
                   LoaderHandle* loader) {
  Overrides given;
  SampleLists lists;
  std::string text;
  if (!given.Read(args, &text) || !lists.Read(args, &text)) return console.Usage(text);
  HR_INIT(hr_error, error);
  for (const uint32_t channels : {3u, 1u}) {
    Overrides overrides = given;
    AddPreviewOverrides(channels, &overrides);
    *model = std::make_unique<StandInModel>(
        [&args, &console, lists, pictures = overrides]() mutable {
          pictures.Add("mix=[]");
          pictures.Add("output.labels=\"index\"");
          LoaderHandle opened;
          HR_INIT(hr_error, ignored);  // the same opened a moment ago, but for these two
          (void)Open(args, std::move(pictures), lists, console, nullptr, &opened, &ignored);
          return opened;
        },
        &console);
    if (Open(args, std::move(overrides), lists, console, model->get(), loader, &error) == HR_OK) {
      return kExitGood;
    }
  }
  HR_INIT(hr_error, own_error);
  const hr_status own_status =
      Open(args, std::move(given), lists, console, model->get(), loader, &own_error);
  if (own_status != HR_OK) return console.Fail(own_status, own_error);
  return console.Fail(static_cast<hr_status>(error.code), error);
}

// A view of picture `row` of a batch of 0..1 floats; grey becomes RGB.
Picture OutputPicture(const hr_batch_info& batch, uint32_t row, uint32_t view) {
  Picture picture{batch.width, batch.height, {}};
  const size_t pixels = size_t{batch.width} * batch.height;
  const size_t index = size_t{view} * batch.count + row;
  const auto* from = static_cast<const float*>(batch.images) + pixels * batch.channels * index;
  picture.rgb.resize(pixels * 3);
  for (size_t i = 0; i < pixels; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const float value = from[i * batch.channels + (batch.channels == 1 ? 0 : c)];
      picture.rgb[i * 3 + c] = static_cast<uint8_t>(std::clamp(value, 0.0f, 1.0f) * 255.0f + 0.5f);
    }
  }
  return picture;
}

// Source pictures through the loader's own bytes and the same decoder.
class Originals {
 public:
  // Default limits and options: what the loader refused has no picture here either. Exit status.
  int Open(Console& console) {
    HR_INIT(hr_error, error);
    hr_transform* opened = nullptr;
    const hr_status status = hr_transform_open(nullptr, 0, nullptr, &opened, &error);
    transform_.reset(opened);
    return status == HR_OK ? kExitGood : console.Fail(status, error);
  }

  std::optional<Picture> Read(const hr_loader* loader, int64_t id) {
    size_t needed = 0;
    bytes_.resize(std::max<size_t>(bytes_.size(), size_t{1} << 20));
    hr_status status =
        hr_loader_sample_read(loader, id, bytes_.data(), bytes_.size(), &needed, nullptr);
    if (needed > bytes_.size()) {
      bytes_.resize(needed);
      status = hr_loader_sample_read(loader, id, bytes_.data(), bytes_.size(), &needed, nullptr);
    }
    if (status != HR_OK) return std::nullopt;
    HR_INIT(hr_image, image);
    status = hr_transform_apply(transform_.get(), bytes_.data(), std::min(needed, bytes_.size()),
                                nullptr, &image, nullptr);
    if (status != HR_OK) return std::nullopt;
    Picture picture{image.width, image.height, {}};
    picture.rgb.reserve(size_t{image.width} * image.height * 3);
    for (uint32_t y = 0; y < image.height; ++y) {
      const uint8_t* row = image.pixels + y * image.stride_bytes;
      picture.rgb.insert(picture.rgb.end(), row, row + size_t{image.width} * 3);
    }
    return picture;
  }

 private:
  TransformHandle transform_;
  std::vector<std::byte> bytes_;
};

std::string ClassName(const hr_loader* loader, int64_t label) {
  const char* name = hr_loader_class_name(loader, label);
  return name != nullptr ? name : "class " + std::to_string(label);
}

// One label, or the two heaviest of a soft row with their weights.
void FillLabels(const hr_loader* loader, const hr_batch_info& batch, uint32_t index,
                SheetCell* cell) {
  if (batch.soft_labels == nullptr) {
    if (batch.labels[index] >= 0) cell->label = ClassName(loader, batch.labels[index]);
    return;
  }
  const float* row = batch.soft_labels + size_t{index} * batch.classes;
  if (batch.classes == 1 && row[0] != 1.0f) {  // a number to predict, of any size and sign
    char number[32];
    std::snprintf(number, sizeof number, " %.4g", static_cast<double>(row[0]));
    cell->label = ClassName(loader, 0) + number;
    return;
  }
  int64_t first = -1;
  int64_t second = -1;
  for (int64_t label = 0; label < int64_t{batch.classes}; ++label) {
    if (row[label] <= 0) continue;
    if (first < 0 || row[label] > row[first]) {
      second = first;
      first = label;
    } else if (second < 0 || row[label] > row[second]) {
      second = label;
    }
  }
  const auto weighted = [&](int64_t label) {
    char weight[16];
    std::snprintf(weight, sizeof weight, " %.2f", static_cast<double>(row[label]));
    return ClassName(loader, label) + weight;
  };
  // Smoothing gives every class a crumb; what rounds to nothing is not shown.
  constexpr float kShownMin = 0.005f;
  if (first < 0) return;
  const bool is_mixed = second >= 0 && row[second] >= kShownMin;
  cell->label = row[first] == 1.0f ? ClassName(loader, first) : weighted(first);
  if (is_mixed) cell->second = "+ " + weighted(second);
}

std::string NumberedName(int64_t id) {
  std::string text = "#";
  return text += std::to_string(id);
}

// Without its folders: those are the class, which stands in large letters above.
std::string FileName(const hr_loader* loader, int64_t id) {
  const char* path = hr_loader_sample_path(loader, id);
  if (path == nullptr) return "";
  const std::string text = path;
  return text.substr(text.rfind('/') + 1);  // npos + 1 is 0
}

SheetCell CellOf(const hr_loader* loader, const hr_batch_info& batch, uint32_t index,
                 uint32_t view) {
  SheetCell cell;
  cell.output = OutputPicture(batch, index, view);
  // Targets follow the first view.
  if (view == 0) cell.boxes = OverlayTargets(loader, batch, index, &cell.output);
  FillLabels(loader, batch, index, &cell);
  const int64_t id = batch.ids[index];
  if (id < 0) {
    cell.label = "padding";
    return cell;
  }
  cell.detail = NumberedName(id);
  if (batch.views > 1) cell.detail += " view " + std::to_string(view);
  const auto partner = static_cast<uint32_t>(batch.partner[index]);
  if (partner != index && partner < batch.count) {
    char share[32];
    std::snprintf(share, sizeof share, " %.2f", static_cast<double>(batch.lambda[index]));
    cell.detail += share + std::string(" with ") + NumberedName(batch.ids[partner]);
  }
  cell.detail += "  " + FileName(loader, id);
  if (batch.valid[index] == 0) cell.mark = CellMark::kBad;
  if (batch.valid[index] == 2) cell.mark = CellMark::kSubstitute;
  return cell;
}

int WriteSheet(const ParsedArgs& args, const std::vector<SheetCell>& cells, Console& console) {
  const std::string output(args.Value("output"));
  const Canvas sheet = DrawSheet(cells, args.Has("original"));
  const hr_image image = sheet.ToImage();
  HR_INIT(hr_error, error);
  const hr_status status = hr_image_write(output.c_str(), &image, 92, &error);
  if (status != HR_OK) return console.Fail(status, error);
  if (!args.Has("json")) return kExitGood;
  JsonWriter json;
  json.BeginObject();
  json.Field("output", output);
  json.Field("images", uint64_t{cells.size()});
  json.Field("width", image.width);
  json.Field("height", image.height);
  json.EndObject();
  return EmitJson(args, json.Take(), console);
}

int Run(const ParsedArgs& args, Console& console) {
  uint64_t count = 16;
  std::string error;
  const std::string output(args.Value("output"));
  if (!ReadUnsigned(args, "count", 1, 1024, &count, &error)) return console.Usage(error);
  if (output.empty()) return console.Usage("missing -o FILE; see headrace preview --help");
  if (!HasImageExtension(output)) {
    return console.Usage("-o: found \"" + output +
                         "\", expected a name that ends in .png, .jpg or .jpeg");
  }
  std::unique_ptr<StandInModel> model;  // outlives the loader that calls it
  LoaderHandle loader;
  if (const int opened = OpenForPreview(args, console, &model, &loader); opened != kExitGood) {
    return opened;
  }
  Originals originals;
  if (args.Has("original")) {
    if (const int opened = originals.Open(console); opened != kExitGood) return opened;
  }
  std::vector<SheetCell> cells;
  const auto visit = [&](const hr_batch_info& batch) -> std::optional<int> {
    for (uint64_t k = 0; k < uint64_t{batch.count} * batch.views && cells.size() < count; ++k) {
      const auto i = static_cast<uint32_t>(k / batch.views);
      const auto view = static_cast<uint32_t>(k % batch.views);
      cells.push_back(CellOf(loader.get(), batch, i, view));
      if (args.Has("original") && batch.ids[i] >= 0) {
        cells.back().original = originals.Read(loader.get(), batch.ids[i]);
      }
    }
    return cells.size() < count ? std::nullopt : std::optional<int>(kExitGood);
  };
  BadPlaces bad;
  const int walked = WalkBatches(loader.get(), {.epochs = 1}, console, visit, &bad);
  if (walked == kExitGood) ReportBadSamples(loader.get(), bad, console);
  return walked == kExitGood ? WriteSheet(args, cells, console) : walked;
}

}  // namespace

constinit const Command kPreviewCommand = {
    {
        .name = "preview",
        .summary = "draws what the model will see, with labels",
        .operands_text = "CONFIG",
        .operand_min = 1,
        .operand_max = 1,
        .options = kOptions,
        .details =
            "The first samples of epoch 0 after every op and mix, before mean and std. A mixed\n"
            "sample shows both labels with their weights, a substitute an orange frame, a\n"
            "sample that was marked bad a red one. Several views of a sample stand side by side.\n"
            "Objects are tinted by class, with their boxes and, when mixed, how much of their\n"
            "colour is their own. Where a mix asks for a model, a small one stands in that is\n"
            "trained on the spot.\n",
        .example = "  headrace preview train.toml -o sheet.png --count 24 --original\n",
    },
    Run,
};

}  // namespace headrace::cli
