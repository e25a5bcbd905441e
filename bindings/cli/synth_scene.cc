#include "bindings/cli/synth_scene.h"

#include <array>
#include <numeric>

namespace headrace::cli {
namespace {

// Measures what the parts cover, by looking at a grid of points: boxes round turned shapes are too
// large to stand a thing on.
void MeasureExtent(PlacedObject* object) {
  constexpr int kGrid = 72;
  constexpr float kReach = 1.45f;
  object->low = {kReach, kReach};
  object->high = {-kReach, -kReach};
  std::array<Vec2, kGrid> spans;  // covered columns of each row, from the bottom
  for (int row = 0; row < kGrid; ++row) {
    Vec2& span = spans[static_cast<size_t>(row)];
    span = {kReach, -kReach};
    const float y = Mix(-kReach, kReach, (static_cast<float>(row) + 0.5f) / kGrid);
    for (int column = 0; column < kGrid; ++column) {
      const float x = Mix(-kReach, kReach, (static_cast<float>(column) + 0.5f) / kGrid);
      if (object->Silhouette({x, y}) > 0) continue;
      span = {std::min(span.x, x), std::max(span.y, x)};
      object->low = {std::min(object->low.x, x), std::min(object->low.y, y)};
      object->high = {std::max(object->high.x, x), std::max(object->high.y, y)};
    }
  }
  float foot = 0;
  for (int row = 0; row < kGrid; ++row) {
    const float y = Mix(-kReach, kReach, (static_cast<float>(row) + 0.5f) / kGrid);
    const Vec2 span = spans[static_cast<size_t>(row)];
    if (y < object->low.y + 0.15f && span.y > span.x) {
      foot = std::max(foot, (span.y - span.x) / 2);
    }
  }
  object->foot_half_width = std::max(foot, 0.08f);
}

class Composer {
 public:
  explicit Composer(const SceneRequest& request)
      : request_(request), random_(request.seed, request.number) {}

  Scene Compose() {
    ChooseSize();
    ChoosePlace();
    ChooseLight();
    ChooseColours();
    PlaceObjects();
    scene_.noise_origin = {random_.Uniform(0, 200), random_.Uniform(0, 200)};
    scene_.exposure = random_.Uniform(0.85f, 1.25f);
    scene_.vignette = random_.Uniform(0.05f, 0.4f);
    scene_.grain = random_.Uniform(0.004f, 0.03f);
    return std::move(scene_);
  }

 private:
  const ObjectClass& MainClass() const { return ObjectClasses()[request_.main_class]; }
  bool FromAbove() const { return scene_.place == Place::kTable; }
  bool Outdoors() const { return scene_.place <= Place::kStreet; }

  void ChooseSize() {
    const float size = random_.Uniform(0.85f, 1.15f);
    const float stretch = random_.Uniform(0.9f, 1.1f);
    const auto side = [](uint32_t about, float factor) {
      return std::max(32u, static_cast<uint32_t>(static_cast<float>(about) * factor));
    };
    scene_.width = side(request_.width, size * stretch);
    scene_.height = side(request_.height, size / stretch);
    if (random_.Chance(0.2f)) std::swap(scene_.width, scene_.height);
  }

  // Four times in five where the thing is at home, so that the place helps but does not decide.
  void ChoosePlace() {
    constexpr std::array<Place, 4> kOutdoors = {Place::kMeadow, Place::kSand, Place::kSnow,
                                                Place::kStreet};
    const Place outdoors = kOutdoors[random_.Below(4)];
    const Place indoors = random_.Chance(0.5f) ? Place::kTable : Place::kRoom;
    Habitat habitat = MainClass().habitat;
    if (habitat == Habitat::kAnywhere || !random_.Chance(0.8f)) {
      constexpr std::array<Habitat, 3> kAny = {Habitat::kOutdoors, Habitat::kIndoors,
                                               Habitat::kWater};
      habitat = kAny[random_.Below(3)];
    }
    scene_.place = habitat == Habitat::kOutdoors  ? outdoors
                   : habitat == Habitat::kIndoors ? indoors
                                                  : Place::kUnderwater;
    if (FromAbove() && !MainClass().can_lie) scene_.place = Place::kRoom;
    const auto height = static_cast<float>(scene_.height);
    switch (scene_.place) {
      case Place::kTable: scene_.horizon = -height; break;
      case Place::kRoom: scene_.horizon = height * random_.Uniform(0.5f, 0.66f); break;
      case Place::kUnderwater: scene_.horizon = height * random_.Uniform(0.72f, 0.86f); break;
      default: scene_.horizon = height * random_.Uniform(0.35f, 0.6f); break;
    }
  }

