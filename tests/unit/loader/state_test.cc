#include "loader/state.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "tests/support/run_dataset.h"

namespace headrace::loader {
namespace {

using testing::RunDataset;

constexpr size_t kChecksumAt = kStateBytes - 8;

const RunDataset& Data() {
  static const RunDataset data({40, 60});
  return data;
}

StateIdentity Here(const std::function<void(Config&)>& change = {}) {
  Config config;
  config.loader.seed = 7;
  config.augment = {OpConfig{.op = "center_crop", .params = {{"size", 8.0}}}};
  if (change) change(config);
  return IdentityOf(config, Data());
}

// The error of a state that has to be refused.
ConfigError Refused(std::span<const std::byte> bytes, const StateIdentity& identity) {
  RunPlace place{.epoch = 99, .position = 99};
  ConfigError error;
  EXPECT_FALSE(ReadState(bytes, identity, &place, &error));
  EXPECT_FALSE(error.text.empty());
  EXPECT_EQ(error.text.find('\n'), std::string::npos);
  return error;
}

void Repair(StateBytes* bytes) {
  const uint64_t sum = Hash64(std::span(*bytes).first(kChecksumAt));
  for (size_t i = 0; i < 8; ++i) (*bytes)[kChecksumAt + i] = static_cast<std::byte>(sum >> (8 * i));
}

void Put64(StateBytes* bytes, size_t at, uint64_t value) {
  for (size_t i = 0; i < 8; ++i) (*bytes)[at + i] = static_cast<std::byte>(value >> (8 * i));
}

TEST(StateTest, GivesThePlaceBack) {
  for (const RunPlace place : {RunPlace{0, 0}, {3, 64}, {kEpochsMax - 1, 100}, {1, 4196}}) {
    RunPlace found;
    ConfigError error;
    ASSERT_TRUE(ReadState(WriteState(Here(), place), Here(), &found, &error)) << error.text;
    EXPECT_EQ(found, place);
  }
}

TEST(StateTest, DependsOnThePlaceAndTheRunAlone) {
  EXPECT_EQ(WriteState(Here(), {1, 8}), WriteState(Here(), {1, 8}));
  EXPECT_NE(WriteState(Here(), {1, 8}), WriteState(Here(), {1, 9}));
  EXPECT_NE(WriteState(Here(), {1, 8}), WriteState(Here(), {2, 8}));
}

TEST(StateTest, I06_AnyDamagedByteIsFound) {
  const StateBytes good = WriteState(Here(), {2, 33});
  for (size_t at = 0; at < good.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      StateBytes bad = good;
      bad[at] ^= static_cast<std::byte>(1 << bit);
      const Code code = Refused(bad, Here()).code;
      EXPECT_TRUE(code == Code::kCorrupt || (code == Code::kNotInThisVersion && at >= 8 && at < 12))
          << "byte " << at;
    }
  }
}

TEST(StateTest, I06_AnyOtherLengthIsRefused) {
  const StateBytes good = WriteState(Here(), {2, 33});
  std::vector<std::byte> bytes(good.begin(), good.end());
  bytes.push_back(std::byte{0});
  EXPECT_EQ(Refused(bytes, Here()).code, Code::kCorrupt);
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_EQ(Refused(std::span(good).first(length), Here()).code, Code::kCorrupt);
  }
  EXPECT_EQ(Refused({}, Here()).code, Code::kCorrupt);
}

TEST(StateTest, I06_AnotherVersionIsNamedWithOurs) {
  StateBytes bytes = WriteState(Here(), {2, 33});
  bytes[8] = std::byte{2};
  Repair(&bytes);
  const ConfigError error = Refused(bytes, Here());
  EXPECT_EQ(error.code, Code::kNotInThisVersion);
  EXPECT_NE(error.text.find("version 2"), std::string::npos) << error.text;
  EXPECT_NE(error.text.find("reads 1"), std::string::npos) << error.text;
}

struct Other {
  std::function<void(Config&)> change;
  std::vector<std::string> says;
};

