// Fuzzes a shard's index: it is refused, or all that it says lies within the shard and reads back
// the same when it is written again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "loader/shards/shard_index.h"

namespace {

using headrace::Code;
using headrace::Result;
using headrace::Status;
using headrace::loader::ShardIndex;
using headrace::loader::ShardIndexWriter;
using headrace::loader::ShardRecord;

void Require(bool condition) {
  if (!condition) std::abort();
}

// All records with their names, or why not.
Status ReadAll(const ShardIndex& index, std::vector<ShardRecord>* records) {
  Status status = index.Walk([](uint64_t, const ShardRecord&) {});
  if (!status.ok()) return status;
  for (uint64_t i = 0; i < index.records(); ++i) {
    ShardRecord record;
    status = index.Read(i, &record);
    if (!status.ok()) return status;
    records->push_back(record);
  }
  return {};
}

bool Same(const ShardRecord& a, const ShardRecord& b) {
  return a.id == b.id && a.offset == b.offset && a.bytes == b.bytes && a.hash == b.hash &&
         a.label == b.label && a.width == b.width && a.height == b.height &&
         a.restarts_trusted == b.restarts_trusted && a.copied == b.copied && a.name == b.name;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Result<ShardIndex> index =
      ShardIndex::FromBytes(std::string(reinterpret_cast<const char*>(data), size));
  Require(index.status().code() != Code::kInternal);
  if (!index.ok()) return 0;
  std::string names;
  std::vector<uint32_t> ends;
  if (index->ReadNames(&names, &ends).ok()) {
    Require(ends.size() == index->records());
    for (const uint32_t end : ends) Require(end <= names.size());
  }
  std::vector<ShardRecord> records;
  const Status status = ReadAll(*index, &records);
  Require(status.code() != Code::kInternal);
  if (!status.ok()) return 0;
  ShardIndexWriter writer(index->header());
  for (const ShardRecord& record : records) {
    Require(record.offset <= index->header().tar_bytes &&
            record.bytes <= index->header().tar_bytes - record.offset);
    Require(record.label >= -1);
    writer.Add(record);
  }
  auto again = ShardIndex::FromBytes(writer.Finish());
  Require(again.ok());
  Require(again->header().classes == index->header().classes);
  Require(again->header().settings == index->header().settings);
  std::vector<ShardRecord> written;
  Require(ReadAll(*again, &written).ok() && written.size() == records.size());
  for (size_t i = 0; i < records.size(); ++i) Require(Same(records[i], written[i]));
  return 0;
}