  void ChooseLight() {
    Light& light = scene_.light;
    const float side = random_.Uniform(-1, 1);
    const float height = random_.Uniform(0.5f, 1.1f);
    light.direction = Normalised({side, height, random_.Uniform(0.4f, 0.9f)});
    const float warmth = random_.Uniform(-1, 1);
    light.colour = Vec3{1 + 0.12f * warmth, 1, 1 - 0.2f * warmth} * random_.Uniform(0.75f, 1.0f);
    light.sky = Outdoors() ? Vec3{0.26f, 0.32f, 0.42f} : Vec3{0.32f, 0.3f, 0.28f};
    light.ground = {0.12f, 0.11f, 0.09f};
    // The flatter the light, the longer the shadow; it falls away from the light, up the picture
    // when the light is in front.
    const float away = random_.Chance(0.5f) ? -0.28f : 0.3f;
    light.shadow = {-side / height * 0.8f, away};
    light.shadow_depth = random_.Uniform(0.4f, 0.7f);
    if (scene_.place == Place::kUnderwater) {
      light.colour = {0.55f, 0.85f, 0.9f};
      light.sky = {0.12f, 0.34f, 0.4f};
      light.shadow_depth = 0.3f;
    }
    if (FromAbove()) light.shadow = {-side * 0.14f, 0.1f};
  }

  template <size_t kCount>
  Vec3 Pick(const std::array<uint32_t, kCount>& colours) {
    return Paint(colours[random_.Below(kCount)]) * random_.Uniform(0.85f, 1.1f);
  }

  void ChooseSky() {
    constexpr std::array<std::array<uint32_t, 2>, 5> kSkies = {{{0x2f6fc8, 0xb8d8f0},
                                                                {0x4a90d0, 0xe0ecf4},
                                                                {0x6a7c90, 0xc8d0d4},
                                                                {0x3a4a88, 0xf0b088},
                                                                {0x5aa0c0, 0xf4ecd0}}};
    const std::array<uint32_t, 2> sky = kSkies[random_.Below(5)];
    scene_.sky_top = Paint(sky[0]);
    scene_.sky_low = Paint(sky[1]);
    scene_.cloudiness = random_.Uniform(0.2f, 0.8f);
  }

  void ChooseColours() {
    constexpr std::array<Pattern, 5> kWalls = {Pattern::kPlain, Pattern::kStripes, Pattern::kBricks,
                                               Pattern::kSpots, Pattern::kChecks};
    constexpr std::array<Pattern, 2> kFloors = {Pattern::kBricks, Pattern::kChecks};
    constexpr std::array<Pattern, 3> kTables = {Pattern::kGrain, Pattern::kChecks,
                                                Pattern::kLeaves};
    ChooseSky();
    scene_.wall_pattern = kWalls[random_.Below(5)];
    scene_.floor_pattern = kFloors[random_.Below(2)];
    scene_.floor_angle = random_.Uniform(0, kPi);
    switch (scene_.place) {
      case Place::kMeadow:
        scene_.ground = Pick(std::array<uint32_t, 3>{0x4f8a30, 0x6a9a3a, 0x8a9440});
        scene_.ground_second = Pick(std::array<uint32_t, 3>{0x2e5a20, 0x7a7a34, 0x3f7030});
        break;
      case Place::kSand:
        scene_.ground = Pick(std::array<uint32_t, 2>{0xe0c490, 0xc8a870});
        scene_.ground_second = Pick(std::array<uint32_t, 2>{0xa88454, 0xb89868});
        break;
      case Place::kSnow:
        scene_.ground = Paint(0xeef2f8);
        scene_.ground_second = Paint(0xb4c4dc);
        break;
      case Place::kStreet:
        scene_.ground = Pick(std::array<uint32_t, 2>{0x6c6c70, 0x88847c});
        scene_.ground_second = Paint(0x4a4a50);
        break;
      case Place::kRoom:
        scene_.sky_top = Pick(
            std::array<uint32_t, 6>{0xd8ccb4, 0xa8bcc4, 0xc8a898, 0xb4c4a4, 0xe0dcd4, 0x98a0b8});
        scene_.sky_low = scene_.sky_top * random_.Uniform(0.65f, 0.9f);
        scene_.ground = Pick(std::array<uint32_t, 4>{0xb07c4c, 0x8a5c38, 0xc8c0b4, 0x6a6460});
        scene_.ground_second = scene_.ground * random_.Uniform(0.3f, 0.6f);
        break;
      case Place::kTable:
        scene_.floor_pattern = kTables[random_.Below(3)];
        scene_.ground = Pick(
            std::array<uint32_t, 6>{0xb88858, 0x8a6040, 0xe4e0d8, 0x6a8a90, 0xc0504c, 0x50545c});
        scene_.ground_second = scene_.ground * random_.Uniform(0.4f, 0.75f);
        break;
      case Place::kUnderwater:
        scene_.sky_top = Pick(std::array<uint32_t, 2>{0x58c4d0, 0x4aa8d8});
        scene_.sky_low = Pick(std::array<uint32_t, 2>{0x0c4a6c, 0x105058});
        scene_.ground = Paint(0x9a9470);
        scene_.ground_second = Paint(0x5a6a5c);
        break;
    }
  }

