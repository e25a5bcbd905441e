// COCO's compressed run lengths: the text form of a mask's column-major runs.
//
// Runs begin with background (a mask whose first pixel is set begins with a run of 0). In the text
// a number is written in groups of five bits, the lowest first, as the character 48 + bits, plus 32
// when more follow; the last group's bit 4 is the sign. From the fourth run on the number is the
// difference from the run two before it.
//
// Thread: any; no state. Cost: linear; allocates only as the vector that it appends to grows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/image_view.h"
#include "base/status.h"

namespace headrace::loader {

// Appends the runs of `text` to *runs, which is unchanged on an error: kCorrupt for a text that is
// none, that has a negative or too long run, or whose runs do not fill `size` exactly.
Status DecodeRle(std::string_view text, SizePx size, std::vector<uint32_t>* runs);

// The same check for runs that are given as numbers.
Status CheckRuns(std::span<const uint32_t> runs, SizePx size);

// Appends the text of `runs`.
void EncodeRle(std::span<const uint32_t> runs, std::vector<char>* text);

}  // namespace headrace::loader
