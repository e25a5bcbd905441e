// Saving and loading where a run stands, over the C API and on real files.
#include <gtest/gtest.h>
#include <headrace.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

using StateText = std::string;  // the bytes

constexpr char kMix[] =
    "[[mix]]\nop = \"mixup\"\nalpha = 0.8\n[[mix]]\nop = \"cutmix\"\nalpha = 1.0\nmode = "
    "\"element\"\n";

StateText Save(hr_loader* loader) {
  char bytes[HR_STATE_BYTES_MAX];
  size_t size = 0;
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_loader_state_save(loader, bytes, sizeof bytes, &size, &error), HR_OK) << error.text;
  EXPECT_LT(size, 256u);
  return {bytes, size};
}

void Load(hr_loader* loader, const StateText& state) {
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_loader_state_load(loader, state.data(), state.size(), &error), HR_OK) << error.text;
}

hr_error Refuse(hr_loader* loader, const StateText& state) {
  HR_INIT(hr_error, error);
  EXPECT_NE(hr_loader_state_load(loader, state.data(), state.size(), &error), HR_OK);
  return error;
}

// At most `count` batches of the epoch.
std::vector<BatchValue> Take(hr_loader* loader, size_t count) {
  std::vector<BatchValue> batches;
  while (batches.size() < count) batches.push_back(ValueOf(Next(loader).get()));
  return batches;
}

std::vector<BatchValue> Joined(std::vector<BatchValue> a, const std::vector<BatchValue>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

uint64_t BatchesThisEpoch(const hr_loader* loader) {
  HR_INIT(hr_length, length);
  EXPECT_EQ(hr_loader_length(loader, &length, nullptr), HR_OK);
  return length.batches_this_epoch;
}

class StateTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kPictures = 53;
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    MakePictureSet(*folder_, kPictures);
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string Config(const std::string& keys, const std::string& extra = "") {
    return SmallConfig(folder_->path(), extra, "seed = 4\n" + keys);
  }
  static TempFolder* folder_;
};
TempFolder* StateTest::folder_ = nullptr;

// After each batch of an epoch, the first and the last included, in a process of its own each time.
TEST_F(StateTest, I06_AResumedRunGivesTheRestOfTheUnbrokenOne) {
  for (const std::string keys : {"tail = \"drop\"", "tail = \"pad\"", "tail = \"exact\"",
                                 "tail = \"exact\"\nshuffle = \"block\"\nshuffle_window = 20"}) {
    const auto unbroken = MustOpen(Config(keys + "\nworkers = 2", kMix));
    const auto epoch0 = DrainEpoch(unbroken.get());
    const auto epoch1 = DrainEpoch(unbroken.get());
    for (size_t done = 0; done <= epoch0.size(); ++done) {
      const auto first = MustOpen(Config(keys + "\nworkers = 3", kMix));
      const auto begun = Take(first.get(), done);
      const auto second = MustOpen(Config(keys + "\nworkers = 1\nprefetch_batches = 1", kMix));
      Load(second.get(), Save(first.get()));
      EXPECT_EQ(BatchesThisEpoch(second.get()), epoch0.size() - done);
      EXPECT_EQ(Joined(begun, DrainEpoch(second.get())), epoch0) << keys << " after " << done;
      EXPECT_EQ(BatchesThisEpoch(second.get()), epoch1.size());
      EXPECT_EQ(DrainEpoch(second.get()), epoch1) << keys << " after " << done;
    }
  }
}

TEST_F(StateTest, I06_ResumedFiveTimesInOneEpoch) {
  const std::string keys = "tail = \"exact\"\nworkers = ";
  const auto unbroken = DrainEpoch(MustOpen(Config(keys + "2", kMix)).get());
  ASSERT_EQ(unbroken.size(), 7u);
  for (const std::vector<size_t>& parts : std::vector<std::vector<size_t>>{
           {1, 1, 1, 1, 1}, {0, 3, 0, 1, 2}, {1, 0, 0, 0, 5}, {7, 0, 0, 0, 0}}) {
    StateText state;
    std::vector<BatchValue> joined;
    for (size_t i = 0; i < parts.size(); ++i) {
      const auto loader = MustOpen(Config(keys + std::to_string(1 + i), kMix));
      if (!state.empty()) Load(loader.get(), state);
      joined = Joined(joined, Take(loader.get(), parts[i]));
      state = Save(loader.get());
    }
    const auto last = MustOpen(Config(keys + "4", kMix));
    Load(last.get(), state);
    EXPECT_EQ(Joined(joined, DrainEpoch(last.get())), unbroken);
  }
}

