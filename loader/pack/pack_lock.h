// PackLock: one job at a time in a pack's folder, be it one process or the ranks of one run.
#pragma once

#include <cstdint>
#include <string>

#include "base/log.h"
#include "io/file.h"
#include "loader/job.h"

namespace headrace::loader {

// What: a file in the folder of which each process of a job locks the byte of its rank, and all of
// them share the byte of their number: a job with another number of ranks, or a second one with the
// same, finds a byte taken. The locks go with the process however it ends; the last one to leave
// takes the file away.
// Owner, thread: the job's. Cost: system calls at both ends.
class PackLock {
 public:
  PackLock() = default;
  ~PackLock();
  PackLock(const PackLock&) = delete;
  PackLock& operator=(const PackLock&) = delete;

  // Where the file system has no locks, `log` is told and the job goes on.
  [[nodiscard]] bool Take(const std::string& folder, uint32_t rank, uint32_t world_size,
                          const LogSink& log, JobError* error);

  static constexpr const char* kFileName = ".headrace-pack.lock";

 private:
  std::string path_;
  io::UniqueFd file_;
};

}  // namespace headrace::loader
