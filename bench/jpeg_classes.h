// Classes of JPEGs made from a folder's photographs: sizes, subsampling and qualities that the
// folder itself does not have.
#pragma once

#include <cstdint>
#include <string>

#include "base/image_view.h"
#include "bench/jpeg_folder.h"

namespace headrace::bench {

struct JpegClass {
  const char* name;
  SizePx size;
  int quality;
  bool subsample;  // 4:2:0; else 4:4:4
  uint32_t files;
};

// Writes the class's files to `folder`, which is made. Each photograph is cropped to the shape,
// resized with Lanczos' filter, and gets a camera's noise where it was enlarged: enlarged pictures
// alone have next to nothing in their high frequencies, so they would decode too easily.
void MakeClass(const JpegFolder& photographs, const JpegClass& made, const std::string& folder);

}  // namespace headrace::bench
