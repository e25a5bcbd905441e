#include "bindings/cli/synth_backdrop.h"

namespace headrace::cli {

Backdrop::Backdrop(const Scene& scene, const ValueNoise& noise)
    : scene_(scene),
      noise_(noise),
      width_(static_cast<float>(scene.width)),
      height_(static_cast<float>(scene.height)) {
  wall_.surface = {.colour = scene.sky_top,
                   .second = scene.sky_low,
                   .pattern = scene.wall_pattern,
                   .scale = scene.wall_pattern == Pattern::kBricks ? 14.0f : 9.0f,
                   .angle = scene.wall_pattern == Pattern::kStripes ? kPi / 2 : 0,
                   .dirt = 0.12f};
  floor_.surface = {.colour = scene.ground,
                    .second = scene.ground_second,
                    .pattern = scene.floor_pattern,
                    .scale = 3.5f,
                    .angle = scene.floor_angle,
                    .dirt = 0.35f};
}

Vec3 Backdrop::At(float x, float y) const {
  switch (scene_.place) {
    case Place::kTable: return Table(x, y);
    case Place::kUnderwater: return Water(x, y);
    case Place::kRoom: return y < scene_.horizon ? Wall(x, y) : Floor(x, y);
    default: return y < scene_.horizon ? Hills(x, y, Sky(x, y)) : Land(x, y);
  }
}

Vec3 Backdrop::Sky(float x, float y) const {
  const float t = Saturate(y / std::max(scene_.horizon, 1.0f));
  const Vec3 clear = Mix(scene_.sky_top, scene_.sky_low, t * std::sqrt(t));
  // Clouds lie on a ceiling that runs away to the horizon.
  const float away = 1.0f / (1.15f - t);
  const Vec2 at = {(x / width_ - 0.5f) * 3 * away + scene_.noise_origin.x,
                   away * 1.6f + scene_.noise_origin.y};
  const float thickness = noise_.Fractal(at.x, at.y, 5);
  const float edge = 0.72f - 0.35f * scene_.cloudiness;
  const float cover = SmoothStep(edge, edge + 0.22f, thickness) * (1 - 0.6f * t);
  const float lit = 1.05f - 0.5f * SmoothStep(edge, 0.95f, thickness);
  const Vec3 cloud = Mix(scene_.sky_low, Vec3{1, 1, 1}, 0.7f) * lit;
  const Vec2 sun = {width_ * (0.5f + 0.6f * scene_.light.direction.x), scene_.horizon * 0.25f};
  const float far = Length({x - sun.x, y - sun.y}) / width_;
  const Vec3 glow = scene_.light.colour * (0.35f * std::exp(-6 * far));
  return Mix(clear, cloud, cover) + glow;
}

Vec3 Backdrop::Hills(float x, float y, Vec3 behind) const {
  Vec3 colour = behind;
  const float room = scene_.horizon;
  for (int layer = 0; layer < 2; ++layer) {
    const auto depth = static_cast<float>(layer);
    const float across = x / width_ * (2 + 2 * depth) + scene_.noise_origin.y + 40 * depth;
    const float ridge =
        scene_.horizon - room * (0.05f + (0.3f - 0.14f * depth) * noise_.Fractal(across, 3, 4));
    const float inside = SmoothStep(-0.7f, 0.7f, y - ridge);
    if (inside <= 0) continue;
    const float trees = noise_.Fractal(x * 0.12f, y * 0.2f + 90 * depth, 3);
    const Vec3 slope =
        Mix(scene_.ground_second, Vec3{0.05f, 0.1f, 0.06f}, 0.5f) * (0.5f + 0.8f * trees);
    const float haze = 0.72f - 0.34f * depth;  // the far ridge is mostly air
    colour = Mix(colour, Mix(slope, scene_.sky_low, haze), inside);
  }
  return colour;
}

Vec2 Backdrop::GroundPoint(float x, float y, float steepness, float* distance) const {
  const float below = (y - scene_.horizon) / std::max(height_ - scene_.horizon, 1.0f);
  *distance = 1 / (Saturate(below) + steepness);
  return {(x / width_ - 0.5f) * *distance, *distance};
}

Vec3 Backdrop::Land(float x, float y) const {
  float distance = 0;
  const Vec2 at = GroundPoint(x, y, 0.07f, &distance);
  const Vec2 from = at * 4 + scene_.noise_origin;
  const int octaves = distance > 5 ? 3 : 5;  // finer ones would only flicker far away
  float share = noise_.Fractal(from.x, from.y * 1.5f, octaves);
  float light = 1;
  switch (scene_.place) {
    case Place::kMeadow: {
      // Blades: noise drawn out upwards, finer with distance, gone near the horizon.
      const float fine = std::min(0.35f + 0.12f * distance, 0.9f);
      const float blades = noise_.At(x * fine + share * 5, y * fine * 0.28f) - 0.5f;
      light += blades * 1.1f * SmoothStep(12, 2, distance);
      break;
    }
    case Place::kSand: {
      const float ripple = std::sin(from.y * 22 + 6 * share + from.x * 2);
      light += 0.12f * ripple * SmoothStep(6, 1, distance);
      break;
    }
    case Place::kSnow: share *= 0.7f; break;
    default: {
      light += 0.5f * (noise_.At(x * 0.9f, y * 0.9f) - 0.5f) * SmoothStep(8, 1, distance);
      const float dashes = std::sin(distance * 7 + scene_.noise_origin.x);
      const bool marked = std::abs(at.x - 0.22f) < 0.018f && dashes > 0.1f;
      if (marked) return Vec3{0.7f, 0.7f, 0.64f} * light;
      break;
    }
  }
  const Vec3 ground = Mix(scene_.ground, scene_.ground_second, SmoothStep(0.3f, 0.75f, share));
  const Vec3 lit = ground * (scene_.light.colour * 0.8f + scene_.light.sky * 0.6f) * light;
  return Mix(lit, scene_.sky_low, 0.55f * SmoothStep(3, 15, distance));
}

Vec3 Backdrop::Wall(float x, float y) const {
  const float unit = std::max(width_, height_) * 0.4f;
  const float board = scene_.horizon - 0.045f * height_;
  const Vec2 lamp = {width_ * (0.5f + 0.5f * scene_.light.direction.x), height_ * 0.1f};
  const float far = Length({x - lamp.x, y - lamp.y}) / width_;
  const Vec3 light =
      scene_.light.colour * (0.35f + 0.75f * std::exp(-1.6f * far)) + scene_.light.sky * 0.3f;
  if (y > board) {
    const float t = (y - board) / std::max(scene_.horizon - board, 1.0f);
    const float bevel = t < 0.15f ? 1.2f : 1.0f - 0.25f * t;
    return Vec3{0.72f, 0.7f, 0.66f} * light * bevel;
  }
  const Vec2 at = {x / unit + scene_.noise_origin.x, -y / unit};
  const float corner = 1 - 0.25f * SmoothStep(0.12f * height_, 0, board - y);
  return AlbedoOf(wall_, at, noise_) * light * corner;
}

Vec3 Backdrop::Floor(float x, float y) const {
  float distance = 0;
  const Vec2 at = GroundPoint(x, y, 0.45f, &distance) * 1.6f;
  const Vec2 turned = Turned(at, std::cos(scene_.floor_angle), std::sin(scene_.floor_angle));
  const Vec3 albedo = AlbedoOf(floor_, turned + scene_.noise_origin, noise_);
  const Vec3 light = scene_.light.colour * (0.95f - 0.2f * distance) + scene_.light.sky * 0.4f;
  const float corner = 1 - 0.45f * SmoothStep(0.06f * height_, 0, y - scene_.horizon);
  // A polished floor gives back a little of the wall.
  const Vec3 gleam = scene_.sky_low * (0.12f * SmoothStep(1.0f, 2.2f, distance));
  return albedo * light * corner + gleam;
}

Vec3 Backdrop::Table(float x, float y) const {
  const float unit = std::max(width_, height_) * 0.45f;
  const Vec2 at = {x / unit + scene_.noise_origin.x, -y / unit};
  const Vec2 lamp = {width_ * (0.5f + 0.7f * scene_.light.direction.x),
                     height_ * (0.5f - 0.5f * scene_.light.direction.y)};
  const float far = Length({x - lamp.x, y - lamp.y}) / width_;
  const Vec3 light =
      scene_.light.colour * (0.45f + 0.7f * std::exp(-1.8f * far * far)) + scene_.light.sky * 0.3f;
  return AlbedoOf(floor_, at, noise_) * light;
}

Vec3 Backdrop::Water(float x, float y) const {
  const float t = y / height_;
  Vec3 colour = Mix(scene_.sky_top, scene_.sky_low, Saturate(t * 1.15f));
  // Shafts of light fan out from above the picture and fade with depth.
  const float fan = (x - width_ * 0.5f) / (y + height_ * 0.6f) * 9 + scene_.noise_origin.x;
  const float shaft = SmoothStep(0.5f, 0.85f, noise_.Fractal(fan, 0.5f, 2));
  colour = colour + Vec3{0.35f, 0.5f, 0.5f} * (shaft * 0.45f * Saturate(1 - t));
  if (y > scene_.horizon) {
    float distance = 0;
    const Vec2 at = GroundPoint(x, y, 0.2f, &distance) * 3 + scene_.noise_origin;
    const float share = noise_.Fractal(at.x * 1.5f, at.y * 2, 4);
    const float ripple = 0.15f * std::sin(at.y * 16 + 5 * share);
    const Vec3 bed = Mix(scene_.ground, scene_.ground_second, share) * (0.55f + ripple);
    const float near = SmoothStep(0, 0.25f, (y - scene_.horizon) / (height_ - scene_.horizon));
    colour = Mix(colour, bed * Vec3{0.6f, 0.95f, 1.0f}, near * 0.85f);
  }
  const float speck = noise_.At(x * 0.35f, y * 0.35f + scene_.noise_origin.y);
  return colour + Vec3{1, 1, 1} * (0.12f * SmoothStep(0.93f, 0.99f, speck));
}

}  // namespace headrace::cli
