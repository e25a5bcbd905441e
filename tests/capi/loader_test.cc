// What a user of the C API relies on, on a small set of real files.
#include <gtest/gtest.h>
#include <headrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

class LoaderTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    MakePictureSet(*folder_, 50);
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string Config(const std::string& extra = "", const std::string& loader_keys = "") {
    return SmallConfig(folder_->path(), extra, loader_keys);
  }
  static TempFolder* folder_;
};
TempFolder* LoaderTest::folder_ = nullptr;

constexpr char kMixup[] =
    "[[mix]]\nop = \"mixup\"\nalpha = 0.8\n[[mix]]\nop = \"cutmix\"\nalpha = 1.0\n";

TEST_F(LoaderTest, I03_BytesDoNotDependOnWorkersPrefetchOrReader) {
  for (const char* mix : {"", kMixup}) {
    const auto expected = DrainEpoch(MustOpen(Config(mix, "workers = 1")).get());
    ASSERT_EQ(expected.size(), 6u);
    for (const char* keys :
         {"workers = 2", "workers = 4\nprefetch_batches = 1", "workers = 7\nprefetch_batches = 9",
          "workers = 2\nreader = \"pread\""}) {
      EXPECT_EQ(DrainEpoch(MustOpen(Config(mix, keys)).get()), expected) << keys;
    }
  }
}

TEST_F(LoaderTest, SamplePixelsDoNotDependOnBatchSizeOrRanks) {
  std::map<int64_t, std::string> alone;
  const auto collect = [](const std::vector<BatchValue>& batches, auto on_sample) {
    for (const BatchValue& batch : batches) {
      const auto ids = batch.Ids();
      const size_t bytes = batch.images.size() / ids.size();
      for (size_t i = 0; i < ids.size(); ++i)
        on_sample(ids[i], batch.images.substr(i * bytes, bytes));
    }
  };
  collect(DrainEpoch(MustOpen(Config("", "tail = \"exact\"")).get()),
          [&](int64_t id, std::string pixels) { alone[id] = std::move(pixels); });
  ASSERT_EQ(alone.size(), 50u);
  std::set<int64_t> seen;
  for (int rank = 0; rank < 3; ++rank) {
    HR_INIT(hr_options, options);
    options.rank = rank;
    options.world_size = 3;
    const char* overrides[] = {"loader.batch_size=5", "loader.tail=\"exact\""};
    options.overrides = overrides;
    options.override_count = 2;
    collect(DrainEpoch(MustOpen(Config(), &options).get()), [&](int64_t id, const std::string& p) {
      EXPECT_TRUE(seen.insert(id).second) << "sample " << id << " came twice";
      EXPECT_EQ(p, alone[id]);
    });
  }
  EXPECT_EQ(seen.size(), 50u);
}

TEST_F(LoaderTest, EveryEpochHoldsEverySampleOnceInAnotherOrder) {
  const LoaderHandle loader = MustOpen(Config("", "tail = \"exact\""));
  std::vector<std::vector<int64_t>> orders;
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::vector<int64_t> order;
    for (const BatchValue& batch : DrainEpoch(loader.get())) {
      EXPECT_EQ(batch.epoch, static_cast<uint32_t>(epoch));
      for (const int64_t id : batch.Ids()) order.push_back(id);
    }
    EXPECT_EQ(std::set<int64_t>(order.begin(), order.end()).size(), 50u);
    EXPECT_EQ(order.size(), 50u);
    orders.push_back(order);
  }
  EXPECT_NE(orders[0], orders[1]);
  EXPECT_NE(orders[1], orders[2]);
}

TEST_F(LoaderTest, SetEpochGivesThatEpochsBytes) {
  const LoaderHandle loader = MustOpen(Config(kMixup));
  const auto first = DrainEpoch(loader.get());
  const auto second = DrainEpoch(loader.get());
  HR_INIT(hr_error, error);
  for (int round = 0; round < 5; ++round) {
    ASSERT_EQ(hr_loader_set_epoch(loader.get(), 0, &error), HR_OK);
    hr_batch* batch = nullptr;
    ASSERT_EQ(hr_loader_next(loader.get(), -1, &batch, &error), HR_OK) << error.text;
    EXPECT_EQ(ValueOf(batch), first[0]);
    // In mid-epoch, with a batch leased and others in the making.
    ASSERT_EQ(hr_loader_set_epoch(loader.get(), 1, &error), HR_OK);
    EXPECT_EQ(ValueOf(batch), first[0]) << "a leased batch changed";
    EXPECT_EQ(DrainEpoch(loader.get()), second);
    hr_batch_release(batch);
  }
}