  // Everything but where it stands.
  PlacedObject MakeObject(size_t class_index, float scale) {
    const ObjectClass& kind = ObjectClasses()[class_index];
    PlacedObject object;
    object.class_index = class_index;
    object.parts = kind.make(random_);
    object.scale = scale;
    const float turn_max = FromAbove() && kind.can_lie ? kPi : kind.turn_max;
    const float turn = random_.Uniform(-turn_max, turn_max);
    object.cosine = std::cos(turn);
    object.sine = std::sin(turn);
    object.mirrored = random_.Chance(0.5f);
    MeasureExtent(&object);
    const bool swims = scene_.place == Place::kUnderwater && kind.habitat == Habitat::kWater;
    const bool flies = Outdoors() && kind.name == "rocket";
    object.floats = swims || (flies && random_.Chance(0.6f));
    return object;
  }

  // Screen row of the foot: anywhere when it floats, else on the ground, `nearness` 0 to 1.
  float FootRow(const PlacedObject& object, float nearness) const {
    const auto height = static_cast<float>(scene_.height);
    const float tall = (object.high.y - object.low.y) * object.scale;
    if (FromAbove() || object.floats) {
      const float margin = tall * 0.9f;
      return Mix(std::min(margin, height), std::max(height - tall * 0.1f, margin), nearness);
    }
    const float nearest = height * 0.98f;
    const float farthest = Mix(scene_.horizon, nearest, 0.15f);
    return Mix(farthest, nearest, nearness);
  }

  void PlaceMain() {
    const auto shorter = static_cast<float>(std::min(scene_.width, scene_.height));
    PlacedObject object = MakeObject(request_.main_class, shorter * random_.Uniform(0.24f, 0.42f));
    const float wide = (object.high.x - object.low.x) * object.scale / 2;
    const auto width = static_cast<float>(scene_.width);
    const float margin = std::min(wide * 0.85f, width / 2);
    object.foot.x = random_.Uniform(margin, width - margin);
    object.foot.y = FootRow(object, random_.Uniform(0.25f, 0.95f));
    // What is tall keeps its head in the picture, if need be by standing nearer.
    const float tall = (object.high.y - object.low.y) * object.scale;
    object.foot.y =
        std::max(object.foot.y, std::min(tall * 0.95f, static_cast<float>(scene_.height)));
    scene_.objects.push_back(std::move(object));
  }

  // Others, smaller with distance, none of them over the middle of the main one.
  void PlaceOthers() {
    const PlacedObject main = scene_.objects[0];
    const uint32_t count = random_.Below(4);
    for (uint32_t i = 0; i < count; ++i) {
      const size_t kind = random_.Below(static_cast<uint32_t>(request_.classes));
      if (FromAbove() && !ObjectClasses()[kind].can_lie) continue;
      PlacedObject other = MakeObject(kind, main.scale * random_.Uniform(0.35f, 0.7f));
      other.foot.x = random_.Uniform(0, static_cast<float>(scene_.width));
      other.foot.y = FootRow(other, random_.Uniform(0.1f, 1.0f));
      if (!FromAbove() && !other.floats && !main.floats) {
        const float depth = (other.foot.y - scene_.horizon) / (main.foot.y - scene_.horizon);
        other.scale *= std::clamp(depth, 0.4f, 1.3f);
      }
      const float gap = std::abs(other.foot.x - main.foot.x);
      if (gap < 0.7f * (main.high.x - main.low.x) / 2 * main.scale + 0.5f * other.scale) continue;
      scene_.objects.push_back(std::move(other));
    }
  }

  void PlaceObjects() {
    PlaceMain();
    PlaceOthers();
    std::vector<size_t> order(scene_.objects.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return scene_.objects[a].foot.y < scene_.objects[b].foot.y;
    });
    std::vector<PlacedObject> sorted;
    for (const size_t index : order) {
      if (index == 0) scene_.main_object = sorted.size();
      sorted.push_back(std::move(scene_.objects[index]));
    }
    scene_.objects = std::move(sorted);
  }

  const SceneRequest& request_;
  SceneRandom random_;
  Scene scene_;
};

}  // namespace

float PlacedObject::Silhouette(Vec2 upright) const {
  const Vec2 own = ToOwn(upright);
  float nearest = 1e9f;
  for (const Part& part : parts) nearest = std::min(nearest, DistanceTo(part, own));
  return nearest;
}

Scene MakeScene(const SceneRequest& request) { return Composer(request).Compose(); }

}  // namespace headrace::cli
