// Readers on a file system whose files misbehave (fault_fs.c).
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <latch>
#include <thread>

#include "base/clock.h"
#include "tests/unit/io/reader_under_test.h"
#include "tests/unit/io/temp_folder.h"

extern "C" char** environ;

namespace headrace::io {
namespace {

// The file system, mounted for a test.
class FaultFs {
 public:
  FaultFs() {
    std::filesystem::create_directory(folder_.At("source"));
    std::filesystem::create_directory(folder_.At("mount"));
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    from_server_.Reset(ends[0]);
    UniqueFd to_us(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, to_us.get(), STDOUT_FILENO);
    std::vector<std::string> words = {FAULT_FS_PROGRAM, "-f", folder_.At("mount")};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::string root = "FAULT_FS_ROOT=" + folder_.At("source");
    std::vector<char*> environment;
    for (char** variable = environ; *variable != nullptr; ++variable) {
      environment.push_back(*variable);
    }
    environment.push_back(root.data());
    environment.push_back(nullptr);
    if (::posix_spawn(&server_, FAULT_FS_PROGRAM, &actions, nullptr, arguments.data(),
                      environment.data()) != 0) {
      server_ = -1;
    }
    ::posix_spawn_file_actions_destroy(&actions);
    to_us.Reset();
    // End of file instead of the line: the server could not mount and is gone.
    mounted_ = server_ > 0 && ReadLine();
  }
  ~FaultFs() {
    ReleaseStuckReads();
    if (mounted_) {
      const std::string command = "fusermount3 -u -z '" + folder_.At("mount") + "'";
      EXPECT_EQ(std::system(command.c_str()), 0);
    }
    if (server_ > 0) {
      // A parked reader keeps its folder open, and with it the mount: the server has to be told.
      ::kill(server_, SIGTERM);
      ::waitpid(server_, nullptr, 0);
    }
  }
  FaultFs(const FaultFs&) = delete;
  FaultFs& operator=(const FaultFs&) = delete;

  bool mounted() const { return mounted_; }
  std::string mount() const { return folder_.At("mount"); }
  std::vector<std::byte> WriteRandom(const std::string& name, size_t bytes, uint64_t seed) const {
    return folder_.WriteRandom("source/" + name, bytes, seed);
  }
  // Whether a read of the stuck file has come to the server: from then on nothing cancels it.
  bool HasStuckRead() const {
    pollfd event{.fd = from_server_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&event, 1, 0) == 1;
  }
  void ReleaseStuckReads() const { (void)::access(folder_.At("mount/release").c_str(), F_OK); }

 private:
  // A line of the server; false when it is gone.
  bool ReadLine() {
    char c = 0;
    while (c != '\n') {
      if (::read(from_server_.get(), &c, 1) != 1) return false;
    }
    return true;
  }

  TempFolder folder_;
  UniqueFd from_server_;
  pid_t server_ = -1;
  bool mounted_ = false;
};

class ReaderFaultTest : public testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    const std::string why_not = WhyNot(GetParam());
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    if (!fs_.mounted()) GTEST_SKIP() << "FUSE cannot be used here";
    reader_ = MakeVariant(GetParam(), fs_.mount(), 8);
    ASSERT_NE(reader_, nullptr);
  }
  ReadCompletion ReadWhole(const char* path, uint64_t expected, size_t room) {
    buffer_.assign(room, std::byte{0});
    return ReadOne(*reader_, {.path = path, .expected_bytes = expected, .buffer = buffer_});
  }
  void ExpectBytes(const ReadCompletion& completion, const std::vector<std::byte>& bytes) {
    EXPECT_EQ(completion.status.code(), Code::kOk) << completion.status.text();
    ASSERT_EQ(completion.bytes, bytes.size());
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), buffer_.begin()));
  }

  FaultFs fs_;
  std::vector<std::byte> buffer_;
  std::unique_ptr<Reader> reader_;
};

