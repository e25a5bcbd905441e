#include "bindings/cli/synth_render.h"

#include <algorithm>
#include <cmath>

#include "bindings/cli/synth_backdrop.h"

namespace headrace::cli {
namespace {

struct PixelBox {
  uint32_t left = 0;
  uint32_t top = 0;
  uint32_t right = 0;  // one past
  uint32_t bottom = 0;
};

// A part with its bounds, so that most parts are passed over for most points.
struct BoundedPart {
  const Part* part = nullptr;
  Vec2 low;
  Vec2 high;
};

class Renderer {
 public:
  Renderer(const Scene& scene, const ValueNoise& noise)
      : scene_(scene),
        noise_(noise),
        light_(size_t{scene.width} * scene.height),
        instances_(light_.size()) {}

  RenderedScene Run() {
    PaintBackdrop();
    const bool from_above = scene_.place == Place::kTable;
    if (!from_above) {
      for (const PlacedObject& object : scene_.objects) PaintGroundShadow(object);
    }
    for (size_t i = 0; i < scene_.objects.size(); ++i) {
      if (from_above) PaintDropShadow(scene_.objects[i]);
      PaintObject(scene_.objects[i], static_cast<uint8_t>(i + 1));
    }
    return {Develop(), std::move(instances_)};
  }

 private:
  Vec3& At(uint32_t x, uint32_t y) { return light_[size_t{y} * scene_.width + x]; }

  PixelBox Clipped(float left, float top, float right, float bottom) const {
    const auto clip = [](float value, uint32_t limit) {
      return static_cast<uint32_t>(std::clamp(value, 0.0f, static_cast<float>(limit)));
    };
    return {clip(std::floor(left), scene_.width), clip(std::floor(top), scene_.height),
            clip(std::ceil(right), scene_.width), clip(std::ceil(bottom), scene_.height)};
  }

  void PaintBackdrop() {
    const Backdrop backdrop(scene_, noise_);
    for (uint32_t y = 0; y < scene_.height; ++y) {
      for (uint32_t x = 0; x < scene_.width; ++x) {
        At(x, y) = backdrop.At(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f);
      }
    }
  }

  void Darken(uint32_t x, uint32_t y, float amount) {
    // Shadows keep the sky's light, so they are bluer than what throws them.
    const Vec3 tint = {1 - amount, 1 - amount * 0.96f, 1 - amount * 0.88f};
    At(x, y) = At(x, y) * tint;
  }

  // The silhouette laid down on the ground, softer with distance from the foot, and the darkness
  // right under it.
  void PaintGroundShadow(const PlacedObject& object) {
    if (object.floats) return;
    const Vec2 throw_by = scene_.light.shadow;
    const float tall = (object.high.y - object.low.y) * object.scale;
    const float reach = std::abs(throw_by.x) * tall;
    const float wide = 1.4f * object.scale;
    const float up = throw_by.y < 0 ? -throw_by.y * tall : 0;
    const float down = throw_by.y > 0 ? throw_by.y * tall : 0;
    const float pad = 0.25f * object.scale;
    const PixelBox box = Clipped(object.foot.x - wide - reach, object.foot.y - up - pad,
                                 object.foot.x + wide + reach, object.foot.y + down + pad);
    const float contact_wide = object.foot_half_width * object.scale * 1.15f;
    const float contact_tall = std::max(contact_wide * 0.22f, 2.0f);
    for (uint32_t y = std::max(box.top, FirstGroundRow()); y < box.bottom; ++y) {
      for (uint32_t x = box.left; x < box.right; ++x) {
        const float px = static_cast<float>(x) + 0.5f - object.foot.x;
        const float py = static_cast<float>(y) + 0.5f - object.foot.y;
        const float height = py / (throw_by.y * object.scale);  // of what shades this point
        float amount = 0;
        if (height >= -0.1f) {
          const float lifted = std::max(height, 0.0f);
          const Vec2 at = {px / object.scale - lifted * throw_by.x, lifted + object.low.y};
          const float soft = 0.03f + 0.1f * lifted;
          const float fade = SmoothStep(-0.1f, 0.02f, height);
          amount =
              fade * SmoothStep(soft, -soft, object.Silhouette(at)) * scene_.light.shadow_depth;
        }
        const float contact = Length({px / contact_wide, py / contact_tall});
        amount = std::max(amount, 0.6f * SmoothStep(1.15f, 0.3f, contact));
        if (amount > 0) Darken(x, y, amount);
      }
    }
  }

