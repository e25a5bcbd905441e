// hr_schema: one JSON object, by the size protocol of the API.
#include <gtest/gtest.h>
#include <headrace.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace headrace::testing {
namespace {

std::string SchemaText() {
  size_t needed = 0;
  EXPECT_EQ(hr_schema(nullptr, 0, &needed, nullptr), HR_OK);
  std::string text(needed, '\0');
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_schema(text.data(), text.size(), &needed, &error), HR_OK) << error.text;
  EXPECT_EQ(needed, text.size());
  EXPECT_EQ(strlen(text.c_str()) + 1, needed);
  text.pop_back();
  return text;
}

TEST(SchemaTest, IsJsonWithEveryTableOpAndMix) {
  const auto schema = nlohmann::json::parse(SchemaText());
  EXPECT_EQ(schema.at("version"), hr_version());
  std::set<std::string> tables;
  for (const auto& table : schema.at("tables")) tables.insert(table.at("table"));
  EXPECT_EQ(tables,
            (std::set<std::string>{"dataset", "decode", "limits", "loader", "output", "search"}));
  EXPECT_EQ(schema.at("ops").size(), 39u);
  EXPECT_EQ(schema.at("mix").size(), 4u);
  const auto check = [](const nlohmann::json& keys) {
    for (const auto& key : keys) {
      EXPECT_FALSE(key.at("key").get<std::string>().empty());
      EXPECT_FALSE(key.at("doc").get<std::string>().empty()) << key;
      EXPECT_FALSE(key.at("kind").get<std::string>().empty());
      EXPECT_FALSE(key.contains("required") && key.contains("default")) << key;
    }
  };
  for (const auto& table : schema.at("tables")) check(table.at("keys"));
  for (const auto& op : schema.at("ops")) check(op.at("params"));
  for (const auto& mix : schema.at("mix")) check(mix.at("params"));
  check(schema.at("op_keys"));
  check(schema.at("mix_keys"));
}

TEST(SchemaTest, SaysWhatAParameterTakes) {
  const auto schema = nlohmann::json::parse(SchemaText());
  for (const auto& op : schema.at("ops")) {
    if (op.at("op") != "object_zoom") continue;
    for (const auto& param : op.at("params")) {
      if (param.at("key") == "size") {
        EXPECT_EQ(param.at("required"), true);
        EXPECT_EQ(param.at("kind"), "size");
        EXPECT_EQ(param.at("maximum"), 65535);
      } else if (param.at("key") == "modes") {
        EXPECT_EQ(param.at("default"),
                  nlohmann::json::parse(R"({"crop": 0.6, "rescale": 0.25, "lens": 0.15})"));
        EXPECT_EQ(param.at("words").size(), 3u);
      } else if (param.at("key") == "share") {
        EXPECT_EQ(param.at("exclusive_minimum"), 0);
      }
    }
    return;
  }
  FAIL() << "no object_zoom";
}

TEST(SchemaTest, RoomThatIsTooSmallIsTold) {
  char few[16];
  memset(few, 7, sizeof few);
  size_t needed = 0;
  HR_INIT(hr_error, error);
  const hr_status status = hr_schema(few, sizeof few, &needed, &error);
  EXPECT_GT(needed, 10000u);
  // As hr_doctor: as much as fits, with its NUL, or nothing.
  size_t doctor = 0;
  EXPECT_EQ(status, hr_doctor(few, sizeof few, &doctor, nullptr));
}

}  // namespace
}  // namespace headrace::testing
