// What every reader must do, run on each of them.
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>

#include "base/clock.h"
#include "tests/unit/io/reader_under_test.h"
#include "tests/unit/io/temp_folder.h"

namespace headrace::io {
namespace {

constexpr size_t kMiB = size_t{1} << 20;
constexpr std::byte kGuard{0xA5};

class ReaderTest : public testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    const std::string why_not = WhyNot(GetParam());
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    MakeReader(32);
  }
  void MakeReader(uint32_t queue_len) {
    reader_ = MakeVariant(GetParam(), folder_.path(), queue_len);
    ASSERT_NE(reader_, nullptr);
  }

  // A whole file through a buffer of `buffer_bytes`; checks that nothing is written past it.
  ReadCompletion ReadWhole(const char* path, uint64_t expected, size_t buffer_bytes) {
    buffer_.assign(buffer_bytes + 64, kGuard);
    const ReadCompletion completion =
        ReadOne(*reader_, {.path = path,
                           .expected_bytes = expected,
                           .buffer = std::span<std::byte>(buffer_).first(buffer_bytes)});
    for (size_t i = buffer_bytes; i < buffer_.size(); ++i) {
      EXPECT_EQ(buffer_[i], kGuard) << "written " << i - buffer_bytes << " beyond the buffer";
    }
    return completion;
  }
  ReadCompletion ReadRange(const char* path, uint64_t offset, uint64_t bytes) {
    buffer_.assign(bytes, kGuard);
    return ReadOne(*reader_, {.path = path,
                              .offset = offset,
                              .expected_bytes = bytes,
                              .buffer = buffer_,
                              .whole_file = false});
  }
  ReadCompletion ReadOpen(int file, uint64_t offset, uint64_t bytes) {
    buffer_.assign(bytes, kGuard);
    return ReadOne(*reader_, {.file = file,
                              .offset = offset,
                              .expected_bytes = bytes,
                              .buffer = buffer_,
                              .whole_file = false});
  }
  void ExpectBytes(const ReadCompletion& completion, std::span<const std::byte> bytes) {
    EXPECT_EQ(completion.status.code(), Code::kOk) << completion.status.text();
    ASSERT_EQ(completion.bytes, bytes.size());
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), buffer_.begin()));
  }

  TempFolder folder_;
  std::vector<std::byte> buffer_;
  std::unique_ptr<Reader> reader_;
};

TEST_P(ReaderTest, DeliversFilesOfManySizes) {
  for (const size_t bytes : {size_t{1}, size_t{4095}, size_t{4096}, size_t{65537}, kMiB}) {
    const auto content = folder_.WriteRandom("file", bytes, bytes);
    ExpectBytes(ReadWhole("file", bytes, bytes + 1), content);
    ExpectBytes(ReadWhole("file", bytes, 2 * bytes + 100), content);
  }
}

TEST_P(ReaderTest, DeliversAnEmptyFile) {
  folder_.Write("empty", {});
  ExpectBytes(ReadWhole("empty", 0, 4096), {});
  ExpectBytes(ReadWhole("empty", 0, 0), {});
  ExpectBytes(ReadWhole("empty", 17, 4096), {});
}

