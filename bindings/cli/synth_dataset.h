// The demo set as files: pictures by class, instance masks, annotations in COCO's form.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <headrace.h>

#include "bindings/cli/synth_random.h"
#include "bindings/cli/synth_render.h"

namespace headrace::cli {

// What is seen of one thing in one picture.
struct Annotation {
  size_t class_index = 0;
  uint8_t mask_value = 0;
  uint64_t area = 0;
  std::array<uint32_t, 4> box = {};  // x, y, width, height
  std::vector<uint32_t> counts;      // run lengths, columns first, beginning with background
};

struct PictureRecord {
  std::string file;  // "ball/0001.jpg"
  uint32_t width = 0;
  uint32_t height = 0;
  std::vector<Annotation> annotations;
};

struct DemoSet {
  std::string folder;
  uint64_t images = 256;
  size_t classes = 10;
  uint32_t width = 500;
  uint32_t height = 375;
  uint64_t seed = 0;
};

// "ball/0001": picture `number` of the set, its class and number.
std::string StemOf(const DemoSet& set, uint64_t number);

// Finds the things in an instance map; those with fewer than 64 visible pixels are taken off it.
std::vector<Annotation> Annotate(const Scene& scene, RenderedScene* rendered);

// Draws picture `number` and writes it and its mask. Any thread; a pure function but for the files.
hr_status WritePicture(const DemoSet& set, const ValueNoise& noise, uint64_t number,
                       PictureRecord* record, hr_error* error);

// instances.json.
std::string CocoJson(const DemoSet& set, const std::vector<PictureRecord>& records);

// A configuration to start from, for DIR/train.toml.
std::string StarterConfig();

}  // namespace headrace::cli
