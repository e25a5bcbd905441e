#include "loader/pack/pack_proof.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <span>

#include "io/file.h"
#include "io/tar.h"
#include "loader/pack/pack_members.h"
#include "loader/shards/sample_facts.h"
#include "loader/shards/shard_scan.h"

namespace headrace::loader {

bool BeginsAsPack(const std::string& path) {
  const io::UniqueFd file(::open(path.c_str(), io::kSampleOpenFlags | O_CLOEXEC));
  struct stat info {};
  if (!file.valid() || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  io::TarReader reader(file.get(), static_cast<uint64_t>(info.st_size));
  std::array<io::TarMember, 3> members;
  for (io::TarMember& member : members) {
    bool found = false;
    if (!reader.Next(&member, &found).ok() || !found) return false;
  }
  const auto& [picture, label, text] = members;
  if (text.bytes > kJsonBytesMax) return false;
  std::string json(text.bytes, '\0');
  SampleFacts facts;
  if (!reader.Read(text.offset, std::as_writable_bytes(std::span(json))).ok() ||
      !ReadFactsJson(json, &facts).ok() || !facts.from_pack()) {
    return false;
  }
  return IsPictureName(picture.name) && picture.name.starts_with(MemberName(*facts.id, "")) &&
         label.name == MemberName(*facts.id, kLabelExtension) &&
         text.name == MemberName(*facts.id, kTextExtension);
}

}  // namespace headrace::loader
