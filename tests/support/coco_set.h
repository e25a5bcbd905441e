// A small data set with objects: the same two on every picture.
#pragma once

#include <cstdint>
#include <string>

#include "tests/support/picture_set.h"
#include "tests/support/temp_folder.h"

namespace headrace::testing {

// `count` pictures of 64 x 48 with a car (a box at 8, 8 of 16 x 16, annotation 2 i) and a road (a
// mask of the lower half, annotation 2 i + 1), and instances.json.
inline void MakeCocoSet(const TempFolder& folder, uint32_t count) {
  std::string images;
  std::string annotations;
  for (uint32_t i = 0; i < count; ++i) {
    char name[32];
    snprintf(name, sizeof name, "%04u.png", i);
    WritePicture(folder / name, 64, 48, i);
    const std::string id = std::to_string(i);
    const char* comma = i > 0 ? "," : "";
    images += comma;
    images += R"({"id":)" + id + R"(,"file_name":")" + name + R"(","width":64,"height":48})";
    std::string runs;
    for (int column = 0; column < 64; ++column) runs += column == 0 ? "24,24" : ",24,24";
    annotations += comma;
    annotations += R"({"id":)" + std::to_string(2 * i) + R"(,"image_id":)" + id;
    annotations += R"(,"category_id":1,"bbox":[8,8,16,16]},{"id":)" + std::to_string(2 * i + 1);
    annotations += R"(,"image_id":)" + id + R"(,"category_id":2,"segmentation":{"size":[48,64],)";
    annotations += R"("counts":[)" + runs + "]}}";
  }
  folder.Write("instances.json",
               R"({"categories":[{"id":1,"name":"car"},{"id":2,"name":"road"}],"images":[)" +
                   images + R"(],"annotations":[)" + annotations + "]}");
}

// A loader of it; the pictures come as they are, but for `ops`.
inline std::string CocoConfig(const std::string& folder, const std::string& ops = "",
                              const std::string& loader_keys = "") {
  return "[dataset]\nsource = \"coco\"\npath = \"" + folder +
         "\"\n[loader]\nbatch_size = 4\nmax_host_bytes = \"1GiB\"\n" + loader_keys +
         "\n[limits]\nmax_encoded_bytes = \"8MiB\"\nmax_decoded_bytes = \"64MiB\"\n"
         "scratch_pixels = 1048576\n"
         "[[augment]]\nop = \"center_crop\"\nsize = [48, 64]\n" +
         ops;
}

}  // namespace headrace::testing