// Bad files become others, and are padded or marked, in the same places.
TEST_F(StateTest, I06_BadSamplesAreTheSameAfterAResume) {
  const TempFolder folder;
  MakePictureSet(folder, 30);
  for (const char* name : {"a/zz.png", "b/00.jpg"}) folder.Write(name, "\xFF\xD8 no picture");
  for (const std::string keys : {"on_corrupt = \"substitute\"", "on_corrupt = \"mark\""}) {
    const std::string toml =
        SmallConfig(folder.path(), "", keys + "\ncorrupt_budget = 1.0\ntail = \"pad\"");
    const auto unbroken = DrainEpoch(MustOpen(toml).get());
    for (size_t done = 0; done <= unbroken.size(); ++done) {
      const auto first = MustOpen(toml);
      const auto begun = Take(first.get(), done);
      const auto second = MustOpen(toml);
      Load(second.get(), Save(first.get()));
      EXPECT_EQ(Joined(begun, DrainEpoch(second.get())), unbroken) << keys;
    }
  }
}

TEST_F(StateTest, I06_AfterTheLastBatchTheEpochEndsAndAfterItsEndTheNextBegins) {
  const auto loader = MustOpen(Config(""));
  const auto epoch0 = DrainEpoch(loader.get());
  const StateText after_end = Save(loader.get());
  const auto epoch1 = DrainEpoch(loader.get());
  HR_INIT(hr_error, error);
  ASSERT_EQ(hr_loader_set_epoch(loader.get(), 1, &error), HR_OK);
  EXPECT_EQ(Save(loader.get()), after_end);

  ASSERT_EQ(hr_loader_set_epoch(loader.get(), 0, &error), HR_OK);
  Take(loader.get(), epoch0.size());
  const StateText before_end = Save(loader.get());
  EXPECT_NE(before_end, after_end);

  Load(loader.get(), before_end);
  EXPECT_EQ(BatchesThisEpoch(loader.get()), 0u);
  hr_batch* batch = nullptr;
  EXPECT_EQ(hr_loader_next(loader.get(), -1, &batch, &error), HR_END_OF_EPOCH);
  EXPECT_EQ(DrainEpoch(loader.get()), epoch1);
  Load(loader.get(), after_end);
  EXPECT_EQ(DrainEpoch(loader.get()), epoch1);
}

// One more would repeat the draws of an earlier one, and its state would be refused.
TEST_F(StateTest, TheLastEpochThereIsEndsWithAnErrorAndAStateThatLoads) {
  const auto loader = MustOpen(Config(""));
  HR_INIT(hr_error, error);
  ASSERT_EQ(hr_loader_set_epoch(loader.get(), (1u << 24) - 1, &error), HR_OK);
  Take(loader.get(), BatchesThisEpoch(loader.get()));
  const StateText state = Save(loader.get());
  hr_batch* batch = nullptr;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(hr_loader_next(loader.get(), -1, &batch, &error), HR_INVALID_ARGUMENT);
    EXPECT_NE(std::string(error.text).find("epoch 16777215 was the last"), std::string::npos);
    EXPECT_EQ(Save(loader.get()), state);
  }
  Load(loader.get(), state);
  ASSERT_EQ(hr_loader_set_epoch(loader.get(), 0, &error), HR_OK);
  EXPECT_GT(DrainEpoch(loader.get()).size(), 0u);
}

// In one loader, forwards and backwards, with prefetched batches on their way and leased ones held.
TEST_F(StateTest, I06_LoadMayBeCalledAtAnyTimeBetweenTwoNexts) {
  const auto loader = MustOpen(Config("prefetch_batches = 4", kMix));
  const auto unbroken = DrainEpoch(loader.get());
  std::vector<StateText> states;
  HR_INIT(hr_error, error);
  ASSERT_EQ(hr_loader_set_epoch(loader.get(), 0, &error), HR_OK);
  for (size_t i = 0; i < unbroken.size(); ++i) {
    states.push_back(Save(loader.get()));
    Take(loader.get(), 1);
  }
  BatchHandle held;
  for (size_t i = 0; i < 60; ++i) {
    const size_t at = (i * 5 + i / 7) % unbroken.size();
    Load(loader.get(), states[at]);
    EXPECT_EQ(Save(loader.get()), states[at]);
    if (i % 3 == 0) continue;  // again at once: nothing may be left over
    BatchHandle batch = Next(loader.get());
    EXPECT_EQ(ValueOf(batch.get()), unbroken[at]);
    if (i % 2 == 0) held = std::move(batch);
  }
}