  uint32_t FirstGroundRow() const {
    return static_cast<uint32_t>(
        std::clamp(scene_.horizon, 0.0f, static_cast<float>(scene_.height)));
  }

  // Seen from above, the shadow is the silhouette moved aside; it falls on what lies below.
  void PaintDropShadow(const PlacedObject& object) {
    const PixelBox box = ObjectBox(object, 0.3f);
    for (uint32_t y = box.top; y < box.bottom; ++y) {
      for (uint32_t x = box.left; x < box.right; ++x) {
        const Vec2 at =
            object.ToUpright(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f);
        const Vec2 from = {at.x - scene_.light.shadow.x, at.y + scene_.light.shadow.y};
        const float shade = SmoothStep(0.12f, -0.08f, object.Silhouette(from));
        if (shade > 0) Darken(x, y, shade * scene_.light.shadow_depth);
      }
    }
  }

  PixelBox ObjectBox(const PlacedObject& object, float margin) const {
    const float bottom = object.foot.y + margin * object.scale;
    const float top = object.foot.y - (object.high.y - object.low.y + margin) * object.scale;
    return Clipped(object.foot.x + (object.low.x - margin) * object.scale, top,
                   object.foot.x + (object.high.x + margin) * object.scale, bottom);
  }

  void PaintObject(const PlacedObject& object, uint8_t number) {
    // Half a grid step of the measured extent, and a pixel for the soft edge.
    const PixelBox box = ObjectBox(object, 0.05f + 1.5f / object.scale);
    std::vector<BoundedPart> parts;  // front to back
    for (auto part = object.parts.rbegin(); part != object.parts.rend(); ++part) {
      BoundedPart bounded{&*part, {}, {}};
      BoundsOf(*part, &bounded.low, &bounded.high);
      parts.push_back(bounded);
    }
    for (uint32_t y = box.top; y < box.bottom; ++y) {
      for (uint32_t x = box.left; x < box.right; ++x) {
        const Vec2 upright =
            object.ToUpright(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f);
        float coverage = 0;
        const Vec3 colour = Shade(object, parts, upright, &coverage);
        if (coverage <= 0) continue;
        At(x, y) = At(x, y) * (1 - coverage) + colour;
        if (coverage > 0.5f) instances_[size_t{y} * scene_.width + x] = number;
      }
    }
  }

  // Light of the object at a point, times its coverage there.
  Vec3 Shade(const PlacedObject& object, const std::vector<BoundedPart>& parts, Vec2 upright,
             float* coverage) const {
    constexpr float kCrease = 0.07f;  // how far a part darkens what lies behind it
    const Vec2 own = object.ToOwn(upright);
    const float margin = kCrease + 1 / object.scale;
    float nearest_in_front = 1e9f;
    float open = 1;  // what is not covered yet
    Vec3 sum;
    for (const BoundedPart& bounded : parts) {
      if (own.x < bounded.low.x - margin || own.x > bounded.high.x + margin ||
          own.y < bounded.low.y - margin || own.y > bounded.high.y + margin) {
        continue;
      }
      const float distance = DistanceTo(*bounded.part, own);
      const float alpha = Saturate(0.5f - distance * object.scale);
      if (alpha > 0) {
        const float crease = Mix(0.6f, 1.0f, SmoothStep(0, kCrease, nearest_in_front));
        sum = sum + LitPart(object, *bounded.part, own, upright, distance, crease) * (alpha * open);
        open *= 1 - alpha;
        if (open < 0.004f) break;
      }
      nearest_in_front = std::min(nearest_in_front, std::max(distance, 0.0f));
    }
    *coverage = 1 - open;
    return sum;
  }

