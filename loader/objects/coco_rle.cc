#include "loader/objects/coco_rle.h"

namespace headrace::loader {
namespace {

constexpr int kGroupBits = 5;
constexpr unsigned char kFirstChar = 48;
constexpr uint32_t kMoreFollow = 0x20;
constexpr uint32_t kSign = 0x10;
// Seven groups hold 34 bits and their sign: more than a run or a difference of two can have.
constexpr int kGroupsMax = 7;

uint64_t PixelsOf(SizePx size) { return uint64_t{size.width} * size.height; }

Status WrongSum() {
  return {Code::kCorrupt, "the runs of its mask do not add up to the size of the mask"};
}

// Reads one number and moves *text behind it; false if there is none.
bool ReadNumber(std::string_view* text, int64_t* number) {
  uint64_t bits = 0;
  for (int group = 0; group < kGroupsMax; ++group) {
    if (text->empty()) return false;
    const auto symbol = static_cast<unsigned char>(text->front());
    if (symbol < kFirstChar || symbol >= kFirstChar + 64) return false;
    text->remove_prefix(1);
    const uint32_t value = symbol - kFirstChar;
    const int shift = group * kGroupBits;
    bits |= uint64_t{value & 0x1F} << shift;
    if ((value & kMoreFollow) != 0) continue;
    if ((value & kSign) != 0) bits |= ~uint64_t{0} << (shift + kGroupBits);
    *number = static_cast<int64_t>(bits);
    return true;
  }
  return false;
}

}  // namespace

Status DecodeRle(std::string_view text, SizePx size, std::vector<uint32_t>* runs) {
  const uint64_t pixels = PixelsOf(size);
  const size_t first = runs->size();
  uint64_t sum = 0;
  while (!text.empty()) {
    int64_t run = 0;
    if (!ReadNumber(&text, &run)) {
      runs->resize(first);
      return {Code::kCorrupt, "the text of its mask is not COCO's run lengths"};
    }
    const size_t index = runs->size() - first;
    if (index > 2) run += (*runs)[runs->size() - 2];
    if (run < 0 || static_cast<uint64_t>(run) > pixels - sum || run > UINT32_MAX) {
      runs->resize(first);
      return run < 0 ? Status{Code::kCorrupt, "its mask has a negative run"} : WrongSum();
    }
    sum += static_cast<uint64_t>(run);
    runs->push_back(static_cast<uint32_t>(run));
  }
  if (sum == pixels) return {};
  runs->resize(first);
  return WrongSum();
}

Status CheckRuns(std::span<const uint32_t> runs, SizePx size) {
  const uint64_t pixels = PixelsOf(size);
  uint64_t sum = 0;
  for (const uint32_t run : runs) {
    if (run > pixels - sum) return WrongSum();
    sum += run;
  }
  return sum == pixels ? Status{} : WrongSum();
}

void EncodeRle(std::span<const uint32_t> runs, std::vector<char>* text) {
  for (size_t i = 0; i < runs.size(); ++i) {
    int64_t rest = runs[i];
    if (i > 2) rest -= runs[i - 2];
    for (bool more = true; more;) {
      uint32_t symbol = static_cast<uint32_t>(rest & 0x1F);
      rest >>= kGroupBits;  // keeps the sign
      // Done when all that is left is the sign that bit 4 says.
      more = (symbol & kSign) != 0 ? rest != -1 : rest != 0;
      if (more) symbol |= kMoreFollow;
      text->push_back(static_cast<char>(kFirstChar + symbol));
    }
  }
}

}  // namespace headrace::loader
