// The loader over a simulated disk: whatever order, delay and failure the seed brings, the bytes
// are those of a quiet run, and it can be left at any moment.
//
// HEADRACE_SIM_SEEDS sets how many seeds are tried (60), HEADRACE_SIM_FIRST the first of them: a
// failure prints its seed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "codecs/encoder.h"
#include "loader/checkpoints/checkpoint_index.h"
#include "loader/config_toml.h"
#include "loader/loader.h"
#include "tests/sim/simulated_reader.h"
#include "tests/support/temp_folder.h"

namespace headrace::testing {
namespace {

using loader::BatchBuffer;
using loader::BatchStore;
using loader::Loader;
using loader::RunFailure;

constexpr int kPictures = 37;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  return text != nullptr ? strtoull(text, nullptr, 10) : otherwise;
}

class LoaderSimTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    for (int i = 0; i < kPictures; ++i) {
      std::vector<uint8_t> pixels(12 * 10 * 3);
      for (size_t p = 0; p < pixels.size(); ++p) {
        pixels[p] = static_cast<uint8_t>(Mix(static_cast<uint64_t>(i) * 1000 + p));
      }
      const auto png = codecs::EncodePng({pixels.data(), 12, 10, 3, 36});
      ASSERT_TRUE(png.ok());
      folder_->Write(
          std::string(i % 2 == 0 ? "a/" : "b/") + std::to_string(100 + i) + ".png",
          std::string(reinterpret_cast<const char*>(png.value().data()), png.value().size()));
    }
  }
  static void TearDownTestSuite() { delete folder_; }
  void TearDown() override { simulated_disk = {}; }

  static std::unique_ptr<Loader> Open(const std::string& keys, bool simulated,
                                      const std::string& extra = "") {
    const std::string toml =
        "[dataset]\npath = \"" + folder_->path() + "\"\n[loader]\nbatch_size = 4\n" + keys +
        "\ncorrupt_budget = 1.0\n[output]\npin = \"none\"\n[limits]\n"
        "max_encoded_bytes = \"1MiB\"\nmax_decoded_bytes = \"4MiB\"\nscratch_pixels = 65536\n"
        "[[augment]]\nop = \"random_resized_crop\"\nsize = 4\n" +
        extra;
    loader::Config config;
    loader::ConfigError error;
    EXPECT_TRUE(loader::ParseConfig({.text = toml}, &config, &error)) << error.text;
    loader::LoaderOptions options;
    if (simulated) options.make_reader = SimulatedReader::Make;
    std::unique_ptr<Loader> opened;
    EXPECT_TRUE(Loader::Open(config, options, &opened, &error)) << error.text;
    return opened;
  }

  // Pixels, label and validity of every sample of the epoch, by id; checks the order of batches.
  struct Sample {
    std::string pixels;
    int64_t label;
    int valid;
    friend bool operator==(const Sample&, const Sample&) = default;
  };
  using Samples = std::map<std::pair<uint64_t, uint32_t>, std::pair<int64_t, Sample>>;
  static Samples TakeEpoch(Loader* loader) {
    Samples samples;
    uint64_t next_batch = 0;
    for (;;) {
      BatchBuffer* batch = nullptr;
      RunFailure failure;
      const Code code = loader->Next(-1, &batch, &failure);
      if (code == Code::kEndOfEpoch) return samples;
      EXPECT_EQ(code, Code::kOk) << failure.text;
      if (code != Code::kOk) return samples;
      EXPECT_EQ(batch->batch, next_batch++);
      const size_t bytes = loader->store().shape().sample_bytes();
      for (uint32_t i = 0; i < batch->rows; ++i) {
        samples[{batch->batch, i}] = {
            batch->ids[i],
            {std::string(reinterpret_cast<const char*>(batch->images + i * bytes), bytes),
             batch->labels[i], batch->valid[i]}};
      }
      BatchStore::Release(batch);
    }
  }

  static TempFolder* folder_;
};
TempFolder* LoaderSimTest::folder_ = nullptr;

constexpr char kMix[] = "[[mix]]\nop = \"mixup\"\nalpha = 1.0\n[[mix]]\nop = \"cutmix\"\n";

TEST_F(LoaderSimTest, I03_AnyOrderOfCompletionsGivesTheBytesOfAQuietRun) {
  const uint64_t first = FromEnvironment("HEADRACE_SIM_FIRST", 1);
  const uint64_t seeds = FromEnvironment("HEADRACE_SIM_SEEDS", 60);
  const auto expected_plain = TakeEpoch(Open("tail = \"exact\"\nworkers = 1", false).get());
  const auto expected_mixed = TakeEpoch(Open("tail = \"exact\"\nworkers = 1", false, kMix).get());
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    simulated_disk = {.seed = seed, .queue_len_max = static_cast<uint32_t>(1 + Mix(seed) % 40)};
    const std::string keys = "tail = \"exact\"\nworkers = " + std::to_string(1 + seed % 4) +
                             "\nprefetch_batches = " + std::to_string(1 + seed % 5);
    const bool mixed = seed % 2 == 0;
    ASSERT_EQ(TakeEpoch(Open(keys, true, mixed ? kMix : "").get()),
              mixed ? expected_mixed : expected_plain)
        << "seed " << seed;
  }
}

