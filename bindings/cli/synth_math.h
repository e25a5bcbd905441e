// Small vectors and colours of the scene generator. Colours are linear light, 0 to 1 and above.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace headrace::cli {

struct Vec2 {
  float x = 0;
  float y = 0;
};
inline Vec2 operator+(Vec2 a, Vec2 b) { return {a.x + b.x, a.y + b.y}; }
inline Vec2 operator-(Vec2 a, Vec2 b) { return {a.x - b.x, a.y - b.y}; }
inline Vec2 operator*(Vec2 a, float f) { return {a.x * f, a.y * f}; }
inline float Dot(Vec2 a, Vec2 b) { return a.x * b.x + a.y * b.y; }
inline float Length(Vec2 a) { return std::sqrt(Dot(a, a)); }
inline Vec2 Turned(Vec2 a, float cosine, float sine) {
  return {a.x * cosine - a.y * sine, a.x * sine + a.y * cosine};
}

// Also a colour: x, y, z are red, green, blue.
struct Vec3 {
  float x = 0;
  float y = 0;
  float z = 0;
};
inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator*(Vec3 a, Vec3 b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline Vec3 operator*(Vec3 a, float f) { return {a.x * f, a.y * f, a.z * f}; }
inline float Dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 Normalised(Vec3 a) { return a * (1.0f / std::sqrt(std::max(Dot(a, a), 1e-12f))); }

inline float Mix(float a, float b, float t) { return a + (b - a) * t; }
inline Vec3 Mix(Vec3 a, Vec3 b, float t) { return a * (1 - t) + b * t; }
inline float Saturate(float value) { return std::clamp(value, 0.0f, 1.0f); }
// 0 at `low`, 1 at `high`, smooth between; `low` may be above `high`.
inline float SmoothStep(float low, float high, float value) {
  const float t = Saturate((value - low) / (high - low));
  return t * t * (3 - 2 * t);
}

// 0xRRGGBB as painters write it, to linear light (a power of 2.2 is near enough to sRGB here).
inline Vec3 Paint(uint32_t rgb) {
  const auto linear = [](uint32_t byte) {
    return std::pow(static_cast<float>(byte & 0xff) / 255.0f, 2.2f);
  };
  return {linear(rgb >> 16), linear(rgb >> 8), linear(rgb)};
}

inline constexpr float kPi = 3.14159265f;

}  // namespace headrace::cli
