#include "bindings/cli/synth_dataset.h"

#include <algorithm>

#include "bindings/cli/json_writer.h"
#include "bindings/cli/synth_objects.h"

namespace headrace::cli {
namespace {

constexpr uint64_t kAreaMin = 64;

hr_image ViewOf(const std::vector<uint8_t>& pixels, uint32_t width, uint32_t height,
                uint32_t channels) {
  HR_INIT(hr_image, image);
  image.width = width;
  image.height = height;
  image.channels = channels;
  image.stride_bytes = uint64_t{width} * channels;
  image.pixels = pixels.data();
  return image;
}

// Area, box and runs of one value of the map. Runs go down the columns, as COCO has them.
void Measure(const std::vector<uint8_t>& map, uint32_t width, uint32_t height,
             Annotation* annotation) {
  uint32_t left = width, top = height, right = 0, bottom = 0;
  uint32_t run = 0;
  bool inside = false;
  for (uint32_t x = 0; x < width; ++x) {
    for (uint32_t y = 0; y < height; ++y) {
      const bool is_here = map[size_t{y} * width + x] == annotation->mask_value;
      if (is_here != inside) {
        annotation->counts.push_back(run);
        run = 0;
        inside = is_here;
      }
      ++run;
      if (!is_here) continue;
      ++annotation->area;
      left = std::min(left, x);
      top = std::min(top, y);
      right = std::max(right, x + 1);
      bottom = std::max(bottom, y + 1);
    }
  }
  annotation->counts.push_back(run);
  if (annotation->area > 0) annotation->box = {left, top, right - left, bottom - top};
}

}  // namespace

std::string StemOf(const DemoSet& set, uint64_t number) {
  const size_t class_index = static_cast<size_t>(number % set.classes);
  std::string digits = std::to_string(number);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return std::string(ObjectClasses()[class_index].name) + "/" + digits;
}

std::vector<Annotation> Annotate(const Scene& scene, RenderedScene* rendered) {
  std::vector<Annotation> annotations;
  for (size_t i = 0; i < scene.objects.size(); ++i) {
    Annotation annotation;
    annotation.class_index = scene.objects[i].class_index;
    annotation.mask_value = static_cast<uint8_t>(i + 1);
    Measure(rendered->instances, scene.width, scene.height, &annotation);
    if (annotation.area >= kAreaMin) {
      annotations.push_back(std::move(annotation));
    } else {
      std::replace(rendered->instances.begin(), rendered->instances.end(), annotation.mask_value,
                   uint8_t{0});
    }
  }
  return annotations;
}

hr_status WritePicture(const DemoSet& set, const ValueNoise& noise, uint64_t number,
                       PictureRecord* record, hr_error* error) {
  const Scene scene = MakeScene({.seed = set.seed,
                                 .number = number,
                                 .width = set.width,
                                 .height = set.height,
                                 .classes = set.classes,
                                 .main_class = static_cast<size_t>(number % set.classes)});
  RenderedScene rendered = RenderScene(scene, noise);
  const std::string stem = StemOf(set, number);
  record->file = stem + ".jpg";
  record->width = scene.width;
  record->height = scene.height;
  record->annotations = Annotate(scene, &rendered);

  const hr_image picture = ViewOf(rendered.picture.rgb, scene.width, scene.height, 3);
  const int quality = 82 + static_cast<int>(number * 7 % 14);  // as a real set has many
  const std::string picture_path = set.folder + "/images/" + record->file;
  const hr_status written = hr_image_write(picture_path.c_str(), &picture, quality, error);
  if (written != HR_OK) return written;
  const hr_image mask = ViewOf(rendered.instances, scene.width, scene.height, 1);
  const std::string mask_path = set.folder + "/masks/" + stem + ".png";
  return hr_image_write(mask_path.c_str(), &mask, 0, error);
}

namespace {

void WriteAnnotation(const Annotation& annotation, const PictureRecord& record, uint64_t id,
                     uint64_t image_id, JsonWriter* json) {
  json->BeginObject();
  json->Field("id", id);
  json->Field("image_id", image_id);
  json->Field("category_id", uint64_t{annotation.class_index + 1});
  json->Field("mask_value", uint64_t{annotation.mask_value});
  json->Field("iscrowd", uint64_t{0});
  json->Field("area", annotation.area);
  json->Key("bbox");
  json->BeginArray();
  for (const uint32_t side : annotation.box) json->Unsigned(side);
  json->EndArray();
  json->Key("segmentation");
  json->BeginObject();
  json->Key("size");
  json->BeginArray();
  json->Unsigned(record.height);
  json->Unsigned(record.width);
  json->EndArray();
  json->Key("counts");
  json->BeginArray();
  for (const uint32_t count : annotation.counts) json->Unsigned(count);
  json->EndArray();
  json->EndObject();
  json->EndObject();
}

}  // namespace

std::string CocoJson(const DemoSet& set, const std::vector<PictureRecord>& records) {
  JsonWriter json;
  json.BeginObject();
  json.Key("info");
  json.BeginObject();
  json.Field("description", "scenes drawn by headrace synth");
  json.Field("version", hr_version());
  json.Field("seed", set.seed);
  json.EndObject();
  json.Key("categories");
  json.BeginArray();
  for (size_t i = 0; i < set.classes; ++i) {
    json.BeginObject();
    json.Field("id", uint64_t{i + 1});
    json.Field("name", ObjectClasses()[i].name);
    json.EndObject();
  }
  json.EndArray();
  json.Key("images");
  json.BeginArray();
  for (size_t i = 0; i < records.size(); ++i) {
    json.BeginObject();
    json.Field("id", uint64_t{i + 1});
    json.Field("file_name", records[i].file);
    json.Field("width", records[i].width);
    json.Field("height", records[i].height);
    json.EndObject();
  }
  json.EndArray();
  json.Key("annotations");
  json.BeginArray();
  uint64_t id = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    for (const Annotation& annotation : records[i].annotations) {
      WriteAnnotation(annotation, records[i], ++id, i + 1, &json);
    }
  }
  json.EndArray();
  json.EndObject();
  return json.Take();
}

std::string StarterConfig() {
  return R"(# Made by headrace synth, to start from. Every key is explained in docs/config.md.
[dataset]
path = "images"

[loader]
batch_size = 32
tail = "exact"   # the last batch of an epoch may be short, so sets of any size work

[output]
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]

[[augment]]
op = "random_resized_crop"
size = 224

[[augment]]
op = "random_horizontal_flip"
)";
}

}  // namespace headrace::cli
