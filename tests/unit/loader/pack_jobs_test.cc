#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "codecs/encoder.h"
#include "loader/folder_dataset.h"
#include "loader/open_watch.h"
#include "loader/pack/pack_check.h"
#include "loader/pack/pack_job.h"
#include "loader/pack/pack_resume.h"
#include "loader/pack/pack_shards.h"
#include "loader/pack/shard_writer.h"
#include "loader/pack/unpack_job.h"
#include "loader/pack/verify_job.h"
#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

using headrace::testing::TempFolder;

std::string JpegOf(uint32_t width, uint32_t height, uint8_t seed) {
  std::vector<uint8_t> pixels(size_t{width} * height * 3);
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<uint8_t>(i * seed / 3 + i / 200);
  }
  const ConstImageView view{pixels.data(), width, height, 3, size_t{width} * 3};
  const auto bytes = codecs::EncodeJpeg(view, {.quality = 80});
  EXPECT_TRUE(bytes.ok());
  const auto& file = bytes.value();
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// A folder of five JPEGs and an empty file, and what jobs make of it.
class PackJobsTest : public ::testing::Test {
 protected:
  PackJobsTest() {
    for (int i = 0; i < 5; ++i) {
      temp_.Write(
          "data/" + std::string(i % 2 == 0 ? "even" : "odd") + "/" + std::to_string(i) + ".jpg",
          JpegOf(40 + 8 * static_cast<uint32_t>(i), 30, static_cast<uint8_t>(i + 1)));
    }
    temp_.Write("data/odd/nothing.png", "");
    hooks_.note = [this](const SampleNote& note) { notes_.push_back(note); };
  }

  std::unique_ptr<Dataset> Source(const std::string& folder = "data") {
    std::unique_ptr<Dataset> dataset;
    ConfigError error;
    EXPECT_TRUE(FolderDataset::Open(temp_ / folder, {}, {}, &dataset, &error)) << error.text;
    return dataset;
  }

  PackJob Job() { return {.folder = pack(), .packing = {}, .shard_bytes = 2500, .workers = 2}; }

  PackReport MustPack(const PackJob& job) {
    PackReport report;
    JobError error;
    EXPECT_TRUE(RunPack(*Source(), job, hooks_, &report, &error)) << error.text;
    return report;
  }

  // Packs all into one shard, whose path this is.
  std::string MustPackOneShard() {
    PackJob job = Job();
    job.shard_bytes = 1 << 20;
    (void)MustPack(job);
    return pack() + "/000000.tar";
  }

  VerifyReport MustVerify(const Dataset* source = nullptr) {
    notes_.clear();
    VerifyReport report;
    JobError error;
    EXPECT_TRUE(RunVerify({.pack = pack(), .source = source, .config = &config_, .workers = 1},
                          hooks_, &report, &error))
        << error.text;
    EXPECT_EQ(report.bad, notes_.size());
    return report;
  }

  std::string pack() const { return temp_ / "pack"; }

  TempFolder temp_;
  Config config_;
  JobHooks hooks_;
  std::vector<SampleNote> notes_;
};

TEST_F(PackJobsTest, APackVerifiesAgainstItsSource) {
  const PackReport packed = MustPack(Job());
  EXPECT_GT(packed.shards, 1u);
  EXPECT_EQ(packed.encoded, 5u);
  EXPECT_EQ(packed.damaged, 1u);
  const auto source = Source();
  const VerifyReport report = MustVerify(source.get());
  EXPECT_EQ(report.bad, 0u);
  EXPECT_EQ(report.compared, 6u);
}

TEST_F(PackJobsTest, EveryByteOfAShardIsVerified) {
  const std::string shard = MustPackOneShard();
  const std::string good = Read(shard);
  ASSERT_EQ(MustVerify().bad, 0u);
  for (size_t at = 0; at < good.size(); at += 7) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    Overwrite(shard, bad);
    const VerifyReport report = MustVerify();
    ASSERT_EQ(report.bad, 1u) << "byte " << at;
    EXPECT_EQ(notes_[0].file, shard);
  }
  Overwrite(shard, good.substr(0, good.size() - 1));
  EXPECT_GE(MustVerify().bad, 1u);
  Overwrite(shard, good + '\0');
  EXPECT_EQ(MustVerify().bad, 1u);
}

TEST_F(PackJobsTest, OtherPixelsOrNamesInTheSourceAreFound) {
  (void)MustPack(Job());
  temp_.Write("data/even/2.jpg", JpegOf(56, 30, 77));
  std::unique_ptr<Dataset> source = Source();
  EXPECT_EQ(MustVerify(source.get()).bad, 1u);
  EXPECT_EQ(notes_[0].id, 1);
  EXPECT_EQ(notes_[0].path, "even/2.jpg");
  std::filesystem::rename(temp_ / "data/even/4.jpg", temp_ / "data/even/5.jpg");
  source = Source();
  EXPECT_EQ(MustVerify(source.get()).bad, 2u);
}

