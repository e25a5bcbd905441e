// Scheduler: the threads of a loader, and what a worker does next.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "io/reader.h"
#include "loader/pipeline/batch_assembler.h"
#include "loader/pipeline/read_stage.h"
#include "loader/pipeline/sample_stage.h"
#include "loader/pipeline/shared.h"

namespace headrace::loader {

// What: one read thread and N workers; any worker takes the most downstream work that is ready, so
// a decode-heavy or a mix-heavy configuration balances by itself. Owner: the loader.
// Thread: Start and Stop from the one that opens and closes.
class Scheduler {
 public:
  Scheduler(PipelineShared* shared, io::Reader* reader);
  ~Scheduler();

  // Makes the workers' stages and starts all threads, with every signal blocked in them but the
  // ones that a fault raises. Fails with kSystem or kOutOfMemory, nothing left running.
  Status Start();
  // Ends the run and wakes everybody, the consumer too; does not wait. Any thread, any number of
  // times.
  void RequestStop();
  // RequestStop, then joins. False: a read is stuck in the kernel. Then its buffer, and if the read
  // thread itself hangs in it everything that it uses, must never be freed: this object included.
  [[nodiscard]] bool Stop();

 private:
  void Work(SampleStage* stage) noexcept;
  void Read() noexcept;

  PipelineShared& shared_;
  io::Reader& reader_;
  BatchAssembler assembler_;
  ReadStage read_stage_;
  std::vector<std::unique_ptr<SampleStage>> stages_;
  std::vector<std::thread> workers_;
  std::thread read_thread_;
  std::atomic<bool> drained_{false};
  std::atomic<bool> read_ended_{false};
  EventCount<> read_end_;  // read_ended_ is set
};

}  // namespace headrace::loader
