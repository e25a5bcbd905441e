#include "bindings/c/doctor.h"

#include <headrace.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "io/make_reader.h"
#include "loader/plan.h"
#include "simd/target.h"

namespace headrace::capi {
namespace {

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      char escaped[8];
      snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string FirstLineOf(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

void Add(std::string* json, const char* key, const std::string& value) {
  if (json->size() > 1) *json += ", ";
  *json += Quoted(key) + ": " + value;
}

std::string ReaderInUse() {
  const auto made = io::MakeReader("/", {});
  return made.ok() ? made.value().why : made.status().text();
}

}  // namespace

std::string DoctorJson() {
  std::string json = "{";
  Add(&json, "version", Quoted(hr_version()));
  utsname kernel;
  if (uname(&kernel) == 0) {
    Add(&json, "kernel", Quoted(std::string(kernel.sysname) + " " + kernel.release));
    Add(&json, "machine", Quoted(kernel.machine));
  }
  Add(&json, "cpus_allowed", std::to_string(loader::AllowedCpus()));
  Add(&json, "reader", Quoted(ReaderInUse()));
  Add(&json, "io_uring", Quoted(io::DescribeUring()));
  std::string targets = "[";
  for (const std::string& name : simd::SupportedTargets()) {
    targets += (targets.size() > 1 ? ", " : "") + Quoted(name);
  }
  Add(&json, "simd_targets", targets + "]");
  Add(&json, "simd_target", Quoted(simd::CurrentTarget()));
  rlimit limit;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
    Add(&json, "memlock_bytes",
        limit.rlim_cur == RLIM_INFINITY ? "-1" : std::to_string(limit.rlim_cur));
    Add(&json, "memlock_why",
        Quoted(geteuid() == 0
                   ? "root: the limit does not bind"
                   : "pin = \"lock\" needs a limit of the batch buffers' size (ulimit -l)"));
  }
  Add(&json, "huge_pages", Quoted(FirstLineOf("/sys/kernel/mm/transparent_hugepage/enabled")));
  Add(&json, "cuda", "false");
  Add(&json, "cuda_why", Quoted("pin = \"cuda\" is not in this version"));
  return json + "}";
}

}  // namespace headrace::capi