TEST_F(LoaderTest, PadFillsTheLastBatchWithMarkedEmptySlots) {
  const auto batches = DrainEpoch(MustOpen(Config(kMixup, "tail = \"pad\"")).get());
  ASSERT_EQ(batches.size(), 7u);
  const BatchValue& last = batches.back();
  const auto ids = last.Ids();
  ASSERT_EQ(ids.size(), 8u);
  const size_t bytes = last.images.size() / 8;
  for (size_t i = 2; i < 8; ++i) {
    EXPECT_EQ(ids[i], -1);
    EXPECT_EQ(last.valid[i], 0);
    EXPECT_EQ(last.images.substr(i * bytes, bytes), std::string(bytes, '\0'));
  }
  EXPECT_EQ(last.valid[0], 1);
}

TEST_F(LoaderTest, ExactGivesAShortLastBatch) {
  const auto batches = DrainEpoch(MustOpen(Config("", "tail = \"exact\"")).get());
  ASSERT_EQ(batches.size(), 7u);
  EXPECT_EQ(batches.back().Ids().size(), 2u);
}

TEST_F(LoaderTest, EveryBufferLeasedTakesAnotherThenSaysNoBuffer) {
  HR_INIT(hr_error, error);
  // Without room for a further buffer: a budget of exactly the plan.
  HR_INIT(hr_memory, memory);
  ASSERT_EQ(hr_loader_memory(MustOpen(Config("", "prefetch_batches = 1")).get(), &memory, &error),
            HR_OK);
  const std::string budget = "loader.max_host_bytes=" + std::to_string(memory.total_bytes);
  const char* overrides[] = {budget.c_str()};
  HR_INIT(hr_options, options);
  options.overrides = overrides;
  options.override_count = 1;
  const LoaderHandle loader = MustOpen(Config("", "prefetch_batches = 1"), &options);
  ASSERT_TRUE(loader);
  std::vector<hr_batch*> held(2);
  for (hr_batch*& batch : held) {
    ASSERT_EQ(hr_loader_next(loader.get(), -1, &batch, &error), HR_OK) << error.text;
  }
  hr_batch* none = nullptr;
  EXPECT_EQ(hr_loader_next(loader.get(), -1, &none, &error), HR_NO_BUFFER);
  EXPECT_EQ(none, nullptr);
  hr_batch_release(held[0]);
  EXPECT_EQ(hr_loader_next(loader.get(), -1, &held[0], &error), HR_OK) << error.text;
  for (hr_batch* batch : held) hr_batch_release(batch);

  // With room: a consumer that never releases goes on for a while.
  const LoaderHandle roomy = MustOpen(Config("", "prefetch_batches = 1"));
  std::vector<hr_batch*> all;
  for (int i = 0; i < 6; ++i) {
    hr_batch* batch = nullptr;
    ASSERT_EQ(hr_loader_next(roomy.get(), -1, &batch, &error), HR_OK) << error.text;
    all.push_back(batch);
  }
  HR_INIT(hr_stats, stats);
  ASSERT_EQ(hr_loader_stats(roomy.get(), &stats, &error), HR_OK);
  EXPECT_GE(stats.extra_buffers, 4u);
  for (hr_batch* batch : all) hr_batch_release(batch);
}

TEST_F(LoaderTest, BatchesAndTensorsOutliveTheLoader) {
  LoaderHandle loader = MustOpen(Config());
  HR_INIT(hr_error, error);
  hr_batch* batch = nullptr;
  ASSERT_EQ(hr_loader_next(loader.get(), -1, &batch, &error), HR_OK);
  const BatchValue before = ValueOf(batch);
  DLManagedTensor* tensor = nullptr;
  ASSERT_EQ(hr_batch_dlpack(batch, &tensor, &error), HR_OK);
  loader.reset();
  EXPECT_EQ(ValueOf(batch), before);
  hr_batch_release(batch);
  // The C layout of dlpack.h: data first, the deleter last (data, device, ndim, dtype, shape,
  // strides, byte_offset, context, deleter).
  struct Layout {
    void* data;
    int32_t device_type, device_id, ndim;
    uint8_t code, bits;
    uint16_t lanes;
    int64_t* shape;
    int64_t* strides;
    uint64_t offset;
    void* context;
    void (*deleter)(Layout*);
  };
  auto* layout = reinterpret_cast<Layout*>(tensor);
  EXPECT_EQ(layout->device_type, 1);
  EXPECT_EQ(layout->ndim, 4);
  EXPECT_EQ(layout->code, 2);
  EXPECT_EQ(layout->bits, 32);
  EXPECT_EQ(layout->shape[0], 8);
  EXPECT_EQ(layout->shape[1], 3);
  EXPECT_EQ(layout->strides[0], 3 * 8 * 8);
  EXPECT_EQ(std::string(static_cast<char*>(layout->data), before.images.size()), before.images);
  layout->deleter(layout);
}

