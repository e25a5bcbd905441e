// Scenes to pixels and instance numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "bindings/cli/canvas.h"
#include "bindings/cli/synth_random.h"
#include "bindings/cli/synth_scene.h"

namespace headrace::cli {

struct RenderedScene {
  Picture picture;
  // Of the picture's size: 0 background, n what is seen of scene.objects[n - 1].
  std::vector<uint8_t> instances;
};

// A pure function of its arguments; any thread.
RenderedScene RenderScene(const Scene& scene, const ValueNoise& noise);

}  // namespace headrace::cli
