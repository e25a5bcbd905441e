// A scene: what stands where, in which place, in which light. Chosen here, drawn by synth_render.
#pragma once

#include <cstdint>
#include <vector>

#include "bindings/cli/synth_objects.h"
#include "bindings/cli/synth_random.h"
#include "bindings/cli/synth_shapes.h"

namespace headrace::cli {

enum class Place : uint8_t { kMeadow, kSand, kSnow, kStreet, kRoom, kTable, kUnderwater };

struct Light {
  Vec3 direction = {0, 1, 0};  // towards the light: x right, y up, z to the viewer
  Vec3 colour = {1, 1, 1};
  Vec3 sky = {0.3f, 0.3f, 0.3f};     // from above
  Vec3 ground = {0.1f, 0.1f, 0.1f};  // from below
  Vec2 shadow;  // where a point one unit above the ground throws its shadow, screen axes
  float shadow_depth = 0.6f;  // 0 none, 1 black
};

// One thing in the picture. Screen coordinates have y down.
struct PlacedObject {
  size_t class_index = 0;
  std::vector<Part> parts;
  Vec2 foot;         // where it stands: the screen point below its middle
  float scale = 1;   // pixels a unit
  float cosine = 1;  // of its turn
  float sine = 0;
  bool mirrored = false;
  bool floats = false;  // stands on nothing
  // What it covers in upright units (y up, turned and mirrored as it is).
  Vec2 low;
  Vec2 high;
  float foot_half_width = 0.5f;

  // From the screen to upright units, and from there to the object's own.
  Vec2 ToUpright(float x, float y) const {
    return {(x - foot.x) / scale, (foot.y - y) / scale + low.y};
  }
  Vec2 ToOwn(Vec2 upright) const {
    const Vec2 turned = Turned(upright, cosine, -sine);
    return {mirrored ? -turned.x : turned.x, turned.y};
  }
  // Distance to its silhouette, in units.
  float Silhouette(Vec2 upright) const;
};

struct Scene {
  uint32_t width = 0;
  uint32_t height = 0;
  Place place = Place::kMeadow;
  float horizon = 0;  // row where the ground ends; above the picture when looked at from above
  Light light;
  Vec3 sky_top, sky_low;  // or the wall's two colours
  Vec3 ground, ground_second;
  Pattern wall_pattern = Pattern::kPlain;
  Pattern floor_pattern = Pattern::kPlain;
  float floor_angle = 0;
  float cloudiness = 0.5f;
  Vec2 noise_origin;  // another place of the noise for each scene
  float exposure = 1;
  float vignette = 0.2f;
  float grain = 0.02f;
  std::vector<PlacedObject> objects;  // back to front; the one that names the class among them
  size_t main_object = 0;
};

struct SceneRequest {
  uint64_t seed = 0;
  uint64_t number = 0;   // of the picture
  uint32_t width = 500;  // about
  uint32_t height = 375;
  size_t classes = 10;  // taken from the front of the catalogue
  size_t main_class = 0;
};

Scene MakeScene(const SceneRequest& request);

}  // namespace headrace::cli