// With another world and batch size the positions that are left come once each, with their pixels.
TEST_F(StateTest, I06_AnotherWorldAndBatchSizeTakeWhatIsLeft) {
  std::map<int64_t, std::string> alone;
  const auto collect = [](const std::vector<BatchValue>& batches, auto on_sample) {
    for (const BatchValue& batch : batches) {
      const auto ids = batch.Ids();
      const size_t bytes = batch.images.size() / ids.size();
      for (size_t i = 0; i < ids.size(); ++i) {
        on_sample(ids[i], batch.images.substr(i * bytes, bytes));
      }
    }
  };
  collect(DrainEpoch(MustOpen(Config("tail = \"exact\"")).get()),
          [&](int64_t id, std::string pixels) { alone[id] = std::move(pixels); });
  std::set<int64_t> seen;
  const auto once = [&](int64_t id, const std::string& pixels) {
    EXPECT_TRUE(seen.insert(id).second) << id << " twice";
    EXPECT_EQ(pixels, alone[id]);
  };
  const auto ranks = [](const std::string& keys, int rank, int world_size) {
    return Config("tail = \"exact\"\nrank = " + std::to_string(rank) +
                  "\nworld_size = " + std::to_string(world_size) + "\n" + keys);
  };
  // Two ranks, two batches of 8 each; then three ranks with 5; then the rest by one.
  std::set<StateText> states;
  for (int rank = 0; rank < 2; ++rank) {
    const auto loader = MustOpen(ranks("", rank, 2));
    collect(Take(loader.get(), 1), once);
    states.insert(Save(loader.get()));
  }
  ASSERT_EQ(states.size(), 1u) << "ranks that took as many batches have the same state";
  const StateText after_two = *states.begin();
  states.clear();
  for (int rank = 0; rank < 3; ++rank) {
    HR_INIT(hr_options, options);
    const char* const batch_size = "loader.batch_size=5";
    options.overrides = &batch_size;
    options.override_count = 1;
    const auto loader = MustOpen(ranks("", rank, 3), &options);
    Load(loader.get(), after_two);
    collect(Take(loader.get(), 2), once);
    states.insert(Save(loader.get()));
  }
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(seen.size(), 16u + 30u);
  const auto last = MustOpen(ranks("", 0, 1));
  Load(last.get(), *states.begin());
  collect(DrainEpoch(last.get()), once);
  EXPECT_EQ(seen.size(), kPictures);
}

TEST_F(StateTest, GlobalNumbersOfTheRanksAreThoseOfOne) {
  const auto one = MustOpen(Config("tail = \"exact\"", kMix));
  std::map<uint64_t, BatchValue> alone;
  for (uint64_t i = 0; i < BatchesThisEpoch(one.get()); ++i) {
    const BatchHandle batch = Next(one.get());
    EXPECT_EQ(InfoOf(batch.get()).global_batch, i);
    alone[i] = ValueOf(batch.get());
  }
  for (int rank = 0; rank < 3; ++rank) {
    const auto loader =
        MustOpen(Config("tail = \"exact\"\nworld_size = 3\nrank = " + std::to_string(rank), kMix));
    const uint64_t batches = BatchesThisEpoch(loader.get());
    for (uint64_t i = 0; i < batches; ++i) {
      const BatchHandle batch = Next(loader.get());
      const hr_batch_info info = InfoOf(batch.get());
      EXPECT_EQ(info.global_batch, i * 3 + static_cast<uint64_t>(rank));
      EXPECT_EQ(info.batch, i);
      BatchValue value = ValueOf(batch.get());
      value.batch = info.global_batch;
      EXPECT_EQ(value, alone[info.global_batch]);
      alone.erase(info.global_batch);
    }
  }
  EXPECT_TRUE(alone.empty());
}

