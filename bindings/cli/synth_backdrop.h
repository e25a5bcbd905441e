// The place of a scene: sky and ground, wall and floor, table, water.
#pragma once

#include "bindings/cli/synth_random.h"
#include "bindings/cli/synth_scene.h"

namespace headrace::cli {

// Linear light at a pixel of the empty place.
class Backdrop {
 public:
  Backdrop(const Scene& scene, const ValueNoise& noise);
  Vec3 At(float x, float y) const;

 private:
  Vec3 Sky(float x, float y) const;
  Vec3 Hills(float x, float y, Vec3 behind) const;
  Vec3 Land(float x, float y) const;
  Vec3 Wall(float x, float y) const;
  Vec3 Floor(float x, float y) const;
  Vec3 Table(float x, float y) const;
  Vec3 Water(float x, float y) const;
  // Coordinates on the ground, in units of about a picture's width, larger with distance.
  Vec2 GroundPoint(float x, float y, float steepness, float* distance) const;

  const Scene& scene_;
  const ValueNoise& noise_;
  const float width_;
  const float height_;
  Part wall_;  // surfaces only
  Part floor_;
};

}  // namespace headrace::cli
