#include "bindings/cli/synth_shapes.h"

namespace headrace::cli {
namespace {

// First-order distance to an ellipse: exact on the outline, a little short away from it.
float EllipseDistance(Vec2 p, Vec2 radius) {
  const Vec2 scaled = {p.x / radius.x, p.y / radius.y};
  const Vec2 twice = {scaled.x / radius.x, scaled.y / radius.y};
  const float k = Length(scaled);
  const float gradient = std::max(Length(twice), 1e-6f);
  if (k < 1e-4f) return -std::min(radius.x, radius.y);
  return k * (k - 1) / gradient;
}

float BoxDistance(Vec2 p, Vec2 half, float round) {
  const Vec2 q = {std::abs(p.x) - half.x + round, std::abs(p.y) - half.y + round};
  const Vec2 outside = {std::max(q.x, 0.0f), std::max(q.y, 0.0f)};
  return Length(outside) + std::min(std::max(q.x, q.y), 0.0f) - round;
}

float CapsuleDistance(Vec2 p, Vec2 from, Vec2 to, Vec2 radii) {
  const Vec2 along = to - from;
  const float t = Saturate(Dot(p - from, along) / std::max(Dot(along, along), 1e-9f));
  return Length(p - from - along * t) - Mix(radii.x, radii.y, t);
}

float PolygonDistance(Vec2 p, const std::vector<Vec2>& points) {
  float nearest = 1e9f;
  bool inside = false;
  for (size_t i = 0, j = points.size() - 1; i < points.size(); j = i++) {
    const Vec2 a = points[i];
    const Vec2 edge = points[j] - a;
    const Vec2 to = p - a;
    const float t = Saturate(Dot(to, edge) / std::max(Dot(edge, edge), 1e-9f));
    const Vec2 gap = to - edge * t;
    nearest = std::min(nearest, Dot(gap, gap));
    const bool crosses = (a.y > p.y) != (points[j].y > p.y);
    if (crosses && p.x < edge.x * (p.y - a.y) / edge.y + a.x) inside = !inside;
  }
  const float distance = std::sqrt(nearest);
  return inside ? -distance : distance;
}

float Fraction(float value) { return value - std::floor(value); }

// A joint of width `width` (in cells) around whole numbers: 1 in the joint.
float Joint(float value, float width) {
  const float f = Fraction(value);
  return 1 - SmoothStep(0, width, std::min(f, 1 - f));
}

float BrickShare(Vec2 q) {
  const float row = std::floor(q.y);
  const float shifted = q.x * 0.5f + 0.5f * std::fmod(std::abs(row), 2.0f);
  return std::max(Joint(q.y, 0.12f), Joint(shifted, 0.06f));
}

float ScaleShare(Vec2 q) {
  const float row = std::floor(q.y);
  const Vec2 cell = {Fraction(q.x + 0.5f * std::fmod(std::abs(row), 2.0f)) - 0.5f,
                     Fraction(q.y) - 0.9f};
  return SmoothStep(0.45f, 0.75f, Length(cell));
}

float SpotShare(Vec2 q, const ValueNoise& noise) {
  const Vec2 cell = {std::floor(q.x), std::floor(q.y)};
  // Lattice points of the noise are random numbers: they place the spot and size it.
  const float jitter_x = noise.At(cell.x + 31, cell.y) - 0.5f;
  const float jitter_y = noise.At(cell.x, cell.y + 57) - 0.5f;
  const float radius = 0.18f + 0.2f * noise.At(cell.x + 11, cell.y + 23);
  const Vec2 to = {q.x - cell.x - 0.5f - 0.4f * jitter_x, q.y - cell.y - 0.5f - 0.4f * jitter_y};
  return 1 - SmoothStep(radius - 0.06f, radius, Length(to));
}

// How much of the second colour shows at `q`, in pattern cells about the centre of the part.
float PatternShare(const Surface& surface, Vec2 q, const ValueNoise& noise) {
  switch (surface.pattern) {
    case Pattern::kPlain: return 0;
    case Pattern::kStripes: return SmoothStep(-0.15f, 0.15f, std::sin(q.y * kPi));
    case Pattern::kChecks:
      return SmoothStep(-0.05f, 0.05f, std::sin(q.x * kPi) * std::sin(q.y * kPi));
    case Pattern::kSpots: return SpotShare(q, noise);
    case Pattern::kBricks: return BrickShare(q);
    case Pattern::kGrain: return noise.Fractal(q.x * 0.35f + 7, q.y * 3.0f, 3);
    case Pattern::kScales: return ScaleShare(q);
    case Pattern::kPanels: {
      const float turn = std::atan2(q.y, q.x) / kPi;
      return SmoothStep(-0.08f, 0.08f, std::sin(turn * kPi * 3));
    }
    case Pattern::kLeaves: return SmoothStep(0.4f, 0.6f, noise.Fractal(q.x, q.y, 3));
  }
  return 0;
}

}  // namespace

float DistanceTo(const Part& part, Vec2 point) {
  Vec2 p = point - part.centre;
  if (part.angle != 0) p = Turned(p, std::cos(part.angle), -std::sin(part.angle));
  float distance = 0;
  switch (part.outline) {
    case Outline::kEllipse: distance = EllipseDistance(p, part.radius); break;
    case Outline::kBox: distance = BoxDistance(p, part.radius, part.round); break;
    case Outline::kCapsule:
      distance = CapsuleDistance(point, part.centre, part.end, part.radius);
      break;
    case Outline::kPolygon: distance = PolygonDistance(point, part.points) - part.round; break;
    case Outline::kRing: distance = std::abs(Length(p) - part.radius.x) - part.radius.y; break;
  }
  return part.has_clip ? std::max(distance, part.clip_y - point.y) : distance;
}

void BoundsOf(const Part& part, Vec2* low, Vec2* high) {
  float reach = std::max(part.radius.x, part.radius.y);
  if (part.outline == Outline::kBox) reach = Length(part.radius);
  if (part.outline == Outline::kRing) reach = part.radius.x + part.radius.y;
  *low = *high = part.centre;
  const auto include = [&](Vec2 point, float margin) {
    low->x = std::min(low->x, point.x - margin);
    low->y = std::min(low->y, point.y - margin);
    high->x = std::max(high->x, point.x + margin);
    high->y = std::max(high->y, point.y + margin);
  };
  if (part.outline == Outline::kPolygon) {
    *low = *high = part.points[0];
    for (const Vec2 point : part.points) include(point, part.round);
    return;
  }
  include(part.centre, reach);
  if (part.outline == Outline::kCapsule) include(part.end, reach);
}

Vec3 AlbedoOf(const Part& part, Vec2 point, const ValueNoise& noise) {
  const Surface& surface = part.surface;
  Vec2 q = point - part.centre;
  const float angle = surface.angle + part.angle;
  if (angle != 0) q = Turned(q, std::cos(angle), -std::sin(angle));
  const float share = PatternShare(surface, q * surface.scale, noise);
  const Vec3 colour = Mix(surface.colour, surface.second, share);
  const float grain = noise.Fractal(point.x * 9 + 3, point.y * 9 + 8, 3) - 0.5f;
  return colour * std::max(1 + 2 * surface.dirt * grain, 0.1f);
}

Vec3 NormalOf(const Part& part, Vec2 point, float distance) {
  if (part.relief == Relief::kFlat) return {0, 0, 1};
  if (part.relief == Relief::kCylinder) {
    const float across = std::clamp((point.x - part.centre.x) / part.radius.x, -0.98f, 0.98f);
    return {across, 0, std::sqrt(1 - across * across)};
  }
  const float slope = 1 - Saturate(-distance / part.bevel);
  if (slope <= 0) return {0, 0, 1};
  constexpr float kStep = 0.004f;
  const float dx = DistanceTo(part, {point.x + kStep, point.y}) - distance;
  const float dy = DistanceTo(part, {point.x, point.y + kStep}) - distance;
  const float length = std::max(std::sqrt(dx * dx + dy * dy), 1e-6f);
  const float bent = std::min(slope, 0.98f);
  return {dx / length * bent, dy / length * bent, std::sqrt(1 - bent * bent)};
}

}  // namespace headrace::cli