TEST_F(StateTest, I06_AStateOfAnotherRunIsRefusedAndNothingChanges) {
  const auto saver = MustOpen(Config(""));
  Take(saver.get(), 2);
  const StateText state = Save(saver.get());
  const auto seven = MustOpen(SmallConfig(folder_->path(), "", "seed = 7"));
  const auto expected = DrainEpoch(MustOpen(SmallConfig(folder_->path(), "", "seed = 7")).get());
  const auto begun = Take(seven.get(), 1);
  hr_error error = Refuse(seven.get(), state);
  EXPECT_EQ(error.code, HR_CONFIG_VALUE);
  EXPECT_NE(strstr(error.text, "seed 4 against 7"), nullptr) << error.text;
  StateText damaged = state;
  damaged[60] = static_cast<char>(damaged[60] ^ 1);
  EXPECT_EQ(Refuse(seven.get(), damaged).code, HR_CORRUPT);
  EXPECT_EQ(Refuse(seven.get(), "").code, HR_CORRUPT);
  EXPECT_EQ(Joined(begun, DrainEpoch(seven.get())), expected);

  const auto mixed = MustOpen(Config("", kMix));
  error = Refuse(mixed.get(), state);
  EXPECT_NE(strstr(error.text, "configuration hash"), nullptr) << error.text;
  EXPECT_NE(strstr(error.text, "[[mix]]"), nullptr) << error.text;

  const TempFolder more;
  MakePictureSet(more, kPictures + 1);
  const auto other = MustOpen(SmallConfig(more.path(), "", "seed = 4"));
  error = Refuse(other.get(), state);
  EXPECT_NE(strstr(error.text, "53 against 54"), nullptr) << error.text;
  const TempFolder changed;
  MakePictureSet(changed, kPictures);
  WritePicture(changed / "a/0002.jpg", 90, 90, 1);
  const auto resized = MustOpen(SmallConfig(changed.path(), "", "seed = 4"));
  error = Refuse(resized.get(), state);
  EXPECT_NE(strstr(error.text, "data fingerprint"), nullptr) << error.text;
}

// What may differ: how the run is carried out, and where the files lie.
TEST_F(StateTest, I06_AStateFitsAnyWayOfCarryingTheRunOut) {
  const auto saver = MustOpen(Config("tail = \"exact\""));
  const auto begun = Take(saver.get(), 3);
  const StateText state = Save(saver.get());
  const auto unbroken = DrainEpoch(MustOpen(Config("tail = \"exact\"")).get());
  const TempFolder moved;
  MakePictureSet(moved, kPictures);
  for (const std::string keys :
       {"workers = 1", "prefetch_batches = 9", "reader = \"pread\"", "on_corrupt = \"error\""}) {
    const auto loader = MustOpen(
        SmallConfig(moved.path(), "[output]\npin = \"none\"\n[decode]\ncheckpoints = \"off\"\n",
                    "seed = 4\ntail = \"exact\"\n" + keys));
    Load(loader.get(), state);
    EXPECT_EQ(Joined(begun, DrainEpoch(loader.get())), unbroken) << keys;
  }
}

TEST_F(StateTest, TheSizeIsToldAndRoomIsChecked) {
  const auto loader = MustOpen(Config(""));
  size_t needed = 0;
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_loader_state_save(loader.get(), nullptr, 0, &needed, &error), HR_OK);
  EXPECT_EQ(needed, Save(loader.get()).size());
  std::string room(needed - 1, 'x');
  EXPECT_EQ(hr_loader_state_save(loader.get(), room.data(), room.size(), nullptr, &error),
            HR_INVALID_ARGUMENT);
  EXPECT_EQ(room, std::string(needed - 1, 'x'));
  EXPECT_EQ(hr_loader_state_save(loader.get(), nullptr, 8, nullptr, &error), HR_INVALID_ARGUMENT);
  EXPECT_EQ(hr_loader_state_load(loader.get(), nullptr, 0, &error), HR_INVALID_ARGUMENT);
  EXPECT_EQ(hr_loader_state_save(nullptr, room.data(), room.size(), nullptr, &error),
            HR_INVALID_ARGUMENT);
}

// A rank without a batch in what is left goes on with the next epoch.
TEST_F(StateTest, ARankOfWhichNothingIsLeftInTheEpochGoesOnWithTheNext) {
  const auto saver = MustOpen(Config("tail = \"exact\""));
  Take(saver.get(), 6);  // 48 of 53: five are left
  const StateText state = Save(saver.get());
  const std::string second = "tail = \"exact\"\nworld_size = 2\nrank = 1";
  const auto expected = MustOpen(Config(second));
  HR_INIT(hr_error, error);
  ASSERT_EQ(hr_loader_set_epoch(expected.get(), 1, &error), HR_OK);
  const auto loader = MustOpen(Config(second));
  Load(loader.get(), state);
  EXPECT_EQ(BatchesThisEpoch(loader.get()), 0u);
  EXPECT_TRUE(DrainEpoch(loader.get()).empty());
  EXPECT_EQ(DrainEpoch(loader.get()), DrainEpoch(expected.get()));
}

}  // namespace
}  // namespace headrace::testing