TEST_F(LoaderTest, StopWakesAWaitingConsumerAndStays) {
  const LoaderHandle loader = MustOpen(Config("", "prefetch_batches = 1"));
  std::thread stopper([&] { hr_loader_stop(loader.get()); });
  hr_status status = HR_OK;
  while (status == HR_OK || status == HR_END_OF_EPOCH) {
    hr_batch* batch = nullptr;
    status = hr_loader_next(loader.get(), -1, &batch, nullptr);
    hr_batch_release(batch);
  }
  EXPECT_EQ(status, HR_STOPPED);
  stopper.join();
  hr_loader_stop(loader.get());
  hr_batch* batch = nullptr;
  EXPECT_EQ(hr_loader_next(loader.get(), 0, &batch, nullptr), HR_STOPPED);
}

TEST_F(LoaderTest, I21_ClosesInEveryState) {
  for (int delay_us : {0, 0, 50, 200, 500, 1000, 3000, 10000}) {
    for (const char* keys :
         {"workers = 1", "workers = 3\nprefetch_batches = 2", "reader = \"pread\""}) {
      LoaderHandle loader = MustOpen(Config(kMixup, keys));
      hr_batch* batch = nullptr;
      usleep(static_cast<useconds_t>(delay_us));
      (void)hr_loader_next(loader.get(), delay_us * 1000, &batch, nullptr);
      loader.reset();
      hr_batch_release(batch);
    }
  }
}

size_t CountEntries(const char* folder) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    (void)entry;
    ++count;
  }
  return count;
}

TEST_F(LoaderTest, I13_ThreadsAndDescriptorsAreEqualBeforeAndAfter) {
  { MustOpen(Config()); }  // whatever libraries keep is kept now
  const size_t threads = CountEntries("/proc/self/task");
  const size_t files = CountEntries("/proc/self/fd");
  for (int i = 0; i < 5; ++i) {
    const LoaderHandle loader = MustOpen(Config(kMixup));
    EXPECT_GT(CountEntries("/proc/self/task"), threads);
    (void)DrainEpoch(loader.get());
  }
  EXPECT_EQ(CountEntries("/proc/self/task"), threads);
  EXPECT_EQ(CountEntries("/proc/self/fd"), files);
}

