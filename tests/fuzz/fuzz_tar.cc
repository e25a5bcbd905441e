// Fuzzes tar archives: whatever they are made of, members lie inside the archive and behind each
// other, and what a shard's scan makes of them is an index that can be read. What was read can be
// written and reads back the same.
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "io/file.h"
#include "io/tar.h"
#include "loader/shards/shard_scan.h"

namespace {

using headrace::Code;
using headrace::Status;
using headrace::io::TarMember;
using headrace::io::TarReader;
using headrace::loader::ConfigError;
using headrace::loader::ShardIndex;
using headrace::loader::ShardIndexWriter;
using headrace::loader::ShardRecord;

void Require(bool condition) {
  if (!condition) std::abort();
}

// The archive in a file that is kept from run to run.
int FileOf(const void* data, size_t size) {
  static const int file = ::memfd_create("archive", MFD_CLOEXEC);
  Require(file >= 0 && ::ftruncate(file, 0) == 0);
  Require(::pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  return file;
}

std::vector<TarMember> Members(int file, uint64_t size, Status* status) {
  TarReader reader(file, size);
  std::vector<TarMember> members;
  uint64_t end = 0;
  for (;;) {
    TarMember member;
    bool found = false;
    *status = reader.Next(&member, &found);
    Require(!found || status->ok());
    Require(status->code() != Code::kInternal);
    if (!found) return members;
    Require(member.offset >= end + 512 && member.offset <= size);
    Require(member.bytes <= size - member.offset);
    Require(member.name.size() <= TarReader::kNameBytesMax && !member.name.starts_with("./"));
    Require(member.name.find('\0') == std::string::npos);
    end = member.offset + member.bytes;
    std::byte last{};
    if (member.bytes > 0) Require(reader.Read(end - 1, {&last, 1}).ok());
    members.push_back(member);
  }
}

void CheckWritten(const std::vector<TarMember>& members) {
  std::string archive;
  for (const TarMember& member : members) {
    headrace::io::AppendTarHeader(member.name, member.bytes, &archive);
    archive.append(member.bytes + headrace::io::TarPaddingBytes(member.bytes), 'x');
  }
  archive.append(headrace::io::kTarEndBytes, '\0');
  Status status;
  const auto again = Members(FileOf(archive.data(), archive.size()), archive.size(), &status);
  Require(status.ok());
  size_t i = 0;
  for (const TarMember& member : members) {
    // A name that says folder, or none, is no file's.
    if (member.name.empty() || member.name.ends_with('/')) return;
    Require(i < again.size() && again[i].name == member.name && again[i].bytes == member.bytes);
    ++i;
  }
  Require(i == again.size());
}

void CheckScan(int file, uint64_t size) {
  std::atomic<uint64_t> done{0};
  const std::atomic<bool> stop{false};
  ShardIndexWriter writer({});
  headrace::loader::ShardScanCounts counts;
  ConfigError error;
  const bool good = headrace::loader::ScanShard(file, size, 1, "fuzz.tar", &done, &stop, &writer,
                                                &counts, &error);
  Require(good == (error.code == Code::kOk));
  Require(error.code != Code::kInternal);
  for (const char c : error.text) Require(static_cast<unsigned char>(c) >= 32 && c != 127);
  if (!good) return;
  auto index = ShardIndex::FromBytes(writer.Finish());
  Require(index.ok() && index->records() == writer.records());
  Require(index->Walk([](uint64_t, const ShardRecord&) {}).ok());
  std::string names;
  std::vector<uint32_t> ends;
  Require(index->ReadNames(&names, &ends).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1 << 20) return 0;
  const int file = FileOf(data, size);
  CheckScan(file, size);
  Status status;
  const std::vector<TarMember> members = Members(file, size, &status);
  CheckWritten(members);
  return 0;
}