  Vec3 LitPart(const PlacedObject& object, const Part& part, Vec2 own, Vec2 upright, float distance,
               float crease) const {
    const Light& light = scene_.light;
    Vec3 normal = NormalOf(part, own, distance);
    if (object.mirrored) normal.x = -normal.x;
    const Vec2 turned = Turned({normal.x, normal.y}, object.cosine, object.sine);
    normal = {turned.x, turned.y, normal.z};
    const float above = upright.y - object.low.y;
    const bool grounded = !object.floats && scene_.place != Place::kTable;
    const float near_ground = grounded ? Mix(0.55f, 1.0f, SmoothStep(0, 0.4f, above)) : 1;
    const Vec3 albedo = AlbedoOf(part, own, noise_);
    const float facing = std::max(Dot(normal, light.direction), 0.0f);
    const Vec3 ambient = Mix(light.ground, light.sky, 0.5f + 0.5f * normal.y);
    Vec3 lit = albedo * (ambient * near_ground + light.colour * (facing * 0.95f)) * crease;
    if (part.surface.gloss > 0) {
      const Vec3 half = Normalised(light.direction + Vec3{0, 0, 1});
      const float shine = std::pow(std::max(Dot(normal, half), 0.0f), part.surface.sharpness);
      // Grazing surfaces mirror the sky.
      const float edge = (1 - normal.z) * (1 - normal.z) * (0.5f + 0.5f * normal.y);
      lit = lit + (light.colour * (0.7f * shine) + light.sky * (0.5f * edge)) * part.surface.gloss;
    }
    return lit + albedo * part.surface.glow;
  }

  // Exposure, vignette, a film's shoulder, gamma, grain.
  Picture Develop() const {
    Picture picture{scene_.width, scene_.height, {}};
    picture.rgb.resize(light_.size() * 3);
    uint64_t grain_state = MixBits(static_cast<uint64_t>(scene_.noise_origin.x * 65536));
    for (uint32_t y = 0; y < scene_.height; ++y) {
      const float v = (static_cast<float>(y) + 0.5f) / static_cast<float>(scene_.height) - 0.5f;
      for (uint32_t x = 0; x < scene_.width; ++x) {
        const float u = (static_cast<float>(x) + 0.5f) / static_cast<float>(scene_.width) - 0.5f;
        const float shade = scene_.exposure * (1 - scene_.vignette * 2 * (u * u + v * v));
        grain_state = MixBits(grain_state);
        const float grain =
            (static_cast<float>(grain_state >> 40) * 0x1p-24f - 0.5f) * scene_.grain * 2;
        const size_t at = size_t{y} * scene_.width + x;
        const Vec3 pixel = light_[at] * shade;
        picture.rgb[at * 3] = Tone(pixel.x, grain);
        picture.rgb[at * 3 + 1] = Tone(pixel.y, grain);
        picture.rgb[at * 3 + 2] = Tone(pixel.z, grain);
      }
    }
    return picture;
  }

  static uint8_t Tone(float linear, float grain) {
    // Nearly straight up to middle grey, then a shoulder towards 1. The square root with a
    // correction stands for the gamma of 2.2: a power a pixel would cost more than the rest.
    const float value = std::max(linear, 0.0f);
    const float rolled = value * (1 + 0.18f * value) / (1 + 0.62f * value);
    const float root = std::sqrt(std::min(rolled * 1.25f, 1.0f));
    const float encoded = root + 0.06f * root * (1 - root);
    return static_cast<uint8_t>(Saturate(encoded + grain) * 255.0f + 0.5f);
  }

  const Scene& scene_;
  const ValueNoise& noise_;
  std::vector<Vec3> light_;
  std::vector<uint8_t> instances_;
};

}  // namespace

RenderedScene RenderScene(const Scene& scene, const ValueNoise& noise) {
  return Renderer(scene, noise).Run();
}

}  // namespace headrace::cli