TEST(StateTest, I06_AStateOfAnotherConfigurationIsRefusedWithBothValues) {
  const StateBytes bytes = WriteState(Here(), {2, 33});
  for (const Other& other : std::vector<Other>{
           {[](Config& c) { c.loader.seed = 3; }, {"seed", "7 against 3"}},
           {[](Config& c) { c.loader.shuffle = Shuffle::kNone; }, {"shuffle", "full against none"}},
           {[](Config& c) { c.decode.exif = false; }, {"configuration hash", "[decode]"}},
           {[](Config& c) { c.output.layout = simd::Layout::kNhwc; }, {"[output]"}},
           {[](Config& c) { c.augment[0].p = 0.5; }, {"[[augment]]"}},
           {[](Config& c) { c.mix.push_back({.op = "mixup"}); }, {"[[mix]]"}}}) {
    const StateIdentity there = Here(other.change);
    const ConfigError error = Refused(bytes, there);
    EXPECT_EQ(error.code, Code::kConfigValue);
    for (const std::string& part : other.says) {
      EXPECT_NE(error.text.find(part), std::string::npos) << part << " in: " << error.text;
    }
    if (other.says[0] != "configuration hash") continue;
    for (const uint64_t hash : {Here().config.Together(), there.config.Together()}) {
      char digits[17];
      snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
      EXPECT_NE(error.text.find(digits), std::string::npos) << error.text;
    }
  }
}

TEST(StateTest, I06_AStateOfAnotherWindowIsRefused) {
  const auto block = [](uint32_t window) {
    return [window](Config& c) {
      c.loader.shuffle = Shuffle::kBlock;
      c.loader.shuffle_window = window;
    };
  };
  const ConfigError error = Refused(WriteState(Here(block(16)), {0, 1}), Here(block(32)));
  EXPECT_NE(error.text.find("shuffle_window 16 against 32"), std::string::npos) << error.text;
}

TEST(StateTest, I06_AStateOfAnotherDataSetIsRefusedWithBothValues) {
  Config config;
  const RunDataset more({40, 61});
  const RunDataset other_runs({50, 50});
  const StateBytes bytes = WriteState(IdentityOf(config, Data()), {0, 4});
  const ConfigError count = Refused(bytes, IdentityOf(config, more));
  EXPECT_NE(count.text.find("100 against 101"), std::string::npos) << count.text;
  // Where runs begin and end decides the order with block alone.
  RunPlace place;
  ConfigError error;
  EXPECT_TRUE(ReadState(bytes, IdentityOf(config, other_runs), &place, &error)) << error.text;
  config.loader.shuffle = Shuffle::kBlock;
  const StateBytes block = WriteState(IdentityOf(config, Data()), {0, 4});
  const ConfigError runs = Refused(block, IdentityOf(config, other_runs));
  EXPECT_NE(runs.text.find("data fingerprint"), std::string::npos) << runs.text;
  EXPECT_NE(runs.text.find(" against "), std::string::npos);
}

TEST(StateTest, AnImpossiblePlaceIsDamageEvenWithAGoodChecksum) {
  StateBytes bytes = WriteState(Here(), {2, 33});
  Put64(&bytes, 56, uint64_t{1} << 60);
  Repair(&bytes);
  EXPECT_EQ(Refused(bytes, Here()).code, Code::kCorrupt);
  bytes = WriteState(Here(), {kEpochsMax, 0});
  EXPECT_EQ(Refused(bytes, Here()).code, Code::kCorrupt);
}

// The layout of docs/state.md, byte by byte.
TEST(StateTest, IsLaidOutAsDocumented) {
  StateIdentity identity;
  identity.config = {
      .order = 1, .decode = 0x1111, .output = 0x2222, .augment = 0x3333, .mix = 0x44};
  identity.data = 0x5555;
  identity.samples = 1000;
  identity.seed = 9;
  identity.shuffle = Shuffle::kBlock;
  identity.shuffle_window = 77;
  const StateBytes bytes = WriteState(identity, {.epoch = 5, .position = 640});
  ASSERT_EQ(bytes.size(), 112u);
  const auto at = [&](size_t offset, size_t size) {
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<uint64_t>(bytes[offset + i]);
    return value;
  };
  EXPECT_EQ(memcmp(bytes.data(), "hrstate\n", 8), 0);
  EXPECT_EQ(at(8, 4), 1u);
  EXPECT_EQ(at(12, 4), 112u);
  EXPECT_EQ(at(16, 8), identity.config.Together());
  EXPECT_EQ(at(24, 8), 0x5555u);
  EXPECT_EQ(at(32, 8), 1000u);
  EXPECT_EQ(at(40, 8), 9u);
  EXPECT_EQ(at(48, 4), 5u);
  EXPECT_EQ(at(52, 4), 1u);
  EXPECT_EQ(at(56, 8), 640u);
  EXPECT_EQ(at(64, 8), 0x1111u);
  EXPECT_EQ(at(72, 8), 0x2222u);
  EXPECT_EQ(at(80, 8), 0x3333u);
  EXPECT_EQ(at(88, 8), 0x44u);
  EXPECT_EQ(at(96, 4), 77u);
  EXPECT_EQ(at(100, 4), 0u);
  EXPECT_EQ(at(104, 8), Hash64(std::span(bytes).first(104)));
}

}  // namespace
}  // namespace headrace::loader