TEST_F(LoaderTest, I32_AChildOfForkIsToldSoAndTheParentIsUnharmed) {
  hr_batch* late = nullptr;  // leased from a loader that is closed before the fork
  {
    const LoaderHandle closed = MustOpen(Config());
    ASSERT_EQ(hr_loader_next(closed.get(), -1, &late, nullptr), HR_OK);
  }
  const LoaderHandle loader = MustOpen(Config());
  std::ifstream file(folder_->path() + "/a/0000.png", std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  hr_transform* transform = nullptr;
  ASSERT_EQ(hr_transform_open(nullptr, 0, nullptr, &transform, nullptr), HR_OK);
  HR_INIT(hr_image, before);
  ASSERT_EQ(hr_transform_apply(transform, bytes.data(), bytes.size(), nullptr, &before, nullptr),
            HR_OK);
  const pid_t child = fork();
  if (child == 0) {
    hr_batch* batch = nullptr;
    const bool told = hr_loader_next(loader.get(), 0, &batch, nullptr) == HR_FORKED &&
                      hr_loader_set_epoch(loader.get(), 1, nullptr) == HR_FORKED;
    hr_loader_close(loader.get());
    hr_batch_release(late);
    // A transform has no threads: it works in the child as in the parent.
    HR_INIT(hr_image, image);
    const bool applied = hr_transform_apply(transform, bytes.data(), bytes.size(), nullptr, &image,
                                            nullptr) == HR_OK;
    hr_transform_close(transform);
    _exit(told && applied ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(DrainEpoch(loader.get()).size(), 6u);
  hr_batch_release(late);
  hr_transform_close(transform);
}

TEST_F(LoaderTest, ReleasesMayRaceWithClose) {
  for (int round = 0; round < 200; ++round) {
    LoaderHandle loader = MustOpen(Config("", "workers = 1\nprefetch_batches = 2"));
    hr_batch* batch = nullptr;
    ASSERT_EQ(hr_loader_next(loader.get(), -1, &batch, nullptr), HR_OK);
    std::thread releaser([batch] { hr_batch_release(batch); });
    loader.reset();
    releaser.join();
  }
}

struct Reentry {
  std::atomic<hr_loader*> loader{nullptr};
  std::atomic<int> status{HR_OK};
  std::atomic<int> lines{0};
};

void LogAndReenter(void* context, hr_log_level, const char*) {
  auto* reentry = static_cast<Reentry*>(context);
  ++reentry->lines;
  if (hr_loader* loader = reentry->loader) {
    hr_batch* batch = nullptr;
    reentry->status = hr_loader_next(loader, 0, &batch, nullptr);
  }
}

TEST_F(LoaderTest, I33_ACallbackMayNotCallIntoItsLoader) {
  TempFolder folder;
  MakePictureSet(folder, 20);
  folder.Write("a/zzz.jpg", "this is not a picture");
  Reentry reentry;
  HR_INIT(hr_options, options);
  options.log = LogAndReenter;
  options.log_context = &reentry;
  const LoaderHandle loader =
      MustOpen(SmallConfig(folder.path(), "", "prefetch_batches = 1"), &options);
  EXPECT_GE(reentry.lines, 1);  // what was chosen at open
  const int before = reentry.lines;
  reentry.loader = loader.get();
  for (int epoch = 0; epoch < 3; ++epoch) (void)DrainEpoch(loader.get());
  EXPECT_GT(reentry.lines, before);
  EXPECT_EQ(reentry.status, HR_REENTERED);
  reentry.loader = nullptr;
}

struct Allocator {
  std::atomic<int> live{0};
  std::atomic<uint64_t> bytes{0};
};

TEST_F(LoaderTest, TheCallersAllocatorMakesAndFreesEveryBatchBuffer) {
  Allocator allocator;
  HR_INIT(hr_options, options);
  options.allocate = [](void* context, size_t bytes, size_t alignment) -> void* {
    auto* a = static_cast<Allocator*>(context);
    ++a->live;
    a->bytes += bytes;
    return aligned_alloc(alignment, bytes);
  };
  options.free = [](void* context, void* pointer, size_t) {
    --static_cast<Allocator*>(context)->live;
    free(pointer);
  };
  options.allocate_context = &allocator;
  LoaderHandle loader = MustOpen(Config("", "prefetch_batches = 2"), &options);
  EXPECT_EQ(allocator.live, 3);
  hr_batch* batch = nullptr;
  ASSERT_EQ(hr_loader_next(loader.get(), -1, &batch, nullptr), HR_OK);
  loader.reset();
  EXPECT_EQ(allocator.live, 1);
  hr_batch_release(batch);
  EXPECT_EQ(allocator.live, 0);
}

TEST_F(LoaderTest, RefusesStructsThatItCannotUnderstand) {
  HR_INIT(hr_error, error);
  LoaderHandle loader;
  hr_options unset = {};
  EXPECT_EQ(OpenToml(Config(), &loader, &error, &unset), HR_INVALID_ARGUMENT);
  struct {
    hr_options options;
    uint64_t newer;
  } longer = {};
  longer.options.struct_size = sizeof(longer);
  EXPECT_EQ(OpenToml(Config(), &loader, &error, &longer.options), HR_OK);
  longer.newer = 1;
  EXPECT_EQ(OpenToml(Config(), &loader, &error, &longer.options), HR_INVALID_ARGUMENT);
  // An older caller, whose struct ends early.
  hr_options older = {};
  older.struct_size = offsetof(hr_options, allocate);
  EXPECT_EQ(OpenToml(Config(), &loader, &error, &older), HR_OK);
}

}  // namespace
}  // namespace headrace::testing