TEST_F(LoaderSimTest, I07_ExactlyTheFailingFilesAreMarked) {
  const auto good = TakeEpoch(Open("tail = \"exact\"\non_corrupt = \"mark\"", false).get());
  const uint64_t first = FromEnvironment("HEADRACE_SIM_FIRST", 1);
  const uint64_t seeds = FromEnvironment("HEADRACE_SIM_SEEDS", 60);
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    simulated_disk = {.seed = seed, .fail_share = 0.01 * static_cast<double>(seed % 101)};
    const auto loader = Open("tail = \"exact\"\non_corrupt = \"mark\"\nworkers = 3", true);
    const auto samples = TakeEpoch(loader.get());
    ASSERT_EQ(samples.size(), good.size());
    for (const auto& [place, found] : samples) {
      const auto& [id, sample] = found;
      ASSERT_EQ(id, good.at(place).first);
      const bool fails =
          PathFails(simulated_disk, loader->dataset().Locate(static_cast<uint64_t>(id)).path);
      ASSERT_EQ(sample.valid, fails ? 0 : 1) << "seed " << seed;
      if (!fails) {
        ASSERT_EQ(sample, good.at(place).second) << "seed " << seed;
      }
    }
  }
}

TEST_F(LoaderSimTest, SubstitutesAreTheSameForAnyTiming) {
  const uint64_t first = FromEnvironment("HEADRACE_SIM_FIRST", 1);
  const uint64_t seeds = FromEnvironment("HEADRACE_SIM_SEEDS", 60) / 4 + 1;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    simulated_disk = {.seed = seed, .fail_share = 0.3};
    const auto one = TakeEpoch(Open("tail = \"exact\"\nworkers = 1", true, kMix).get());
    ASSERT_EQ(TakeEpoch(Open("tail = \"exact\"\nworkers = 4", true, kMix).get()), one)
        << "seed " << seed;
  }
}

// Records that mean nothing to any decoder: they are read beside the files, and change no byte.
TEST_F(LoaderSimTest, I03_RecordsBesideTheFilesChangeNothing) {
  const uint64_t first = FromEnvironment("HEADRACE_SIM_FIRST", 1);
  const uint64_t seeds = FromEnvironment("HEADRACE_SIM_SEEDS", 60) / 2 + 1;
  const std::string off = "[decode]\ncheckpoints = \"off\"\n";
  const auto expected = TakeEpoch(Open("tail = \"exact\"\nworkers = 1", false, off).get());
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    const TempFolder cache;
    {
      // An index with a record of two thirds of the samples.
      loader::Counters counters;
      const auto loader = Open("", false, off);
      auto index =
          loader::CheckpointIndex::Open(loader->dataset(), {.folder = cache.path()}, {}, &counters);
      ASSERT_TRUE(index.ok());
      for (uint64_t id = 0; id < kPictures; ++id) {
        if (id % 3 != 0) (*index)->Add(0, id, std::vector<std::byte>(20 + id, std::byte{0x5A}));
      }
      (*index)->Close();
    }
    simulated_disk = {.seed = seed,
                      .record_fail_share = 0.1 * static_cast<double>(seed % 11),
                      .queue_len_max = static_cast<uint32_t>(2 + Mix(seed) % 80)};
    const auto loader = Open("tail = \"exact\"\nworkers = " + std::to_string(1 + seed % 4), true,
                             "[decode]\ncheckpoints = \"" + cache.path() + "\"\n");
    ASSERT_EQ(TakeEpoch(loader.get()), expected) << "seed " << seed;
    const loader::Counters& counters = loader->counters();
    if (simulated_disk.record_fail_share == 0 && simulated_disk.queue_len_max > 78) {
      EXPECT_GE(loader::Get(counters.checkpoints_read), uint64_t{kPictures * 2 / 3})
          << "seed " << seed;
    }
    if (simulated_disk.record_fail_share == 1) {
      EXPECT_EQ(loader::Get(counters.checkpoints_read), 0u) << "seed " << seed;
      EXPECT_GE(loader::Get(counters.checkpoints_rejected), 1u) << "seed " << seed;
    }
  }
}

