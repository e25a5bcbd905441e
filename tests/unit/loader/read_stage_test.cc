// The read stage with checkpoints: each lane brings its file and what is noted about it.
#include "loader/pipeline/read_stage.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <thread>

#include "loader/folder_dataset.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/loader/checkpoint_set.h"

namespace headrace::loader {
namespace {

using testing::TempFolder;

constexpr uint32_t kFiles = 24;
constexpr uint64_t kLaneBytes = 64 << 10;
constexpr uint64_t kBigFile = 100'000;   // goes to the big area
constexpr uint64_t kTightFile = 65'400;  // fits its lane, but not with a record

// A data set of files that are no pictures (nobody decodes them here), and everything that a read
// stage needs.
class ReadStageTest : public ::testing::TestWithParam<io::ReaderChoice> {
 protected:
  void SetUp() override {
    if (GetParam() == io::ReaderChoice::kUring &&
        io::DescribeUring().find("not available") != std::string::npos) {
      GTEST_SKIP() << io::DescribeUring();
    }
    for (uint32_t i = 0; i < kFiles; ++i) {
      temp_.Write("set/a/" + std::to_string(100 + i), Content(BytesOfFile(i), i));
    }
    ConfigError error;
    ASSERT_TRUE(FolderDataset::Open(temp_ / "set", {}, {}, &dataset_, &error)) << error.text;
  }
  void TearDown() override {
    if (shared_ && shared_->store != nullptr) shared_->store->Close();
  }

  static uint64_t BytesOfFile(uint64_t id) {
    return id == 7 ? kBigFile : id == 11 ? kTightFile : 20'000 + 10 * id;
  }
  static std::string Content(uint64_t bytes, uint64_t seed) {
    std::string content(bytes, '\0');
    for (size_t i = 0; i < bytes; ++i) content[i] = static_cast<char>(i * 31 + i / 251 + seed);
    return content;
  }
  static std::vector<std::byte> Record(uint64_t id) {
    std::vector<std::byte> record(300 + 7 * id);
    for (size_t i = 0; i < record.size(); ++i) record[i] = static_cast<std::byte>(i * 5 + id);
    return record;
  }
  void Write(uint32_t id, const std::string& content) const {
    std::ofstream(temp_ / ("set/a/" + std::to_string(100 + id)), std::ios::binary) << content;
  }

  // Every sample but each fifth has a record, in a file of an earlier run or in this one's.
  void OpenCheckpoints(Counters* counters) {
    const auto open = [&] {
      auto opened = CheckpointIndex::Open(*dataset_, {.folder = temp_ / "cache"}, {}, counters);
      EXPECT_TRUE(opened.ok());
      return std::move(*opened);
    };
    auto earlier = open();
    for (uint32_t id = 0; id < kFiles; id += 2) {
      if (id % 5 != 0) earlier->Add(0, id, Record(id));
    }
    earlier->Close();
    counters->checkpoints_written = 0;
    checkpoints_ = open();
    for (uint32_t id = 1; id < kFiles; id += 2) {
      if (id % 5 != 0) checkpoints_->Add(0, id, Record(id));
    }
    checkpoints_->Flush(0);
  }

