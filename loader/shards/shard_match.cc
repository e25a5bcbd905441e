#include "loader/shards/shard_match.h"

#include <array>
#include <cstddef>
#include <string_view>

#include "io/tar.h"
#include "io/whole.h"
#include "loader/pack/pack_members.h"
#include "loader/shards/shard_scan.h"

namespace headrace::loader {
namespace {

// A size that does not fit a header's eleven octal digits stands elsewhere.
constexpr uint64_t kHeaderSizeMax = (uint64_t{1} << 33) - 1;

bool IsHeaderOf(int file, const ShardIndex& index, const ShardRecord& record) {
  std::array<std::byte, io::kTarBlockBytes> block;
  io::TarMember member;
  if (record.offset < block.size() || !io::ReadAt(file, block, record.offset - block.size()).ok() ||
      !io::ParseTarHeader(block, &member).ok()) {
    return false;
  }
  if (record.bytes <= kHeaderSizeMax && member.bytes != record.bytes) return false;
  // An index that was made anew may be of a pack whose members somebody has named anew.
  return index.header().from_pack ||
         (IsPictureName(member.name) && member.name.starts_with(MemberName(record.id, "")));
}

}  // namespace

Status CheckRecords(int file, const ShardIndex& index) {
  if (index.records() == 0) return {};
  for (const uint64_t number : {uint64_t{0}, index.records() - 1}) {
    ShardRecord record;
    HR_TRY(index.Read(number, &record));
    if (!IsHeaderOf(file, index, record)) {
      return {Code::kFileChanged, "was made for another shard of the same size"};
    }
  }
  return {};
}

}  // namespace headrace::loader