// Back and forth in an epoch, with reads on their way, batches half made and others waiting.
TEST_F(LoaderSimTest, I06_AStateLoadedAtAnyMomentGivesTheBytesOfAQuietRun) {
  const uint64_t first = FromEnvironment("HEADRACE_SIM_FIRST", 1);
  const uint64_t seeds = FromEnvironment("HEADRACE_SIM_SEEDS", 60);
  const std::string tail = "tail = \"exact\"\nshuffle = \"block\"\nshuffle_window = 16\nworkers = ";
  const auto expected = TakeEpoch(Open(tail + "1", false, kMix).get());
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    uint64_t dice = seed;
    const auto next = [&dice](uint64_t bound) { return (dice = Mix(dice)) % bound; };
    simulated_disk = {.seed = seed, .queue_len_max = static_cast<uint32_t>(1 + next(50))};
    const auto loader = Open(
        tail + std::to_string(1 + next(4)) + "\nprefetch_batches = " + std::to_string(1 + next(4)),
        true, kMix);
    // The state before each batch, as soon as the run has been there; and the end of the epoch.
    std::map<uint64_t, loader::StateBytes> states;
    uint64_t place = 0;
    for (int step = 0; step < 60; ++step) {
      states.try_emplace(place, loader->SaveState());
      ASSERT_EQ(loader->SaveState(), states.at(place)) << "seed " << seed;
      if (next(4) == 0) {
        const auto to = std::next(states.begin(), static_cast<ptrdiff_t>(next(states.size())));
        loader::ConfigError error;
        ASSERT_TRUE(loader->LoadState(to->second, &error)) << error.text;
        place = to->first;
        continue;
      }
      BatchBuffer* batch = nullptr;
      RunFailure failure;
      const Code code = loader->Next(next(3) == 0 ? 0 : -1, &batch, &failure);
      if (code == Code::kTimeout) continue;
      if (code == Code::kEndOfEpoch) {
        ASSERT_EQ(place, uint64_t{10}) << "seed " << seed;
        loader->SetEpoch(0);
        place = 0;
        continue;
      }
      ASSERT_EQ(code, Code::kOk) << failure.text;
      ASSERT_EQ(batch->batch, place) << "seed " << seed;
      const size_t bytes = loader->store().shape().sample_bytes();
      for (uint32_t i = 0; i < batch->rows; ++i) {
        const auto& [id, sample] = expected.at({place, i});
        ASSERT_EQ(batch->ids[i], id) << "seed " << seed;
        ASSERT_EQ(memcmp(batch->images + i * bytes, sample.pixels.data(), bytes), 0)
            << "seed " << seed;
      }
      BatchStore::Release(batch);
      ++place;
    }
  }
}

TEST_F(LoaderSimTest, I21_CanBeLeftAtAnyMomentInAnyState) {
  const uint64_t first = FromEnvironment("HEADRACE_SIM_FIRST", 1);
  const uint64_t seeds = 4 * FromEnvironment("HEADRACE_SIM_SEEDS", 60);
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    uint64_t state = seed;
    const auto next = [&state](uint64_t bound) { return (state = Mix(state)) % bound; };
    simulated_disk = {.seed = seed,
                      .fail_share = next(3) == 0 ? 0.4 : 0.0,
                      .queue_len_max = static_cast<uint32_t>(1 + next(50))};
    auto loader = Open("workers = " + std::to_string(1 + next(4)) +
                           "\nprefetch_batches = " + std::to_string(1 + next(3)),
                       true, next(2) == 0 ? kMix : "");
    std::vector<BatchBuffer*> held;
    for (uint64_t steps = next(12); steps > 0; --steps) {
      BatchBuffer* batch = nullptr;
      RunFailure failure;
      switch (next(6)) {
        case 0: loader->SetEpoch(static_cast<uint32_t>(next(3))); break;
        case 2: {
          loader::ConfigError error;
          ASSERT_TRUE(loader->LoadState(loader->SaveState(), &error)) << error.text;
          break;
        }
        case 1:
          if (!held.empty()) {
            BatchStore::Release(held.back());
            held.pop_back();
          }
          break;
        default:
          (void)loader->Next(next(2) == 0 ? 0 : 20'000'000, &batch, &failure);
          if (batch != nullptr) held.push_back(batch);
      }
    }
    if (next(2) == 0) loader->Stop();
    loader.reset();
    for (BatchBuffer* batch : held) BatchStore::Release(batch);
  }
}

TEST_F(LoaderSimTest, I21_ClosesOverAStuckReadWithoutFreeingItsMemory) {
  simulated_disk = {.stuck = true};
  auto loader = Open("workers = 2", true);
  BatchBuffer* batch = nullptr;
  RunFailure failure;
  EXPECT_EQ(loader->Next(10'000'000, &batch, &failure), Code::kTimeout);
  loader->Stop();
  EXPECT_EQ(loader->Next(-1, &batch, &failure), Code::kStopped);
  loader.reset();  // and leak checkers see that what was given up is still held
}

}  // namespace
}  // namespace headrace::testing
