#include "loader/objects/label_mask.h"

namespace headrace::loader {

Status RunsOfColours(const ConstImageView& rgb, std::map<uint32_t, std::vector<uint32_t>>* runs) {
  struct Open {
    std::vector<uint32_t>* runs = nullptr;
    uint64_t end = 0;  // of its last run
  };
  runs->clear();
  std::map<uint32_t, Open> colours;
  const uint64_t pixels = uint64_t{rgb.width} * rgb.height;
  uint32_t colour = kBackgroundColour;
  uint64_t begin = 0;  // of the present run, in columns
  const auto end_run = [&](uint64_t end) {
    if (colour == kBackgroundColour || end == begin) return true;
    Open& open = colours[colour];
    if (open.runs == nullptr) {
      if (colours.size() > kMaskColoursMax) return false;
      open.runs = &(*runs)[colour];
    }
    open.runs->push_back(static_cast<uint32_t>(begin - open.end));
    open.runs->push_back(static_cast<uint32_t>(end - begin));
    open.end = end;
    return true;
  };
  constexpr Status kTooMany(Code::kCorrupt, "more than 4096 colours: it is no label mask");
  for (uint32_t x = 0; x < rgb.width; ++x) {
    const uint8_t* pixel = rgb.data + size_t{x} * 3;
    for (uint32_t y = 0; y < rgb.height; ++y, pixel += rgb.stride_bytes) {
      const uint32_t here = uint32_t{pixel[0]} << 16 | uint32_t{pixel[1]} << 8 | pixel[2];
      if (here == colour) continue;
      const uint64_t place = uint64_t{x} * rgb.height + y;
      if (!end_run(place)) return kTooMany;
      colour = here;
      begin = place;
    }
  }
  if (!end_run(pixels)) return kTooMany;
  for (auto& [value, open] : colours) {
    if (open.end < pixels) open.runs->push_back(static_cast<uint32_t>(pixels - open.end));
  }
  return {};
}

}  // namespace headrace::loader