// A data set, and something that happens when a name is asked for.
class WatchedNames final : public Dataset {
 public:
  WatchedNames(std::unique_ptr<Dataset> whole, std::function<void(uint64_t)> asked)
      : whole_(std::move(whole)), asked_(std::move(asked)) {}

  uint64_t size() const override { return whole_->size(); }
  Extent Locate(uint64_t id) const override { return whole_->Locate(id); }
  int64_t Label(uint64_t id) const override { return whole_->Label(id); }
  const std::vector<std::string>& classes() const override { return whole_->classes(); }
  const std::string& root() const override { return whole_->root(); }
  uint64_t index_bytes() const override { return whole_->index_bytes(); }
  std::string Name(uint64_t id) const override {
    asked_(id);
    return whole_->Name(id);
  }

 private:
  std::unique_ptr<Dataset> whole_;
  std::function<void(uint64_t)> asked_;
};

TEST_F(PackJobsTest, AShardThatChangesBehindItsWalkIsFound) {
  const std::string shard = MustPackOneShard();
  const std::string good = Read(shard);
  for (const std::string& changed : {std::string(good.size(), 'x'), good.substr(0, 3000)}) {
    // Names are asked for where pixels are compared: one sample is, the rest cannot be.
    const WatchedNames source(Source(), [&](uint64_t id) {
      if (id == 0) Overwrite(shard, changed);
    });
    const VerifyReport report = MustVerify(&source);
    EXPECT_EQ(report.bad, 1u);
    EXPECT_LT(report.compared, 6u);
    ASSERT_EQ(notes_.size(), 1u);
    EXPECT_EQ(notes_[0].file, shard);
    Overwrite(shard, good);
  }
}

TEST_F(PackJobsTest, AMissingShardIsNamed) {
  (void)MustPack(Job());
  std::filesystem::remove(pack() + "/000001.tar");
  std::filesystem::remove(pack() + "/000001.tar.hri");
  PackShards shards;
  JobError error;
  EXPECT_FALSE(PackShards::Open(pack(), &shards, &error));
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_NE(error.text.find("is missing"), std::string::npos) << error.text;
}

// No file can be opened while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const int next = ::dup(STDIN_FILENO);
    ::close(next);
    const rlimit none = {.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoDescriptors() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_ = {};
};

TEST_F(PackJobsTest, AShardThatCannotBeReadNowIsNotDamaged) {
  PackJob job = Job();
  job.force = true;
  (void)MustPack(job);
  const auto source = Source();
  ShardPlan plan;
  JobError error;
  ASSERT_TRUE(PlanShards(*source, job.shard_bytes, &plan, &error)) << error.text;
  FoundPack found = {.complete = std::vector<bool>(plan.shards(), true), .removable = {}};
  bool good = true;
  {
    const NoDescriptors none;
    good = DropDamaged(job, plan, source->classes(), hooks_, &found, &error);
  }
  EXPECT_FALSE(good);
  EXPECT_NE(error.text.find("cannot check"), std::string::npos) << error.text;
  EXPECT_EQ(found.complete, std::vector<bool>(plan.shards(), true));
  EXPECT_TRUE(found.removable.empty());
  EXPECT_TRUE(DropDamaged(job, plan, source->classes(), hooks_, &found, &error)) << error.text;
  EXPECT_EQ(found.complete, std::vector<bool>(plan.shards(), true));
}

// What looks at each shard of a pack asks at each whether to go on.
TEST_F(PackJobsTest, LookingAtAPackEndsWithTheOpening) {
  const int shards = static_cast<int>(MustPack(Job()).shards);
  ASSERT_GT(shards, 2);
  ShardPlan plan;
  JobError error;
  ASSERT_TRUE(PlanShards(*Source(), Job().shard_bytes, &plan, &error)) << error.text;
  for (int last = 1; last <= shards; ++last) {
    int steps = 0;
    OpenWatch watch([&](const JobProgress&) { return ++steps < last; }, OpenWatch::First::kAtOnce,
                    0);
    PackShards opened;
    EXPECT_FALSE(PackShards::Open(pack(), &opened, &error)) << last;
    EXPECT_EQ(error.code, Code::kStopped) << error.text;
  }
  int steps = 0;
  OpenWatch watch([&](const JobProgress&) { return ++steps < shards; }, OpenWatch::First::kAtOnce,
                  0);
  FoundPack found;
  PackJob job = Job();
  job.force = true;  // of other settings
  EXPECT_FALSE(FindComplete(job, plan, "other settings", {}, &found, &error));
  EXPECT_EQ(error.code, Code::kStopped) << error.text;
}

TEST_F(PackJobsTest, AShardOfAnotherPackIsNamed) {
  (void)MustPack(Job());
  PackJob other = Job();
  other.folder = temp_ / "other";
  other.packing.quality = 50;
  (void)MustPack(other);
  for (const char* end : {".tar", ".tar.hri"}) {
    std::filesystem::copy_file(temp_ / (std::string("other/000001") + end),
                               pack() + "/000001" + end,
                               std::filesystem::copy_options::overwrite_existing);
  }
  PackShards shards;
  JobError error;
  EXPECT_FALSE(PackShards::Open(pack(), &shards, &error));
  EXPECT_NE(error.text.find("belongs to another pack"), std::string::npos) << error.text;
}

