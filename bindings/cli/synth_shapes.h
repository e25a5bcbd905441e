// Shapes of the scene generator: flat outlines with a relief and a painted surface.
//
// A part lives in its object's own units: x right, y up, the object about within [-1, 1], standing
// on y = -1. Its outline is a distance function, so edges are smooth at any size; its relief bends
// the normal near the outline, so that a disc is lit like a ball.
#pragma once

#include <cstdint>
#include <vector>

#include "bindings/cli/synth_math.h"
#include "bindings/cli/synth_random.h"

namespace headrace::cli {

enum class Outline : uint8_t { kEllipse, kBox, kCapsule, kPolygon, kRing };
enum class Relief : uint8_t {
  kRound,     // rises over `bevel` from the outline on
  kCylinder,  // curved in x about the centre, upright
  kFlat,
};
enum class Pattern : uint8_t {
  kPlain,
  kStripes,
  kChecks,
  kSpots,
  kBricks,
  kGrain,
  kScales,
  kPanels,
  kLeaves
};

struct Surface {
  Vec3 colour = {0.5f, 0.5f, 0.5f};
  Vec3 second = {0.5f, 0.5f, 0.5f};  // of the pattern
  Pattern pattern = Pattern::kPlain;
  float scale = 6;    // pattern cells in a unit
  float angle = 0;    // of the pattern
  float dirt = 0.2f;  // how much noise darkens it
  float gloss = 0;    // strength of the highlight
  float sharpness = 30;
  float glow = 0;  // light of its own
};

struct Part {
  Outline outline = Outline::kEllipse;
  Vec2 centre;
  Vec2 radius = {1, 1};  // half sizes; a ring's radius and half thickness; a capsule's radii
  float angle = 0;       // of ellipses and boxes
  float round = 0;       // corners
  Vec2 end;              // capsule: from centre to end
  std::vector<Vec2> points;
  bool has_clip = false;  // keeps only what lies above clip_y
  float clip_y = 0;
  Relief relief = Relief::kRound;
  float bevel = 0.15f;
  Surface surface;
};

// Distance to the outline, negative inside; exact or close to it.
float DistanceTo(const Part& part, Vec2 point);
// A box that holds the part, as (low, high) corners.
void BoundsOf(const Part& part, Vec2* low, Vec2* high);
// Colour of the surface before light.
Vec3 AlbedoOf(const Part& part, Vec2 point, const ValueNoise& noise);
// Normal, z towards the viewer. `distance` is DistanceTo(part, point).
Vec3 NormalOf(const Part& part, Vec2 point, float distance);

}  // namespace headrace::cli
