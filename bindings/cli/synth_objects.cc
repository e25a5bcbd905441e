#include "bindings/cli/synth_objects.h"

#include <array>

namespace headrace::cli {
namespace {

Part Ellipse(Vec2 centre, Vec2 radius, Vec3 colour, float angle = 0) {
  Part part;
  part.centre = centre;
  part.radius = radius;
  part.angle = angle;
  part.bevel = std::min(radius.x, radius.y);
  part.surface.colour = part.surface.second = colour;
  return part;
}

Part Box(Vec2 centre, Vec2 half, float round, Vec3 colour, float angle = 0) {
  Part part = Ellipse(centre, half, colour, angle);
  part.outline = Outline::kBox;
  part.round = round;
  part.bevel = std::max(round, 0.03f);
  return part;
}

Part Capsule(Vec2 from, Vec2 to, float from_radius, float to_radius, Vec3 colour) {
  Part part = Ellipse(from, {from_radius, to_radius}, colour);
  part.outline = Outline::kCapsule;
  part.end = to;
  return part;
}

Part Polygon(std::vector<Vec2> points, float round, float bevel, Vec3 colour) {
  Part part;
  part.outline = Outline::kPolygon;
  part.centre = points[0];
  part.points = std::move(points);
  part.round = round;
  part.bevel = bevel;
  part.surface.colour = part.surface.second = colour;
  return part;
}

Part Ring(Vec2 centre, float radius, float half_thickness, Vec3 colour) {
  Part part = Ellipse(centre, {radius, half_thickness}, colour);
  part.outline = Outline::kRing;
  part.bevel = half_thickness;
  return part;
}

Part Patterned(Part part, Pattern pattern, float scale, Vec3 second, float angle = 0) {
  part.surface.pattern = pattern;
  part.surface.scale = scale;
  part.surface.second = second;
  part.surface.angle = angle;
  return part;
}

Part Glossy(Part part, float gloss, float sharpness = 40) {
  part.surface.gloss = gloss;
  part.surface.sharpness = sharpness;
  part.surface.dirt = std::min(part.surface.dirt, 0.08f);
  return part;
}

template <size_t kCount>
Vec3 Pick(SceneRandom& random, const std::array<uint32_t, kCount>& colours) {
  const Vec3 colour = Paint(colours[random.Below(kCount)]);
  const float light = random.Uniform(0.8f, 1.15f);
  return {colour.x * light * random.Uniform(0.9f, 1.1f), colour.y * light,
          colour.z * light * random.Uniform(0.9f, 1.1f)};
}

constexpr std::array<uint32_t, 9> kBright = {0xd83a34, 0x2f6fd0, 0xf2b01e, 0x2fa05a, 0xe8702a,
                                             0x8a45b0, 0x20a8b0, 0xe0508c, 0xf0ede4};

void AddEye(std::vector<Part>* parts, Vec2 centre, float radius) {
  parts->push_back(Ellipse(centre, {radius, radius}, Paint(0xf4f2ea)));
  parts->push_back(Glossy(
      Ellipse(centre + Vec2{radius * 0.2f, 0}, {radius * 0.55f, radius * 0.55f}, Paint(0x101014)),
      1.0f));
}

std::vector<Part> MakeApple(SceneRandom& random) {
  constexpr std::array<uint32_t, 4> kSkins = {0xc4202a, 0xa8c83c, 0xe0b838, 0xb83038};
  const Vec3 skin = Pick(random, kSkins);
  const Vec3 blush = Pick(random, std::array<uint32_t, 3>{0xd86030, 0xe8d060, 0x8c1820});
  std::vector<Part> parts;
  parts.push_back(
      Capsule({0, 0.55f}, {random.Uniform(-0.12f, 0.2f), 0.98f}, 0.06f, 0.045f, Paint(0x5a3a20)));
  if (random.Chance(0.7f)) {
    Part leaf = Ellipse({0.34f, 0.82f}, {0.3f, 0.12f}, Paint(0x3f8a30), 0.5f);
    parts.push_back(Patterned(leaf, Pattern::kStripes, 10, Paint(0x4f9a3c), 1.2f));
  }
  const float width = random.Uniform(0.78f, 0.9f);
  // Two lobes and a belly make the dent at the stem.
  for (const float side : {-1.0f, 1.0f}) {
    Part lobe = Ellipse({side * 0.3f, -0.05f}, {width - 0.26f, 0.76f}, skin);
    parts.push_back(Glossy(Patterned(lobe, Pattern::kGrain, 2.5f, blush, kPi / 2), 0.5f));
  }
  Part belly = Ellipse({0, -0.18f}, {width, 0.8f}, skin);
  belly.surface.dirt = 0.3f;
  parts.push_back(Glossy(Patterned(belly, Pattern::kGrain, 2.5f, blush, kPi / 2), 0.6f));
  Part dent = Ellipse({0, 0.55f}, {0.24f, 0.08f}, skin * 0.35f);
  dent.relief = Relief::kFlat;
  parts.push_back(dent);
  return parts;
}

std::vector<Part> MakeBall(SceneRandom& random) {
  const Vec3 first = Pick(random, kBright);
  const Vec3 second = Pick(random, kBright);
  Part ball = Ellipse({0, 0}, {1, 1}, first);
  constexpr std::array<Pattern, 4> kKinds = {Pattern::kPanels, Pattern::kStripes, Pattern::kSpots,
                                             Pattern::kChecks};
  const Pattern pattern = kKinds[random.Below(4)];
  const float scale = random.Uniform(1.6f, 3.0f);
  ball = Patterned(ball, pattern, scale, second, random.Uniform(0, 2 * kPi));
  std::vector<Part> parts = {Glossy(ball, random.Uniform(0.2f, 0.8f), 50)};
  if (pattern == Pattern::kPanels) {
    parts.push_back(Glossy(Ellipse({0, 0}, {0.16f, 0.16f}, Paint(0xf0ede4)), 0.4f));
    parts.back().relief = Relief::kFlat;
  }
  return parts;
}

void AddWheel(std::vector<Part>* parts, Vec2 centre, float radius) {
  parts->push_back(Ellipse(centre, {radius, radius}, Paint(0x1c1c20)));
  parts->push_back(
      Glossy(Ellipse(centre, {radius * 0.55f, radius * 0.55f}, Paint(0xb4b8bc)), 0.9f));
  parts->back().bevel = radius * 0.2f;
  parts->push_back(Ellipse(centre, {radius * 0.16f, radius * 0.16f}, Paint(0x404448)));
}

std::vector<Part> MakeCar(SceneRandom& random) {
  const Vec3 paint = Pick(random, kBright);
  const Vec3 glass = Paint(0x5c7890);
  const float roof = random.Uniform(-0.02f, 0.12f);
  const float rear = random.Uniform(-0.62f, -0.45f);
  std::vector<Part> parts;
  parts.push_back(
      Glossy(Polygon({{rear - 0.2f, -0.4f}, {rear, roof}, {0.18f, roof}, {0.58f, -0.4f}}, 0.08f,
                     0.12f, paint),
             0.8f));
  parts.push_back(Glossy(Box({0, -0.55f}, {0.98f, 0.24f}, 0.16f, paint), 0.8f));
  const float sill = -0.34f;
  const float top = roof - 0.02f;
  const Part back_window =
      Polygon({{rear - 0.08f, sill}, {rear + 0.05f, top}, {-0.16f, top}, {-0.16f, sill}}, 0.02f,
              0.05f, glass);
  const Part front_window =
      Polygon({{-0.06f, sill}, {-0.06f, top}, {0.15f, top}, {0.44f, sill}}, 0.02f, 0.05f, glass);
  parts.push_back(Glossy(back_window, 1.2f, 80));
  parts.push_back(Glossy(front_window, 1.2f, 80));
  Part seam = Box({-0.11f, -0.52f}, {0.008f, 0.18f}, 0, paint * 0.3f);
  seam.relief = Relief::kFlat;
  parts.push_back(seam);
  parts.push_back(Box({0.03f, -0.43f}, {0.07f, 0.018f}, 0.01f, paint * 0.4f));
  parts.push_back(Box({0, -0.74f}, {0.95f, 0.04f}, 0.03f, Paint(0x2a2c30)));
  Part lamp = Ellipse({0.9f, -0.5f}, {0.07f, 0.06f}, Paint(0xfff4d0));
  lamp.surface.glow = 0.5f;
  parts.push_back(lamp);
  parts.push_back(Ellipse({-0.93f, -0.5f}, {0.04f, 0.08f}, Paint(0xc02020)));
  AddWheel(&parts, {-0.55f, -0.77f}, 0.23f);
  AddWheel(&parts, {0.56f, -0.77f}, 0.23f);
  return parts;
}

std::vector<Part> MakeFish(SceneRandom& random) {
  const Vec3 body = Pick(random, kBright);
  const Vec3 fin = Pick(random, kBright);
  const float height = random.Uniform(0.4f, 0.62f);
  std::vector<Part> parts;
  const auto add_fin = [&](std::vector<Vec2> points) {
    Part part = Polygon(std::move(points), 0.04f, 0.1f, fin);
    part.surface.dirt = 0.3f;
    parts.push_back(
        Patterned(part, Pattern::kStripes, 12, fin * 0.6f, random.Uniform(-0.3f, 0.3f)));
  };
  add_fin({{-0.5f, 0}, {-0.98f, 0.45f}, {-0.82f, 0}, {-0.98f, -0.45f}});
  add_fin({{-0.25f, height * 0.6f}, {-0.2f, height + 0.28f}, {0.3f, height * 0.8f}});
  add_fin({{-0.1f, -height * 0.6f}, {-0.25f, -height - 0.22f}, {0.25f, -height * 0.7f}});
  Part trunk = Ellipse({0.12f, 0}, {0.8f, height}, body);
  const bool striped = random.Chance(0.4f);
  trunk = striped ? Patterned(trunk, Pattern::kStripes, 4, Pick(random, kBright), kPi / 2)
                  : Patterned(trunk, Pattern::kScales, 9, body * 0.55f, kPi / 2);
  parts.push_back(Glossy(trunk, 0.7f, 25));
  add_fin({{0.2f, -0.05f}, {-0.12f, -0.28f}, {0.05f, 0.05f}});
  AddEye(&parts, {0.6f, height * 0.25f}, 0.1f);
  Part mouth = Capsule({0.9f, -0.1f}, {0.72f, -0.13f}, 0.015f, 0.012f, body * 0.2f);
  mouth.relief = Relief::kFlat;
  parts.push_back(mouth);
  return parts;
}

std::vector<Part> MakeFlower(SceneRandom& random) {
  const Vec3 green = Pick(random, std::array<uint32_t, 3>{0x3a8a34, 0x5a9c3a, 0x2e7048});
  const Vec3 petal = Pick(random, kBright);
  const Vec3 heart = Pick(random, std::array<uint32_t, 3>{0xf2c420, 0x6a4020, 0xe88a20});
  const Vec2 head = {random.Uniform(-0.12f, 0.12f), 0.42f};
  std::vector<Part> parts;
  parts.push_back(Capsule({0, -1}, head, 0.05f, 0.04f, green));
  for (const float side : {-1.0f, 1.0f}) {
    const Vec2 at = {side * 0.3f, random.Uniform(-0.75f, -0.4f)};
    const Part leaf = Ellipse(at, {0.34f, 0.11f}, green, side * 0.6f);
    parts.push_back(Patterned(leaf, Pattern::kStripes, 14, green * 0.75f, kPi / 2));
  }
  const uint32_t petals = 5 + random.Below(8);
  const float reach = random.Uniform(0.3f, 0.36f);
  const float width = std::clamp(1.1f / static_cast<float>(petals), 0.1f, 0.2f);
  for (uint32_t i = 0; i < petals; ++i) {
    const float turn = 2 * kPi * static_cast<float>(i) / static_cast<float>(petals) + 0.2f;
    const Vec2 out = {std::cos(turn), std::sin(turn)};
    Part blade = Ellipse(head + out * reach, {0.25f, width}, petal, turn);
    blade.bevel = width * 0.8f;
    parts.push_back(Patterned(blade, Pattern::kGrain, 6, petal * 0.7f));
  }
  Part centre = Ellipse(head, {0.2f, 0.2f}, heart);
  centre.surface.dirt = 0.5f;
  parts.push_back(Patterned(centre, Pattern::kSpots, 18, heart * 0.4f));
  return parts;
}

void AddWindow(std::vector<Part>* parts, Vec2 centre, float half, Vec3 frame) {
  parts->push_back(Box(centre, {half + 0.03f, half + 0.03f}, 0.01f, frame));
  parts->push_back(Glossy(Box(centre, {half, half}, 0.005f, Paint(0x6d8ca4)), 1.0f, 90));
  parts->push_back(Box(centre, {half, 0.012f}, 0, frame));
  parts->push_back(Box(centre, {0.012f, half}, 0, frame));
}

std::vector<Part> MakeHouse(SceneRandom& random) {
  const Vec3 wall = Pick(
      random, std::array<uint32_t, 6>{0xc8775a, 0xe8dcc0, 0x9fb8c8, 0xd8b070, 0xa85848, 0xd8d8d4});
  const Vec3 roof = Pick(random, std::array<uint32_t, 4>{0x8a3428, 0x4a4c54, 0x6a4a34, 0x34566a});
  const Vec3 frame = Paint(0xf0ece0);
  const float eaves = random.Uniform(0.0f, 0.15f);
  const float half = random.Uniform(0.68f, 0.8f);
  std::vector<Part> parts;
  if (random.Chance(0.7f)) {
    const Part chimney = Box({half * 0.5f, 0.6f}, {0.1f, 0.28f}, 0.01f, Paint(0x8a4a3a));
    parts.push_back(Patterned(chimney, Pattern::kBricks, 14, Paint(0xc8c0b4)));
  }
  Part body = Box({0, (eaves - 1) / 2}, {half, (eaves + 1) / 2}, 0.01f, wall);
  const bool brick = random.Chance(0.6f);
  parts.push_back(brick ? Patterned(body, Pattern::kBricks, 12, Paint(0xd0c8bc))
                        : Patterned(body, Pattern::kStripes, 16, wall * 0.8f));
  const Part gable =
      Polygon({{-half - 0.18f, eaves}, {half + 0.18f, eaves}, {0.14f, 0.92f}, {-0.14f, 0.92f}},
              0.02f, 0.05f, roof);
  parts.push_back(Patterned(gable, Pattern::kScales, 11, roof * 0.45f));
  Part shade = Box({0, eaves - 0.035f}, {half, 0.035f}, 0, wall * 0.35f);
  shade.relief = Relief::kFlat;
  parts.push_back(shade);
  const float side = random.Chance(0.5f) ? 1.0f : -1.0f;
  const Vec3 door = Pick(random, kBright);
  parts.push_back(Box({side * -0.3f, -0.7f}, {0.17f, 0.31f}, 0.02f, frame));
  parts.push_back(Patterned(Box({side * -0.3f, -0.71f}, {0.14f, 0.29f}, 0.01f, door),
                            Pattern::kStripes, 10, door * 0.7f, kPi / 2));
  parts.push_back(Glossy(Ellipse({side * -0.2f, -0.72f}, {0.022f, 0.022f}, Paint(0xe0c040)), 1.0f));
  AddWindow(&parts, {side * 0.34f, -0.5f}, 0.15f, frame);
  if (eaves > 0.06f) AddWindow(&parts, {side * -0.3f, -0.18f}, 0.11f, frame);
  return parts;
}

std::vector<Part> MakeMug(SceneRandom& random) {
  const Vec3 glaze = Pick(random, kBright);
  const Vec3 drink = Pick(random, std::array<uint32_t, 3>{0x3a2014, 0x8a5a30, 0x6a7a30});
  const float half = random.Uniform(0.5f, 0.62f);
  std::vector<Part> parts;
  parts.push_back(Glossy(Ring({half + 0.05f, -0.1f}, 0.34f, 0.085f, glaze), 0.8f));
  Part bottom = Ellipse({0, -0.82f}, {half, 0.17f}, glaze);
  Part body = Box({0, -0.05f}, {half, 0.78f}, 0.02f, glaze);
  constexpr std::array<Pattern, 4> kKinds = {Pattern::kPlain, Pattern::kStripes, Pattern::kSpots,
                                             Pattern::kChecks};
  // One draw a statement: the order in which arguments are evaluated is the compiler's.
  const Pattern pattern = kKinds[random.Below(4)];
  const float scale = random.Uniform(3, 6);
  const Vec3 second = Pick(random, kBright);
  body = Patterned(body, pattern, scale, second, random.Chance(0.5f) ? 0 : kPi / 2);
  bottom.relief = body.relief = Relief::kCylinder;
  parts.push_back(Glossy(bottom, 0.8f));
  parts.push_back(Glossy(body, 0.8f));
  parts.push_back(Glossy(Ellipse({0, 0.74f}, {half, 0.18f}, glaze), 0.8f));
  parts.back().bevel = 0.05f;
  Part inside = Ellipse({0, 0.74f}, {half - 0.05f, 0.14f}, glaze * 0.4f);
  inside.relief = Relief::kFlat;
  parts.push_back(inside);
  Part surface = Ellipse({0, 0.69f}, {half - 0.1f, 0.09f}, drink);
  surface.relief = Relief::kFlat;
  parts.push_back(Glossy(surface, 0.6f, 10));
  return parts;
}

std::vector<Part> MakeMushroom(SceneRandom& random) {
  const Vec3 cap =
      Pick(random, std::array<uint32_t, 5>{0xc42c20, 0xa86a38, 0xd8b078, 0x7a5a8c, 0xe08a30});
  const Vec3 flesh = Pick(random, std::array<uint32_t, 2>{0xeee4d0, 0xd8c8a8});
  const float brim = random.Uniform(-0.05f, 0.1f);
  std::vector<Part> parts;
  Part stem = Capsule({0, -0.82f}, {random.Uniform(-0.08f, 0.08f), brim}, 0.28f, 0.17f, flesh);
  parts.push_back(Patterned(stem, Pattern::kGrain, 5, flesh * 0.6f, kPi / 2));
  const Part skirt = Ellipse({0, brim - 0.18f}, {0.27f, 0.09f}, flesh);
  parts.push_back(skirt);
  Part gills = Ellipse({0, brim}, {random.Uniform(0.8f, 0.92f), 0.15f}, flesh * 0.55f);
  gills.relief = Relief::kFlat;
  parts.push_back(Patterned(gills, Pattern::kStripes, 18, flesh * 0.3f, kPi / 2));
  Part dome =
      Ellipse({0, brim - 0.05f}, {gills.radius.x + 0.04f, random.Uniform(0.75f, 0.95f)}, cap);
  dome.has_clip = true;
  dome.clip_y = brim;
  dome.bevel = 0.7f;
  const bool spotted = random.Chance(0.7f);
  parts.push_back(Glossy(Patterned(dome, spotted ? Pattern::kSpots : Pattern::kGrain,
                                   random.Uniform(3, 4.5f), spotted ? flesh : cap * 0.6f),
                         0.35f, 20));
  return parts;
}

std::vector<Part> MakeRocket(SceneRandom& random) {
  const Vec3 hull = Pick(random, std::array<uint32_t, 4>{0xe8e8ec, 0xc8ccd4, 0xf0e6d0, 0x90a4c0});
  const Vec3 trim = Pick(random, kBright);
  std::vector<Part> parts;
  if (random.Chance(0.6f)) {
    Part flame = Ellipse({0, -0.72f}, {0.17f, 0.3f}, Paint(0xff8020));
    flame.surface.glow = 1.6f;
    parts.push_back(flame);
    Part core = Ellipse({0, -0.66f}, {0.09f, 0.18f}, Paint(0xffe880));
    core.surface.glow = 2.2f;
    parts.push_back(core);
  }
  parts.push_back(Polygon({{-0.2f, -0.15f}, {-0.6f, -0.7f}, {-0.2f, -0.58f}}, 0.04f, 0.1f, trim));
  parts.push_back(Polygon({{0.2f, -0.15f}, {0.6f, -0.7f}, {0.2f, -0.58f}}, 0.04f, 0.1f, trim));
  Part body = Ellipse({0, 0.1f}, {0.33f, 0.9f}, hull);
  body.has_clip = true;
  body.clip_y = -0.58f;
  body.relief = Relief::kCylinder;
  parts.push_back(Glossy(Patterned(body, Pattern::kStripes, 4, hull * 0.8f), 0.9f, 35));
  Part nose = Ellipse({0, 0.1f}, {0.334f, 0.905f}, trim);
  nose.has_clip = true;
  nose.clip_y = random.Uniform(0.5f, 0.65f);
  nose.relief = Relief::kCylinder;
  parts.push_back(Glossy(nose, 0.8f));
  Part nozzle = Box({0, -0.6f}, {0.2f, 0.06f}, 0.02f, Paint(0x50545c));
  nozzle.relief = Relief::kCylinder;
  parts.push_back(nozzle);
  parts.push_back(Ring({0, 0.25f}, 0.14f, 0.035f, trim));
  parts.push_back(Glossy(Ellipse({0, 0.25f}, {0.12f, 0.12f}, Paint(0x3c6488)), 1.4f, 80));
  return parts;
}

void AddConifer(std::vector<Part>* parts, Vec3 leaf, SceneRandom& random) {
  const uint32_t tiers = 3 + random.Below(2);
  for (uint32_t i = 0; i < tiers; ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(tiers);
    const float low = Mix(-0.6f, 0.5f, t);
    const float half = Mix(0.66f, 0.25f, t);
    Part tier = Polygon({{-half, low}, {half, low}, {0, low + 0.75f}}, 0.05f, 0.3f, leaf);
    tier.surface.dirt = 0.6f;
    parts->push_back(Patterned(tier, Pattern::kLeaves, 16, leaf * 0.45f));
  }
}

void AddCrown(std::vector<Part>* parts, Vec3 leaf, SceneRandom& random) {
  const uint32_t clumps = 7 + random.Below(5);
  for (uint32_t i = 0; i < clumps; ++i) {
    const float turn = 2 * kPi * static_cast<float>(i) / static_cast<float>(clumps);
    const float reach = i % 3 == 2 ? 0.1f : 0.38f;
    const Vec2 at = {reach * 1.15f * std::cos(turn), 0.32f + reach * 0.8f * std::sin(turn)};
    const float radius = random.Uniform(0.26f, 0.4f);
    Part clump = Ellipse(at, {radius, radius * 0.9f}, leaf * random.Uniform(0.75f, 1.2f));
    clump.surface.dirt = 0.6f;
    parts->push_back(Patterned(clump, Pattern::kLeaves, 14, leaf * 0.4f));
  }
}

std::vector<Part> MakeTree(SceneRandom& random) {
  const Vec3 leaf =
      Pick(random, std::array<uint32_t, 5>{0x3c7a30, 0x5c8f34, 0x2c6040, 0xc07a28, 0x8aa838});
  std::vector<Part> parts;
  Part trunk =
      Capsule({0, -0.95f}, {random.Uniform(-0.06f, 0.06f), 0.2f}, 0.15f, 0.07f, Paint(0x6a4a30));
  trunk.surface.dirt = 0.5f;
  parts.push_back(Patterned(trunk, Pattern::kGrain, 7, Paint(0x3a2818), kPi / 2));
  if (random.Chance(0.4f)) {
    AddConifer(&parts, leaf, random);
  } else {
    AddCrown(&parts, leaf, random);
  }
  return parts;
}

constexpr std::array<ObjectClass, 10> kClasses = {{
    {"apple", Habitat::kIndoors, 0.3f, true, MakeApple},
    {"ball", Habitat::kAnywhere, kPi, true, MakeBall},
    {"car", Habitat::kOutdoors, 0.05f, false, MakeCar},
    {"fish", Habitat::kWater, 0.4f, true, MakeFish},
    {"flower", Habitat::kOutdoors, 0.15f, true, MakeFlower},
    {"house", Habitat::kOutdoors, 0.02f, false, MakeHouse},
    {"mug", Habitat::kIndoors, 0.04f, false, MakeMug},
    {"mushroom", Habitat::kOutdoors, 0.15f, true, MakeMushroom},
    {"rocket", Habitat::kOutdoors, 0.6f, true, MakeRocket},
    {"tree", Habitat::kOutdoors, 0.05f, false, MakeTree},
}};

}  // namespace

std::span<const ObjectClass> ObjectClasses() { return kClasses; }

}  // namespace headrace::cli