TEST_F(PackJobsTest, AFileThatChangedSinceTheListingEndsTheJobWithItsName) {
  const auto source = Source();
  temp_.Write("data/odd/3.jpg", JpegOf(120, 90, 5));
  PackReport report;
  JobError error;
  EXPECT_FALSE(RunPack(*source, Job(), hooks_, &report, &error));
  EXPECT_EQ(error.code, Code::kFileChanged);
  EXPECT_NE(error.text.find("odd/3.jpg"), std::string::npos) << error.text;
  std::filesystem::remove(temp_ / "data/odd/3.jpg");
  EXPECT_FALSE(RunPack(*source, Job(), hooks_, &report, &error));
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_NE(error.text.find("odd/3.jpg"), std::string::npos) << error.text;
}

// A pack of one shard with these paths, whatever they are.
enum class Content { kOther, kSame };  // of one sample and the next

void MakePack(const std::string& folder, const std::vector<std::string>& paths,
              Content content = Content::kOther) {
  std::filesystem::create_directory(folder);
  std::optional<ShardWriter> writer;
  JobError error;
  ShardHeader header;
  header.set_samples = paths.size();
  header.classes = {"a"};
  ASSERT_TRUE(ShardWriter::Make(folder, 0, std::move(header), &writer, &error)) << error.text;
  codecs::PackedRecord record;
  record.bytes.assign(10, std::byte{1});
  record.extension = "jpg";
  record.copied = true;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (content == Content::kOther) record.bytes[9] = static_cast<std::byte>(i);
    ASSERT_TRUE(
        writer->Add({.id = i, .label = 0, .path = paths[i], .class_name = "a"}, record, &error))
        << error.text;
  }
  ASSERT_TRUE(writer->Finish(&error)) << error.text;
}

TEST_F(PackJobsTest, HostilePathsMakeNoFile) {
  const std::vector<std::vector<std::string>> hostile = {{"a/x.jpg", "/tmp/headrace-evil"},
                                                         {"a/x.jpg", "../evil"},
                                                         {"a/x.jpg", "a/../../evil"},
                                                         {"a/x.jpg", "a//evil"},
                                                         {"a/x.jpg", "a/x.jpg"},
                                                         {"a/x.jpg", "a/./x.jpg"},
                                                         {"a/x.jpg", std::string(300, 'e')}};
  for (size_t i = 0; i < hostile.size(); ++i) {
    const std::string from = temp_ / ("hostile" + std::to_string(i));
    const std::string to = temp_ / ("files" + std::to_string(i));
    MakePack(from, hostile[i]);
    UnpackReport report;
    JobError error;
    EXPECT_FALSE(RunUnpack({.pack = from, .folder = to}, hooks_, &report, &error)) << i;
    EXPECT_EQ(error.code, Code::kCorrupt) << error.text;
    EXPECT_FALSE(std::filesystem::exists(to)) << i;
  }
  EXPECT_FALSE(std::filesystem::exists(temp_ / "evil"));
}

// As a manifest may name a file twice.
TEST_F(PackJobsTest, OnePathWithTheSameBytesIsOneFile) {
  MakePack(pack(), {"a/x.jpg", "a/y.jpg", "a/x.jpg", "a/x.jpg"}, Content::kSame);
  UnpackReport report;
  JobError error;
  ASSERT_TRUE(RunUnpack({.pack = pack(), .folder = temp_ / "files"}, hooks_, &report, &error))
      << error.text;
  EXPECT_EQ(report.samples, 4u);
  EXPECT_EQ(report.as_stored, 2u);
  EXPECT_EQ(report.samples_kept, 2u);
  EXPECT_NE(Read(temp_ / "files/a/x.jpg"), "");
}

TEST_F(PackJobsTest, UnpackChecksRecords) {
  MakePack(pack(), {"a/x.jpg", "a/y.jpg"});
  std::string shard = Read(pack() + "/000000.tar");
  shard[512] ^= 1;
  Overwrite(pack() + "/000000.tar", shard);
  UnpackReport report;
  JobError error;
  EXPECT_FALSE(RunUnpack({.pack = pack(), .folder = temp_ / "files"}, hooks_, &report, &error));
  EXPECT_EQ(error.code, Code::kCorrupt);
  EXPECT_EQ(report.bad, 1u);
  EXPECT_EQ(report.as_stored, 1u);
  ASSERT_EQ(notes_.size(), 1u);
  EXPECT_EQ(notes_[0].id, 0);
  EXPECT_EQ(notes_[0].path, "a/x.jpg");
  EXPECT_EQ(notes_[0].offset, 512u);
  EXPECT_EQ(notes_[0].code, Code::kCorrupt);
  EXPECT_NE(Read(temp_ / "files/a/y.jpg"), "");
}

}  // namespace
}  // namespace headrace::loader
