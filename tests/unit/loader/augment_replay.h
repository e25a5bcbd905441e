// A list of ops from TOML, and its replay: what Explain prints gives the same bytes under any key.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "loader/config_toml.h"
#include "tests/unit/loader/augment_pictures.h"

namespace headrace::loader {

// `augment`: [[augment]] entries.
inline std::vector<OpConfig> ParsedOps(const std::string& augment) {
  const std::string text = "[dataset]\npath = \"unused\"\n" + augment;
  Config config;
  ConfigError error;
  EXPECT_TRUE(ParseConfig({.text = text}, &config, &error)) << error.text << "\n" << text;
  return config.augment;
}

// The inside of one entry.
inline std::vector<OpConfig> ParsedOp(const std::string& body) {
  return ParsedOps("[[augment]]\n" + body + "\n");
}

// The only draw of a list of one op that fires.
inline const OpDraw& OnlyDraw(const Recipe& recipe) {
  EXPECT_EQ(recipe.list_count, 1u);
  return recipe.list[0];
}

inline void ExpectReplays(const std::vector<OpConfig>& ops, const Bitmap& picture, int samples) {
  const auto program = MakeProgram(ops);
  for (int id = 0; id < samples; ++id) {
    const Recipe recipe =
        MakeRecipe(*program, {.seed = 5, .id = static_cast<uint64_t>(id)}, picture.size);
    const std::string toml = program->Explain(recipe);
    const auto again = MakeProgram(ParsedOps(toml));
    const Recipe fixed = MakeRecipe(
        *again, {.seed = 77, .epoch = 2, .id = static_cast<uint64_t>(id) + 9}, picture.size);
    ASSERT_EQ(Applied(*again, fixed, picture), Applied(*program, recipe, picture)) << toml;
    ASSERT_EQ(again->Explain(fixed), toml);
  }
}

// The flips before an op are the op's business if it does not see columns: the result is that of
// the op on a picture that was flipped for real.
inline void ExpectSeesFlips(const std::vector<OpConfig>& ops, const Bitmap& picture) {
  std::vector<OpConfig> flipped = ops;
  flipped.insert(flipped.begin(), FlipConfig(1));
  const Bitmap mirrored = Copied(picture.view(), simd::FlipColumns::kYes);
  const auto with_flip = MakeProgram(flipped);
  const auto without = MakeProgram(ops);
  for (uint64_t id = 0; id < 20; ++id) {
    const SampleKey key{.seed = 3, .id = id};
    ASSERT_EQ(Applied(*with_flip, MakeRecipe(*with_flip, key, picture.size), picture),
              Applied(*without, MakeRecipe(*without, key, picture.size), mirrored))
        << id;
  }
}

}  // namespace headrace::loader
