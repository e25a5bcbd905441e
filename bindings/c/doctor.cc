#include "bindings/c/doctor.h"

#include <headrace.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "bindings/c/json_text.h"
#include "io/make_reader.h"
#include "loader/plan.h"
#include "simd/target.h"

namespace headrace::capi {
namespace {

std::string FirstLineOf(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string ReaderInUse() {
  const auto made = io::MakeReader("/", {});
  return made.ok() ? made.value().why : made.status().text();
}

}  // namespace

std::string DoctorJson() {
  std::string json = "{";
  AddMember(&json, "version", Quoted(hr_version()));
  utsname kernel;
  if (uname(&kernel) == 0) {
    AddMember(&json, "kernel", Quoted(std::string(kernel.sysname) + " " + kernel.release));
    AddMember(&json, "machine", Quoted(kernel.machine));
  }
  AddMember(&json, "cpus_allowed", std::to_string(loader::AllowedCpus()));
  AddMember(&json, "reader", Quoted(ReaderInUse()));
  AddMember(&json, "io_uring", Quoted(io::DescribeUring()));
  std::string targets = "[";
  for (const std::string& name : simd::SupportedTargets()) {
    targets += (targets.size() > 1 ? ", " : "") + Quoted(name);
  }
  AddMember(&json, "simd_targets", targets + "]");
  AddMember(&json, "simd_target", Quoted(simd::CurrentTarget()));
  rlimit limit;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
    AddMember(&json, "memlock_bytes",
              limit.rlim_cur == RLIM_INFINITY ? "-1" : std::to_string(limit.rlim_cur));
    AddMember(&json, "memlock_why",
              Quoted(geteuid() == 0
                         ? "root: the limit does not bind"
                         : "pin = \"lock\" needs a limit of the batch buffers' size (ulimit -l)"));
  }
  AddMember(&json, "huge_pages",
            Quoted(FirstLineOf("/sys/kernel/mm/transparent_hugepage/enabled")));
  AddMember(&json, "cuda", "false");
  AddMember(&json, "cuda_why", Quoted("pin = \"cuda\" is not in this version"));
  return json + "}";
}

}  // namespace headrace::capi
