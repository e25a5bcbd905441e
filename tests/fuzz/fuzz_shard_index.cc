// Fuzzes a shard's index: it is refused, or all that it says lies within the shard and reads back
// the same when it is written again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "codecs/record_bands.h"
#include "loader/shards/shard_index.h"

namespace {

using headrace::Code;
using headrace::RectPx;
using headrace::Result;
using headrace::Status;
using headrace::codecs::RecordBands;
using headrace::codecs::RecordPart;
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

// Whatever is said of a record's rows, what is to be read of it lies within it.
void CheckPart(const RecordBands& bands, uint64_t record_bytes) {
  const uint32_t height = bands.height;
  for (const uint32_t y : {0u, height / 3, height}) {
    RecordPart part;
    const RectPx region = {0, y, 1, height / 3};
    if (!headrace::codecs::FindRecordPart(bands, record_bytes, region, &part)) continue;
    Require(part.head_bytes > 0 && part.head_bytes <= record_bytes);
    Require(part.begin < part.end && part.end <= record_bytes);
  }
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
  std::vector<RecordBands> bands;
  const bool has_bands = index->has_bands() && index->ReadBands(&bands).ok();
  Require(!has_bands || bands.size() == index->records());
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
    if (!has_bands) continue;
    const RecordBands& known = bands[writer.records() - 1];
    writer.all().back().bands = known;
    CheckPart(known, record.bytes);
  }
  auto again = ShardIndex::FromBytes(writer.Finish());
  Require(again.ok());
  Require(again->header().classes == index->header().classes);
  Require(again->header().settings == index->header().settings);
  std::vector<ShardRecord> written;
  Require(ReadAll(*again, &written).ok() && written.size() == records.size());
  for (size_t i = 0; i < records.size(); ++i) Require(Same(records[i], written[i]));
  std::vector<RecordBands> bands_again;
  if (again->has_bands()) {
    Require(again->ReadBands(&bands_again).ok() && bands_again.size() == records.size());
  }
  for (size_t i = 0; i < bands_again.size(); ++i) {
    Require(std::memcmp(&bands[i], &bands_again[i], sizeof(RecordBands)) == 0);
  }
  return 0;
}
