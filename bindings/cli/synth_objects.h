// The catalogue of things that scenes show.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "bindings/cli/synth_random.h"
#include "bindings/cli/synth_shapes.h"

namespace headrace::cli {

// Where a thing is at home; scenes mostly put it there.
enum class Habitat : uint8_t { kOutdoors, kIndoors, kWater, kAnywhere };

struct ObjectClass {
  std::string_view name;
  Habitat habitat = Habitat::kAnywhere;
  float turn_max = 0;                              // radians that it may lean
  bool can_lie = false;                            // seen from above it may point anywhere
  std::vector<Part> (*make)(SceneRandom& random);  // back to front
};

// In alphabetical order, as a folder of them is listed.
std::span<const ObjectClass> ObjectClasses();

}  // namespace headrace::cli
