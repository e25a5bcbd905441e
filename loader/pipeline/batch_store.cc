#include "loader/pipeline/batch_store.h"

#include <unistd.h>

#include <cstring>
#include <new>

namespace headrace::loader {

BatchStore::BatchStore(const Options& options, EventCount<>* freed)
    : options_(options),
      layout_(LayOutBatch(options.shape, options.soft_labels)),
      owner_(getpid()),
      buffers_(options.count_max),
      free_(options.count_max),
      freed_(freed) {
  // The pool starts with every index; those of buffers that are not made yet are kept out.
  uint32_t index = 0;
  while (free_.TryAcquire(&index)) {
  }
}

Result<BatchStore*> BatchStore::Make(const Options& options, EventCount<>* freed) {
  struct Closer {
    void operator()(BatchStore* store) const { store->Close(); }
  };
  std::unique_ptr<BatchStore, Closer> store(new (std::nothrow) BatchStore(options, freed));
  if (!store) return Status(Code::kOutOfMemory, "no memory for the batch buffers");
  for (uint32_t i = 0; i < options.count; ++i) HR_TRY(store->MakeBuffer(i));
  HR_TRY(store->PinAll());
  // Highest first, so that the pool, a stack, begins with buffer 0.
  for (uint32_t i = options.count; i-- > 0;) store->free_.Release(i);
  return store.release();
}

Status BatchStore::MakeBuffer(uint32_t index) {
  HR_ASSIGN_OR_RETURN(HostMemory memory,
                      HostMemory::MakeBatchBuffer(layout_.bytes, options_.allocator));
  auto buffer = std::make_unique<BatchBuffer>();
  buffer->store = this;
  buffer->index = index;
  std::byte* base = memory.data();
  buffer->memory = std::move(memory);
  buffer->images = base;
  buffer->labels = reinterpret_cast<int64_t*>(base + layout_.labels);
  buffer->ids = reinterpret_cast<int64_t*>(base + layout_.ids);
  if (options_.soft_labels) buffer->soft = reinterpret_cast<float*>(base + layout_.soft);
  buffer->lambda = reinterpret_cast<float*>(base + layout_.lambda);
  buffer->partner = reinterpret_cast<int32_t*>(base + layout_.partner);
  buffer->valid = reinterpret_cast<uint8_t*>(base + layout_.valid);
  if (options_.shape.keep_u8) buffer->pixels = reinterpret_cast<uint8_t*>(base + layout_.pixels);
  options_.mixer->Prepare(&buffer->mix);
  if (options_.has_targets) {
    buffer->targets.Prepare(options_.shape.batch_size,
                            {options_.shape.width, options_.shape.height});
  }
  buffer->bad.resize(BadSamples::RecordsMax(options_.shape.batch_size));
  buffers_[index] = std::move(buffer);
  MutexLock lock(mutex_);
  ++made_;
  return {};
}

Status BatchStore::PinAll() {
  if (options_.pin == Pin::kNone) {
    pin_text_ = "none: as configured";
    return {};
  }
  if (options_.pin == Pin::kAuto && options_.allocator.allocate != nullptr) {
    pin_text_ = "none: the caller's allocator made the buffers";
    return {};
  }
  // Locked pages cannot be given back: not more than half of the machine's, unless asked for.
  if (options_.pin == Pin::kAuto && options_.count * layout_.bytes > MachineBytes() / 2) {
    pin_text_ = "none: the batch buffers are more than half of the machine's memory";
    return {};
  }
  for (const auto& buffer : buffers_) {
    if (!buffer) break;
    const Status status = buffer->memory.Lock();
    if (status.ok()) continue;
    if (options_.pin == Pin::kLock) return status;
    for (const auto& made : buffers_) {
      if (made) made->memory.Unlock();
    }
    pin_text_ = "none: the memlock limit (ulimit -l) is too low";
    return {};
  }
  pin_text_ = "lock: mlock";
  return {};
}

void BatchStore::ClearSample(const BatchBuffer& buffer, uint32_t row) const {
  for (uint32_t view = 0; view < options_.shape.views; ++view) {
    std::memset(SampleAt(buffer, view, row), 0, options_.shape.sample_bytes());
  }
  if (buffer.pixels != nullptr) {
    std::memset(PixelsAt(buffer, row), 0, options_.shape.sample_elements());
  }
}

void BatchStore::Return(uint32_t index) {
  free_.Release(index);
  MutexLock lock(mutex_);
  if (freed_ != nullptr) freed_->NotifyAll();
}

void BatchStore::Lease(BatchBuffer* buffer) {
  buffer->leases.store(1, std::memory_order_relaxed);
  MutexLock lock(mutex_);
  buffer->leased = true;
  ++leased_;
}

void BatchStore::AddLease(BatchBuffer* buffer) {
  // The caller holds a lease, so the count cannot reach zero meanwhile.
  buffer->leases.fetch_add(1, std::memory_order_relaxed);
}

void BatchStore::Release(BatchBuffer* buffer) {
  if (buffer->store->owner_ != getpid()) return;
  // acq_rel: the last release sees what the other holders did with the memory.
  if (buffer->leases.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    buffer->store->ReleaseLast(buffer);
  }
}

void BatchStore::ReleaseLast(BatchBuffer* buffer) {
  bool last = false;
  std::unique_ptr<BatchBuffer> dead;  // freed outside the lock: the user's function may be called
  {
    MutexLock lock(mutex_);
    --leased_;
    buffer->leased = false;
    if (!closed_) {
      free_.Release(buffer->index);
      freed_->NotifyAll();
      return;
    }
    dead = std::move(buffers_[buffer->index]);
    last = leased_ == 0;
  }
  dead.reset();
  if (last) delete this;
}

BatchStore::Grown BatchStore::GrowIfAllLeased() {
  uint32_t index = 0;
  {
    MutexLock lock(mutex_);
    if (leased_ < made_) return Grown::kNotNeeded;
    if (made_ == options_.count_max) return Grown::kNoRoom;
    index = made_;
  }
  if (!MakeBuffer(index).ok()) return Grown::kNoRoom;
  if (pin_text_.starts_with("lock")) (void)buffers_[index]->memory.Lock();
  Return(index);
  return Grown::kGrew;
}

std::unique_ptr<BatchBuffer> BatchStore::TakeUnleased() {
  MutexLock lock(mutex_);
  for (auto& buffer : buffers_) {
    if (buffer && !buffer->leased) return std::move(buffer);
  }
  return nullptr;
}

void BatchStore::Close() {
  SetConsumer(nullptr);
  {
    MutexLock lock(mutex_);
    closed_ = true;
    freed_ = nullptr;
    ++leased_;  // ours, until all that is not leased is freed
  }
  while (TakeUnleased()) {  // freed outside the lock: the user's function may be called
  }
  bool last = false;
  {
    MutexLock lock(mutex_);
    last = --leased_ == 0;
  }
  if (last) delete this;
}

}  // namespace headrace::loader