TEST_P(ReaderFaultTest, I30_ResubmitsTheRestAfterAShortRead) {
  const auto content = fs_.WriteRandom("file.short", 12'345, 1);
  ExpectBytes(ReadWhole("file.short", 12'345, 20'000), content);
  EXPECT_GE(reader_->stats().short_reads, 12u);
  ExpectBytes(ReadWhole("file.short", 12'345, 12'345), content);
  // The first read gives exactly what was expected, and is not the end.
  ExpectBytes(ReadWhole("file.short", 5'000, 20'000), content);
  EXPECT_EQ(ReadWhole("file.short", 5'000, 12'344).status.code(), Code::kLimitBytes);
}

TEST_P(ReaderFaultTest, I30_ShortReadsOfAnOpenFileGoOn) {
  const auto content = fs_.WriteRandom("file.short", 12'345, 12);
  const UniqueFd file(::open((fs_.mount() + "/file.short").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(file.valid());
  const auto read = [&](uint64_t offset, uint64_t bytes) {
    buffer_.assign(bytes, std::byte{0});
    return ReadOne(*reader_, {.file = file.get(),
                              .offset = offset,
                              .expected_bytes = bytes,
                              .buffer = buffer_,
                              .whole_file = false});
  };
  ExpectBytes(read(0, 12'345), content);
  EXPECT_GE(reader_->stats().short_reads, 12u);
  ExpectBytes(read(345, 10'000), {content.begin() + 345, content.begin() + 10'345});
  EXPECT_EQ(read(345, 12'001).status.code(), Code::kTruncated);
}

TEST_P(ReaderFaultTest, AReadErrorOfAnOpenFileIsTheRequestsError) {
  fs_.WriteRandom("bad.eio", 100'000, 13);
  const UniqueFd file(::open((fs_.mount() + "/bad.eio").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(file.valid());
  buffer_.assign(100'000, std::byte{0});
  const ReadCompletion completion = ReadOne(
      *reader_,
      {.file = file.get(), .expected_bytes = 100'000, .buffer = buffer_, .whole_file = false});
  EXPECT_EQ(completion.status.code(), Code::kIoError);
  EXPECT_EQ(completion.status.error_number(), EIO);
  EXPECT_EQ(::fcntl(file.get(), F_GETFD), FD_CLOEXEC);
}

TEST_P(ReaderFaultTest, AReadErrorIsTheSamplesError) {
  const auto content = fs_.WriteRandom("good", 1'000, 2);
  fs_.WriteRandom("bad.eio", 100'000, 3);
  const ReadCompletion completion = ReadWhole("bad.eio", 100'000, 200'000);
  EXPECT_EQ(completion.status.code(), Code::kIoError);
  EXPECT_EQ(completion.status.error_number(), EIO);
  ExpectBytes(ReadWhole("good", 1'000, 2'000), content);
}

TEST_P(ReaderFaultTest, AnOpenErrorIsTheSamplesError) {
  fs_.WriteRandom("file.eacces", 1'000, 4);
  EXPECT_EQ(ReadWhole("file.eacces", 1'000, 2'000).status.code(), Code::kPermission);
}

TEST_P(ReaderFaultTest, DeliversAFileThatClaimsMoreThanItHas) {
  const auto content = fs_.WriteRandom("file.lie", 1'000, 5);
  ExpectBytes(ReadWhole("file.lie", 2'000, 3'000), content);
}

TEST_P(ReaderFaultTest, AStuckReadHoldsNobodyElse) {
  if (GetParam() == Variant::kPread) GTEST_SKIP() << "pread reads one file after the other";
  const auto content = fs_.WriteRandom("good", 1'000, 6);
  const auto late = fs_.WriteRandom("file.stuck", 1'000, 7);
  std::vector<std::byte> stuck(2'000);
  ASSERT_TRUE(
      reader_->Submit({.path = "file.stuck", .expected_bytes = 1'000, .buffer = stuck, .tag = 1}));
  buffer_.assign(2'000, std::byte{0});
  ASSERT_TRUE(
      reader_->Submit({.path = "good", .expected_bytes = 1'000, .buffer = buffer_, .tag = 0}));
  ReadCompletion two[2];
  ASSERT_EQ(reader_->Reap(two, -1), 1u);
  EXPECT_EQ(two[0].tag, 0u);
  ExpectBytes(two[0], content);

  // The time limit holds.
  EXPECT_EQ(reader_->Reap(two, 1'000'000), 0u);
  EXPECT_EQ(reader_->in_flight(), 1u);

  // Wake ends a wait without end, each time; the test hangs if it does not.
  for (int i = 0; i < 3; ++i) {
    std::thread waker([this] { reader_->Wake(); });
    EXPECT_EQ(reader_->Reap(two, -1), 0u);
    waker.join();
  }

  fs_.ReleaseStuckReads();
  ASSERT_EQ(reader_->Reap(two, -1), 1u);
  EXPECT_EQ(two[0].tag, 1u);
  ASSERT_TRUE(two[0].status.ok()) << two[0].status.text();
  EXPECT_TRUE(std::equal(late.begin(), late.end(), stuck.begin()));
}

TEST_P(ReaderFaultTest, I12_AStuckReadOutlivesItsReader) {
  if (GetParam() == Variant::kPread) GTEST_SKIP() << "a stuck pread holds its thread";
  const auto content = fs_.WriteRandom("file.stuck", 1'000, 8);
  constexpr std::byte kEmpty{0x11};
  std::vector<std::byte> stuck(2'000, kEmpty);
  ASSERT_TRUE(reader_->Submit({.path = "file.stuck", .expected_bytes = 1'000, .buffer = stuck}));
  ReadCompletion one[1];
  while (!fs_.HasStuckRead()) ASSERT_EQ(reader_->Reap(one, 1'000'000), 0u);
  const int64_t start_ns = NowNs();
  ASSERT_FALSE(reader_->Drain(20'000'000));
  EXPECT_LT(NowNs() - start_ns, 5'000'000'000);
  EXPECT_EQ(reader_->in_flight(), 1u);
  EXPECT_FALSE(reader_->Submit({.path = "good", .buffer = stuck}));
  EXPECT_EQ(reader_->Reap(one, -1), 0u);
  reader_.reset();

  // The kernel still holds the buffer: it is written when the server wakes up at last, or left
  // alone if the cancel reached the read in time. The address sanitizer sees any other write.
  fs_.ReleaseStuckReads();
  const int64_t give_up_ns = NowNs() + 2'000'000'000;
  while (std::atomic_ref<std::byte>(stuck[999]).load() == kEmpty && NowNs() < give_up_ns) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(std::equal(content.begin(), content.end(), stuck.begin()));
}

TEST_P(ReaderFaultTest, DrainSucceedsOnceTheReadIsFree) {
  if (GetParam() == Variant::kPread) GTEST_SKIP() << "a stuck pread holds its thread";
  fs_.WriteRandom("file.stuck", 1'000, 9);
  std::vector<std::byte> stuck(2'000);
  ASSERT_TRUE(reader_->Submit({.path = "file.stuck", .expected_bytes = 1'000, .buffer = stuck}));
  ReadCompletion one[1];
  while (!fs_.HasStuckRead()) ASSERT_EQ(reader_->Reap(one, 1'000'000), 0u);
  ASSERT_FALSE(reader_->Drain(0));
  fs_.ReleaseStuckReads();
  EXPECT_TRUE(reader_->Drain(10'000'000'000));
  EXPECT_EQ(reader_->in_flight(), 0u);
}

TEST_P(ReaderFaultTest, AnotherThreadMayDrainWhenTheReadingThreadIsGone) {
  if (GetParam() == Variant::kPread) GTEST_SKIP() << "a stuck pread holds its thread";
  fs_.WriteRandom("file.stuck", 1'000, 10);
  std::vector<std::byte> stuck(2'000);
  std::thread reading([&] {
    EXPECT_TRUE(reader_->Submit({.path = "file.stuck", .expected_bytes = 1'000, .buffer = stuck}));
    ReadCompletion one[1];
    while (!fs_.HasStuckRead()) EXPECT_EQ(reader_->Reap(one, 1'000'000), 0u);
  });
  reading.join();
  fs_.ReleaseStuckReads();
  EXPECT_TRUE(reader_->Drain(10'000'000'000));
}

TEST_P(ReaderFaultTest, AnotherThreadMayDrainWhileTheReadingThreadSleeps) {
  if (GetParam() == Variant::kPread) GTEST_SKIP() << "a stuck pread holds its thread";
  fs_.WriteRandom("file.stuck", 1'000, 11);
  std::vector<std::byte> stuck(2'000);
  std::latch submitted(1);
  std::latch drained(1);
  std::thread reading([&] {
    EXPECT_TRUE(reader_->Submit({.path = "file.stuck", .expected_bytes = 1'000, .buffer = stuck}));
    ReadCompletion one[1];
    EXPECT_EQ(reader_->Reap(one, 1'000'000), 0u);
    submitted.count_down();
    drained.wait();
  });
  submitted.wait();
  fs_.ReleaseStuckReads();
  EXPECT_TRUE(reader_->Drain(10'000'000'000));
  drained.count_down();
  reading.join();
}

INSTANTIATE_TEST_SUITE_P(All, ReaderFaultTest,
                         testing::Values(Variant::kPread, Variant::kUringChains,
                                         Variant::kUringLong),
                         [](const auto& test) { return VariantName(test.param); });

}  // namespace
}  // namespace headrace::io