  void MakeShared() {
    config_.loader.batch_size = kFiles;
    config_.loader.prefetch_batches = 1;
    config_.loader.shuffle = Shuffle::kNone;
    config_.loader.on_corrupt = OnCorrupt::kMark;
    config_.loader.corrupt_budget = 1.0;
    config_.loader.workers = 2;
    config_.output.pin = Pin::kNone;
    config_.limits.max_encoded_bytes = 1 << 20;
    config_.limits.max_decoded_bytes = 1 << 20;
    config_.limits.scratch_pixels = 65536;
    const BatchShape shape = {.batch_size = kFiles, .channels = 3, .height = 4, .width = 4};
    ConfigError error;
    ASSERT_TRUE(AugmentProgram::Make({}, dataset_->classes(), false, &augment_, &error))
        << error.text;
    ASSERT_TRUE(Mixer::Make({}, shape, &mixer_, &error)) << error.text;
    sampler_.emplace(dataset_->size(), Shuffle::kNone, 0, kFiles, 0, 1, Tail::kDrop);
    convert_ = simd::MakeConvertTable(shape.dtype, shape.layout, 3, nullptr, nullptr);
    ASSERT_TRUE(MakePlan(config_, *dataset_, shape, false, {}, &plan_, &error)) << error.text;
    plan_.lane_bytes_each = kLaneBytes;
    shared_ = std::make_unique<PipelineShared>(config_, *dataset_, *sampler_, *augment_, *mixer_,
                                               convert_, plan_, LogSink{});
    shared_->lane_memory =
        std::move(*HostMemory::Map(plan_.lanes * kLaneBytes, HostMemory::Pages::kSmall));
    for (uint32_t i = 0; i < plan_.lanes; ++i) {
      shared_->lanes[i].memory = shared_->lane_memory.span().subspan(i * kLaneBytes, kLaneBytes);
    }
    shared_->big_encoded =
        std::move(*HostMemory::Map(plan_.big_encoded_bytes, HostMemory::Pages::kSmall));
    auto store = BatchStore::Make(
        {.shape = shape, .pin = Pin::kNone, .count = 2, .count_max = 2, .mixer = mixer_.get()},
        &shared_->read_wanted);
    ASSERT_TRUE(store.ok());
    shared_->store = *store;
    OpenCheckpoints(&shared_->counters);
    shared_->checkpoints = checkpoints_.get();
  }

  // What a lane brought, copied out of it.
  struct Brought {
    std::string encoded;
    std::vector<std::byte> record;
    bool in_big_area = false;
  };

  // Reads the first batch; by id. `missing` samples do not come.
  std::map<uint64_t, Brought> ReadBatch(uint32_t reads_max, uint32_t missing = 0) {
    auto made = io::MakeReader(dataset_->root(), {.choice = GetParam(), .queue_len = reads_max});
    EXPECT_TRUE(made.ok());
    BatchAssembler assembler(shared_.get());
    ReadStage stage(shared_.get(), &assembler, made->reader.get());
    std::thread reading([&stage] { EXPECT_TRUE(stage.Run()); });
    std::map<uint64_t, Brought> brought;
    while (brought.size() < kFiles - missing) {
      uint32_t index = 0;
      const auto key = shared_->work_ready.PrepareWait();
      if (!shared_->work.TryPop(&index)) {
        shared_->work_ready.Wait(key);
        continue;
      }
      shared_->work_ready.CancelWait();
      brought[shared_->lanes[index].id] = Take(shared_->lanes[index]);
      shared_->ReleaseLane(index);
    }
    shared_->stop.Request();
    shared_->read_wanted.NotifyAll();
    made->reader->Wake();
    reading.join();
    return brought;
  }
  static Brought Take(const Lane& lane) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(lane.record.data()) % 16, 0u);
    if (!lane.record.empty()) {
      EXPECT_GT(lane.record.data(), lane.encoded.data() + lane.encoded.size());
    }
    return {std::string(reinterpret_cast<const char*>(lane.encoded.data()), lane.encoded.size()),
            {lane.record.begin(), lane.record.end()},
            lane.in_big_area};
  }

  TempFolder temp_;
  Config config_;
  std::unique_ptr<Dataset> dataset_;
  std::unique_ptr<AugmentProgram> augment_;
  std::unique_ptr<Mixer> mixer_;
  std::optional<Sampler> sampler_;
  simd::ConvertTable convert_;
  Plan plan_;
  std::unique_ptr<PipelineShared> shared_;
  std::unique_ptr<CheckpointIndex> checkpoints_;
};

TEST_P(ReadStageTest, EveryLaneBringsItsFileAndItsRecord) {
  MakeShared();
  const auto brought = ReadBatch(plan_.reads_max);
  for (const auto& [id, lane] : brought) {
    EXPECT_EQ(lane.encoded, Content(BytesOfFile(id), id));
    const bool fits = BytesOfFile(id) != kTightFile;
    EXPECT_EQ(lane.record, id % 5 != 0 && fits ? Record(id) : std::vector<std::byte>()) << id;
    EXPECT_EQ(lane.in_big_area, id == 7);
  }
  EXPECT_GE(Get(shared_->counters.checkpoints_read), 18u);  // 24 - 5 - 1; the next batch began
  EXPECT_EQ(Get(shared_->counters.checkpoints_rejected), 0u);
}