TEST_P(ReaderTest, DeliversAFileThatJustFits) {
  const auto content = folder_.WriteRandom("file", 10'000, 1);
  ExpectBytes(ReadWhole("file", 10'000, 10'000), content);
}

TEST_P(ReaderTest, RefusesAFileOneByteTooLarge) {
  folder_.WriteRandom("file", 10'001, 1);
  EXPECT_EQ(ReadWhole("file", 10'000, 10'000).status.code(), Code::kLimitBytes);
  EXPECT_EQ(ReadWhole("file", 10'001, 10'000).status.code(), Code::kLimitBytes);
  EXPECT_EQ(ReadWhole("file", 10, 100).status.code(), Code::kLimitBytes);
  EXPECT_EQ(ReadWhole("file", 10'001, 0).status.code(), Code::kLimitBytes);
}

TEST_P(ReaderTest, DeliversAllOfAFileThatGrew) {
  const auto content = folder_.WriteRandom("file", 30'000, 2);
  ExpectBytes(ReadWhole("file", 20'000, 40'000), content);
}

TEST_P(ReaderTest, DeliversWhatIsLeftOfAFileThatShrank) {
  const auto content = folder_.WriteRandom("file", 10'000, 3);
  ExpectBytes(ReadWhole("file", 20'000, 40'000), content);
}

TEST_P(ReaderTest, ReadsRanges) {
  const auto content = folder_.WriteRandom("file", 100'000, 4);
  const std::span<const std::byte> all(content);
  ExpectBytes(ReadRange("file", 0, 100'000), all);
  ExpectBytes(ReadRange("file", 12'345, 54'321), all.subspan(12'345, 54'321));
  ExpectBytes(ReadRange("file", 99'999, 1), all.subspan(99'999));
  ExpectBytes(ReadRange("file", 5, 0), {});
  EXPECT_EQ(ReadRange("file", 99'999, 2).status.code(), Code::kTruncated);
  EXPECT_EQ(ReadRange("file", 200'000, 1).status.code(), Code::kTruncated);
}

TEST_P(ReaderTest, ReadsRangesOfAnOpenFileAndLeavesItOpen) {
  // It need not lie in the reader's folder, nor have a name.
  const TempFolder elsewhere;
  const auto content = elsewhere.WriteRandom("file", 100'000, 20);
  const std::span<const std::byte> all(content);
  const UniqueFd file(::open(elsewhere.At("file").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::unlink(elsewhere.At("file").c_str()), 0);
  for (int i = 0; i < 3; ++i) {
    ExpectBytes(ReadOpen(file.get(), 0, 100'000), all);
    ExpectBytes(ReadOpen(file.get(), 12'345, 54'321), all.subspan(12'345, 54'321));
    ExpectBytes(ReadOpen(file.get(), 99'999, 1), all.subspan(99'999));
    ExpectBytes(ReadOpen(file.get(), 5, 0), {});
    EXPECT_EQ(ReadOpen(file.get(), 99'999, 2).status.code(), Code::kTruncated);
    EXPECT_EQ(ReadOpen(file.get(), 200'000, 1).status.code(), Code::kTruncated);
  }
  EXPECT_EQ(::fcntl(file.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(reader_->in_flight(), 0u);
}

TEST_P(ReaderTest, RefusesImpossibleRangesOfAnOpenFile) {
  folder_.WriteRandom("file", 100, 21);
  const UniqueFd file(::open(folder_.At("file").c_str(), O_RDONLY | O_CLOEXEC));
  std::byte small[10];
  EXPECT_EQ(
      ReadOne(*reader_, {.file = file.get(), .expected_bytes = 10, .buffer = small}).status.code(),
      Code::kInvalidArgument);
  EXPECT_EQ(
      ReadOne(*reader_,
              {.file = file.get(), .expected_bytes = 11, .buffer = small, .whole_file = false})
          .status.code(),
      Code::kLimitBytes);
  EXPECT_EQ(ReadOpen(file.get(), UINT64_MAX - 3, 10).status.code(), Code::kInvalidArgument);
  const UniqueFd written(::open(folder_.At("file").c_str(), O_WRONLY | O_CLOEXEC));
  const ReadCompletion refused = ReadOpen(written.get(), 0, 10);
  EXPECT_EQ(refused.status.code(), Code::kIoError);
  EXPECT_EQ(refused.status.error_number(), EBADF);
  const UniqueFd directory(::open(folder_.path().c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(ReadOpen(directory.get(), 0, 10).status.code(), Code::kNotRegularFile);
}

TEST_P(ReaderTest, FilesAndRangesOfOpenFilesTakeTurnsInOneQueue) {
  const auto content = folder_.WriteRandom("file", 50'000, 22);
  const auto record = folder_.WriteRandom("records", 64'000, 23);
  const UniqueFd records(::open(folder_.At("records").c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<std::vector<std::byte>> buffers(32, std::vector<std::byte>(60'000));
  for (int round = 0; round < 10; ++round) {
    for (uint64_t tag = 0; tag < 32; ++tag) {
      ReadRequest request{.path = "file", .expected_bytes = 50'000, .buffer = buffers[tag]};
      if (tag % 2 == 1) {
        request = {.file = records.get(),
                   .offset = tag * 1'000,
                   .expected_bytes = 4'000,
                   .buffer = std::span(buffers[tag]).first(4'000),
                   .whole_file = false};
      }
      request.tag = tag;
      ASSERT_TRUE(reader_->Submit(request));
    }
    const auto completions = ReapByTag(*reader_, 32);
    for (uint64_t tag = 0; tag < 32; ++tag) {
      ASSERT_TRUE(completions[tag].status.ok()) << completions[tag].status.text();
      const std::span<const std::byte> expected =
          tag % 2 == 1 ? std::span(record).subspan(tag * 1'000, 4'000) : std::span(content);
      ASSERT_EQ(completions[tag].bytes, expected.size());
      ASSERT_TRUE(std::equal(expected.begin(), expected.end(), buffers[tag].begin()));
    }
  }
}

TEST_P(ReaderTest, DrainLeavesOpenFilesOpen) {
  const auto content = folder_.WriteRandom("file", 50'000, 24);
  const UniqueFd file(::open(folder_.At("file").c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<std::byte> buffer(50'000);
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(reader_->Submit(
        {.file = file.get(), .expected_bytes = 50'000, .buffer = buffer, .whole_file = false}));
    if (round % 2 == 1) (void)reader_->Reap({}, 0);
    ASSERT_TRUE(reader_->Drain(5'000'000'000));
    ASSERT_EQ(::fcntl(file.get(), F_GETFD), FD_CLOEXEC);
  }
  ExpectBytes(ReadOpen(file.get(), 0, 50'000), content);
}

TEST_P(ReaderTest, ReadsFromAnOffsetToTheEnd) {
  const auto content = folder_.WriteRandom("file", 5'000, 5);
  buffer_.assign(6'000, kGuard);
  const ReadCompletion completion = ReadOne(
      *reader_, {.path = "file", .offset = 1'000, .expected_bytes = 4'000, .buffer = buffer_});
  ExpectBytes(completion, std::span<const std::byte>(content).subspan(1'000));
}

TEST_P(ReaderTest, RefusesImpossibleRequests) {
  folder_.WriteRandom("file", 100, 6);
  std::byte small[10];
  EXPECT_EQ(ReadOne(*reader_,
                    {.path = "file", .expected_bytes = 11, .buffer = small, .whole_file = false})
                .status.code(),
            Code::kLimitBytes);
  EXPECT_EQ(
      ReadOne(*reader_, {.path = "file", .offset = UINT64_MAX - 3, .buffer = small}).status.code(),
      Code::kInvalidArgument);
  EXPECT_EQ(ReadOne(*reader_, {.path = nullptr, .buffer = small}).status.code(),
            Code::kInvalidArgument);
  EXPECT_EQ(ReadOne(*reader_, {.path = "", .buffer = small}).status.code(), Code::kNotFound);
}

TEST_P(ReaderTest, SaysThatAFileIsNotThere) {
  folder_.Write("file", {});
  const ReadCompletion missing = ReadWhole("missing", 10, 100);
  EXPECT_EQ(missing.status.code(), Code::kNotFound);
  EXPECT_EQ(missing.status.error_number(), ENOENT);
  EXPECT_EQ(ReadWhole("no/such/folder", 10, 100).status.code(), Code::kNotFound);
  EXPECT_EQ(ReadWhole("file/below", 10, 100).status.code(), Code::kNotFound);
  const std::string long_name(300, 'x');
  EXPECT_EQ(ReadWhole(long_name.c_str(), 10, 100).status.code(), Code::kNotFound);
}

TEST_P(ReaderTest, RefusesAllButRegularFiles) {
  std::filesystem::create_directory(folder_.At("directory"));
  EXPECT_EQ(ReadWhole("directory", 10, 100).status.code(), Code::kNotRegularFile);
  EXPECT_EQ(ReadRange("directory", 0, 10).status.code(), Code::kNotRegularFile);

  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  folder_.At("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(ReadWhole("socket", 10, 100).status.code(), Code::kNotRegularFile);
  ::close(socket);

  ASSERT_EQ(::symlink("loop", folder_.At("loop").c_str()), 0);
  EXPECT_EQ(ReadWhole("loop", 10, 100).status.code(), Code::kNotRegularFile);
}

TEST_P(ReaderTest, DoesNotWaitForAFifo) {
  ASSERT_EQ(::mkfifo(folder_.At("fifo").c_str(), 0600), 0);
  EXPECT_EQ(ReadWhole("fifo", 10, 100).status.code(), Code::kNotRegularFile);
  EXPECT_EQ(ReadRange("fifo", 0, 10).status.code(), Code::kNotRegularFile);

  // With a writer that says nothing a read would wait; with one that wrote it would find bytes.
  const UniqueFd both(::open(folder_.At("fifo").c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(ReadWhole("fifo", 10, 100).status.code(), Code::kNotRegularFile);
  ASSERT_EQ(::write(both.get(), "0123456789", 10), 10);
  EXPECT_EQ(ReadWhole("fifo", 10, 100).status.code(), Code::kNotRegularFile);
}

TEST_P(ReaderTest, RefusesDevices) {
  if (::mknod(folder_.At("zero").c_str(), S_IFCHR | 0600, makedev(1, 5)) != 0) {
    GTEST_SKIP() << "device nodes need privileges";
  }
  EXPECT_EQ(ReadWhole("zero", 10, 100).status.code(), Code::kNotRegularFile);
  EXPECT_EQ(ReadRange("zero", 0, 10).status.code(), Code::kNotRegularFile);
}

TEST_P(ReaderTest, SaysThatAFileMayNotBeOpened) {
  folder_.WriteRandom("file", 10, 7);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(folder_.At("file").c_str(), 0), 0);
  // Root may open everything, so it is somebody else for the moment.
  const bool was_root = ::geteuid() == 0;
  constexpr uid_t kNobody = 65534;
  if (was_root && ::seteuid(kNobody) != 0) GTEST_SKIP() << "cannot be anybody but root here";
  const ReadCompletion completion = ReadWhole("file", 10, 100);
  ASSERT_EQ(::seteuid(was_root ? 0 : ::geteuid()), 0);
  EXPECT_EQ(completion.status.code(), Code::kPermission);
  EXPECT_EQ(completion.status.error_number(), EACCES);
}

TEST_P(ReaderTest, FollowsLinksThatStayInTheFolder) {
  std::filesystem::create_directory(folder_.At("a"));
  const auto content = folder_.WriteRandom("a/file", 500, 8);
  ASSERT_EQ(::symlink("../a/file", folder_.At("a/link").c_str()), 0);
  ExpectBytes(ReadWhole("a/link", 500, 600), content);
}

TEST_P(ReaderTest, RefusesToLeaveTheFolder) {
  const TempFolder outside;
  outside.WriteRandom("file", 500, 9);
  ASSERT_EQ(::symlink(outside.At("file").c_str(), folder_.At("link").c_str()), 0);
  EXPECT_EQ(ReadWhole("link", 500, 600).status.code(), Code::kPermission);
  const std::string up = "../" + outside.path().substr(outside.path().rfind('/') + 1) + "/file";
  EXPECT_EQ(ReadWhole(up.c_str(), 500, 600).status.code(), Code::kPermission);
  EXPECT_EQ(ReadWhole(outside.At("file").c_str(), 500, 600).status.code(), Code::kPermission);
}

TEST_P(ReaderTest, I30_AShortReadIsNotTheEnd) {
  // Files of /proc come in pieces whatever is asked for, and say that their size is 0.
  reader_ = MakeVariant(GetParam(), "/proc", 8);
  ASSERT_NE(reader_, nullptr);
  std::ifstream file("/proc/kallsyms", std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  if (content.size() < 100'000) GTEST_SKIP() << "/proc/kallsyms is too small here";
  for (const uint64_t expected : {uint64_t{0}, uint64_t{content.size()}}) {
    const ReadCompletion completion = ReadWhole("kallsyms", expected, content.size() + 100);
    ExpectBytes(completion, std::as_bytes(std::span(content)));
  }
  ExpectBytes(ReadRange("kallsyms", 0, 50'000), std::as_bytes(std::span(content)).first(50'000));
  EXPECT_EQ(ReadWhole("kallsyms", 0, content.size() - 1).status.code(), Code::kLimitBytes);
  EXPECT_GT(reader_->stats().short_reads, 0u);
}

TEST_P(ReaderTest, RefusesMoreThanTheQueueHolds) {
  MakeReader(4);
  folder_.WriteRandom("file", 100, 10);
  std::vector<std::byte> buffers[4];
  size_t accepted = 0;
  for (auto& buffer : buffers) {
    buffer.resize(200);
    ASSERT_TRUE(reader_->Submit(
        {.path = "file", .expected_bytes = 100, .buffer = buffer, .tag = accepted}));
    EXPECT_EQ(reader_->in_flight(), ++accepted);
  }
  EXPECT_FALSE(reader_->Submit({.path = "file", .expected_bytes = 100, .buffer = buffers[0]}));
  ReapByTag(*reader_, 4);
  EXPECT_EQ(reader_->in_flight(), 0u);
  EXPECT_TRUE(reader_->Submit({.path = "file", .expected_bytes = 100, .buffer = buffers[0]}));
  ReapByTag(*reader_, 1);
}

TEST_P(ReaderTest, ReadsManyMoreFilesThanTheQueueHolds) {
  constexpr size_t kFiles = 40;
  constexpr size_t kReads = 1000;
  MakeReader(16);
  std::vector<std::vector<std::byte>> content;
  std::vector<std::string> names;
  for (size_t i = 0; i < kFiles; ++i) {
    names.push_back(std::to_string(i) + ".jpg");
    content.push_back(folder_.WriteRandom(names.back(), 500 * i, i));
  }
  std::vector<std::vector<std::byte>> lanes(16, std::vector<std::byte>(500 * kFiles));
  std::vector<size_t> file_of_lane(16);
  std::vector<size_t> free_lanes;
  for (size_t lane = 0; lane < lanes.size(); ++lane) free_lanes.push_back(lane);
  size_t submitted = 0;
  for (size_t reaped = 0; reaped < kReads;) {
    for (; submitted < kReads && !free_lanes.empty(); ++submitted) {
      const size_t lane = free_lanes.back();
      free_lanes.pop_back();
      const size_t file = (submitted * 7) % kFiles;
      file_of_lane[lane] = file;
      ASSERT_TRUE(reader_->Submit({.path = names[file].c_str(),
                                   .expected_bytes = content[file].size(),
                                   .buffer = lanes[lane],
                                   .tag = lane}));
    }
    ReadCompletion some[5];
    const size_t got = reader_->Reap(some, 5'000'000'000);
    ASSERT_GT(got, 0u);
    for (size_t i = 0; i < got; ++i, ++reaped) {
      const size_t lane = some[i].tag;
      const auto& expected = content[file_of_lane[lane]];
      ASSERT_TRUE(some[i].status.ok()) << some[i].status.text();
      ASSERT_EQ(some[i].bytes, expected.size());
      ASSERT_TRUE(std::equal(expected.begin(), expected.end(), lanes[lane].begin()));
      free_lanes.push_back(lane);
    }
  }
  const ReaderStats stats = reader_->stats();
  EXPECT_EQ(stats.requests, kReads);
  uint64_t bytes = 0;
  for (size_t i = 0; i < kReads; ++i) bytes += content[(i * 7) % kFiles].size();
  EXPECT_EQ(stats.bytes, bytes);
  EXPECT_GT(stats.system_calls, 0u);
}

TEST_P(ReaderTest, ReapReturnsAtOnceWhenNothingIsInFlight) {
  ReadCompletion one[1];
  EXPECT_EQ(reader_->Reap(one, -1), 0u);
  EXPECT_EQ(reader_->Reap(one, 0), 0u);
}

TEST_P(ReaderTest, ReapWithoutWaitingMakesProgress) {
  const auto content = folder_.WriteRandom("file", 100, 11);
  buffer_.resize(200);
  ASSERT_TRUE(reader_->Submit({.path = "file", .expected_bytes = 100, .buffer = buffer_}));
  ReadCompletion one[1];
  size_t got = 0;
  const int64_t give_up_ns = NowNs() + 10'000'000'000;
  while (got == 0 && NowNs() < give_up_ns) got = reader_->Reap(one, 0);
  ASSERT_EQ(got, 1u);
  ExpectBytes(one[0], content);
}

TEST_P(ReaderTest, AWakeBeforeReapIsNotLost) {
  folder_.WriteRandom("file", 100, 12);
  buffer_.resize(200);
  // However often, and whether or not something was waiting: requests still complete.
  for (int i = 0; i < 5; ++i) {
    reader_->Wake();
    reader_->Wake();
    EXPECT_TRUE(
        ReadOne(*reader_, {.path = "file", .expected_bytes = 100, .buffer = buffer_}).status.ok());
  }
}

TEST_P(ReaderTest, DrainForgetsWhatWasInFlight) {
  MakeReader(8);
  const auto content = folder_.WriteRandom("file", 50'000, 13);
  std::vector<std::vector<std::byte>> buffers(8, std::vector<std::byte>(60'000));
  EXPECT_TRUE(reader_->Drain(0));
  for (int round = 0; round < 20; ++round) {
    for (size_t i = 0; i < buffers.size(); ++i) {
      // Every second one goes the long way: its buffer just fits.
      const size_t room = i % 2 == 0 ? 60'000 : 50'000;
      ASSERT_TRUE(reader_->Submit({.path = "file",
                                   .expected_bytes = 50'000,
                                   .buffer = std::span(buffers[i]).first(room),
                                   .tag = i}));
    }
    ReadCompletion some[2];
    if (round % 3 != 0) (void)reader_->Reap(some, round % 3 == 1 ? 0 : 1'000'000);
    ASSERT_TRUE(reader_->Drain(5'000'000'000));
    ASSERT_EQ(reader_->in_flight(), 0u);
    ASSERT_EQ(reader_->Reap(some, -1), 0u);
  }
  ExpectBytes(ReadWhole("file", 50'000, 60'000), content);
}

TEST_P(ReaderTest, LeavesNoDescriptorOpen) {
  const auto open_descriptors = [] {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      count += entry.path().empty() ? 0 : 1;
    }
    return count;
  };
  reader_.reset();
  const size_t before = open_descriptors();
  MakeReader(8);
  folder_.WriteRandom("file", 1'000, 14);
  std::filesystem::create_directory(folder_.At("directory"));
  const size_t with_reader = open_descriptors();
  for (int i = 0; i < 3; ++i) {
    (void)ReadWhole("file", 1'000, 2'000);
    (void)ReadWhole("file", 1'000, 1'000);
    (void)ReadWhole("file", 1'000, 500);
    (void)ReadWhole("directory", 1'000, 2'000);
    (void)ReadWhole("missing", 1'000, 2'000);
    std::vector<std::byte> buffer(3'000);
    ASSERT_TRUE(reader_->Submit({.path = "file", .expected_bytes = 1'000, .buffer = buffer}));
    ASSERT_TRUE(reader_->Drain(5'000'000'000));
  }
  EXPECT_EQ(open_descriptors(), with_reader);
  reader_.reset();
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(ReaderTest, I32_AForkedChildLeavesTheParentUnharmed) {
  const auto content = folder_.WriteRandom("file", 1'000, 15);
  ExpectBytes(ReadWhole("file", 1'000, 2'000), content);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    reader_.reset();
    ::_exit(7);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << "status " << status;
  ExpectBytes(ReadWhole("file", 1'000, 2'000), content);
}

INSTANTIATE_TEST_SUITE_P(All, ReaderTest,
                         testing::Values(Variant::kPread, Variant::kUringChains,
                                         Variant::kUringLong),
                         [](const auto& test) { return VariantName(test.param); });

}  // namespace
}  // namespace headrace::io