TEST_P(ReadStageTest, ARecordThatCannotBeReadIsNotTheSamplesError) {
  MakeShared();
  ASSERT_EQ(::truncate(checkpoints_->path().c_str(), 64), 0);  // the even ones were in it
  const auto brought = ReadBatch(plan_.reads_max);
  ASSERT_EQ(brought.size(), kFiles);
  for (const auto& [id, lane] : brought) {
    EXPECT_EQ(lane.encoded.size(), BytesOfFile(id));
    const bool has = id % 2 == 1 && id % 5 != 0 && id != 11;
    EXPECT_EQ(lane.record, has ? Record(id) : std::vector<std::byte>()) << id;
    EXPECT_EQ(checkpoints_->Wants(id), id % 2 == 0 || id % 5 == 0) << id;
  }
  EXPECT_EQ(Get(shared_->counters.checkpoints_rejected), 9u);
}

TEST_P(ReadStageTest, AFileThatChangedItsSizeComesWithoutARecord) {
  MakeShared();
  const std::string grown = Content(20'200, 60);
  const std::string outgrown = Content(90'000, 61);
  const std::string shrunk = Content(5'000, 62);
  Write(1, grown);
  Write(2, outgrown);
  Write(3, shrunk);
  auto brought = ReadBatch(plan_.reads_max);
  EXPECT_EQ(brought[1].encoded, grown);
  EXPECT_EQ(brought[2].encoded, outgrown);
  EXPECT_TRUE(brought[2].in_big_area);
  EXPECT_EQ(brought[3].encoded, shrunk);
  for (const uint64_t id : {1, 2, 3}) EXPECT_TRUE(brought[id].record.empty()) << id;
  EXPECT_EQ(brought[4].record, Record(4));
}

TEST_P(ReadStageTest, AFailedFileWaitsForItsRecordBeforeTheLaneGoesOn) {
  MakeShared();
  for (const uint32_t id : {4, 8, 9, 12, 13}) {
    ASSERT_EQ(::unlink((temp_ / ("set/a/" + std::to_string(100 + id))).c_str()), 0);
  }
  const auto brought = ReadBatch(plan_.reads_max, 5);
  ASSERT_EQ(brought.size(), kFiles - 5);
  for (const auto& [id, lane] : brought) {
    EXPECT_EQ(lane.encoded, Content(BytesOfFile(id), id));
    EXPECT_EQ(lane.record, id % 5 != 0 && id != 11 ? Record(id) : std::vector<std::byte>()) << id;
  }
  EXPECT_GE(Get(shared_->counters.marked), 5u);
}

TEST_P(ReadStageTest, AFullQueueCostsRecordsAndNothingElse) {
  MakeShared();
  const auto brought = ReadBatch(1);
  ASSERT_EQ(brought.size(), kFiles);
  for (const auto& [id, lane] : brought) {
    EXPECT_EQ(lane.encoded, Content(BytesOfFile(id), id));
    EXPECT_TRUE(lane.record.empty());
  }
  EXPECT_EQ(Get(shared_->counters.checkpoints_rejected), 0u);
}

TEST_P(ReadStageTest, ASubstituteTakesNoBlameForTheSampleBeforeIt) {
  MakeShared();
  config_.loader.on_corrupt = OnCorrupt::kSubstitute;
  Lane& lane = shared_->lanes[0];
  lane.ticket = {.id = 3, .generation = shared_->delivery.generation()};
  lane.id = 3;
  lane.grew = true;
  lane.through_cache = true;
  BatchAssembler(shared_.get()).HandleBad(0, Status(Code::kIoError, "gone"));
  EXPECT_NE(lane.id, 3u);
  EXPECT_FALSE(lane.grew);
  EXPECT_FALSE(lane.through_cache);
}

INSTANTIATE_TEST_SUITE_P(Readers, ReadStageTest,
                         ::testing::Values(io::ReaderChoice::kPread, io::ReaderChoice::kUring),
                         [](const auto& test) {
                           return test.param == io::ReaderChoice::kPread ? "Pread" : "Uring";
                         });

}  // namespace
}  // namespace headrace::loader
