#include "codecs/jpeg_entropy.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"

namespace headrace::codecs {
namespace {

uint64_t LoadBigEndian(const uint8_t* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  return word;
}

// After so many it is looked whether the data have ended.
constexpr uint32_t kMcusAtOnce = 256;

// Bytes that a decoder with a window of 64 bits may have read ahead, stuffing included, and more.
constexpr ptrdiff_t kLookAheadBytes = 64;

}  // namespace

// ------------------------------------------------------------------ the inner loops

// One code of `length` bits or more, when the lookup does not have it.
struct LongCode {
  uint32_t length = 0;  // 0: no code begins like this
  uint8_t symbol = 0;
};
LongCode FindLongCode(const JpegLongCodes& codes, uint32_t length, uint64_t window) {
  const uint32_t ahead = static_cast<uint32_t>(window >> 48);
  for (; length <= 16; ++length) {
    if (ahead >= codes.end[length]) continue;
    const int32_t number = static_cast<int32_t>(ahead >> (16 - length)) + codes.offset[length];
    return {length, codes.symbols[static_cast<uint32_t>(number) & 255]};
  }
  return {};
}

// `count` value bits at the top of the window; 0 for none.
[[gnu::always_inline]] inline int32_t ValueBits(uint64_t window, uint32_t count) {
  const int64_t bits = static_cast<int64_t>(window >> 1 >> (63 - count));
  // All ones if the first bit is 0, that is for a negative value.
  const int64_t negative = ~(static_cast<int64_t>(window) >> 63);
  return static_cast<int32_t>(bits + (negative & (1 - (int64_t{1} << count))));
}

// The loops below, for one decoder or two. Their state lives in registers.
struct JpegEntropyRun {
  static constexpr uint32_t kEnded = ~0u;

  // One decoder at work on a run of MCUs.
  struct Lane {
    JpegEntropyDecoder* decoder;
    const JpegCoefficients* out;  // null: nothing is stored
    uint64_t window;
    uint32_t bits;
    const uint8_t* next;
    const uint8_t* fast_end;
    // The block at hand.
    const JpegAcTable* table;
    int16_t* to;
    uint32_t k;  // of its last coefficient
    uint32_t number;
    uint32_t block;  // of the MCU
    uint32_t mcu;    // of those to decode
    uint32_t mcus;   // where the run ends
    uint32_t run;    // MCUs of it; 0: all runs have ended well
    uint32_t left;   // behind it
    uint32_t too_large;
    bool ok;
  };

  [[gnu::always_inline]] static inline void Fill(Lane& lane) {
    if (lane.next < lane.fast_end) [[likely]] {
      // Whole bytes are counted; of the next one some bits are in the window already, and the next
      // fill puts the same bits there again.
      lane.window |= LoadBigEndian(lane.next) >> lane.bits;
      lane.next += (63 - lane.bits) >> 3;
      lane.bits |= 56;
      return;
    }
    Save(lane);
    lane.decoder->FillSlowly();
    Restore(lane);
  }
  [[gnu::always_inline]] static inline void Save(const Lane& lane) {
    lane.decoder->window_ = lane.window;
    lane.decoder->bits_ = lane.bits;
    lane.decoder->next_ = lane.next;
  }
  [[gnu::always_inline]] static inline void Restore(Lane& lane) {
    lane.window = lane.decoder->window_;
    lane.bits = lane.decoder->bits_;
    lane.next = lane.decoder->next_;
    lane.fast_end = lane.decoder->fast_end_;
  }
  [[gnu::always_inline]] static inline void Consume(Lane& lane, uint32_t count) {
    lane.window <<= count;
    lane.bits -= count;
  }

  // The difference of a DC value; the window has at least 27 bits. False: give up.
  [[gnu::always_inline]] static inline bool Dc(const JpegDcTable& table, Lane& lane,
                                               int32_t* difference) {
    const uint32_t entry = table.lookup[lane.window >> (64 - JpegDcTable::kBits)];
    uint32_t length = entry & 255;
    uint32_t size = entry >> 8;
    if (length == 0) [[unlikely]] {
      const LongCode code = FindLongCode(table.codes, JpegDcTable::kBits + 1, lane.window);
      if (code.length == 0) return false;
      length = code.length;
      size = code.symbol;
    }
    if (size > kJpegDcBitsMax) [[unlikely]]
      return false;
    *difference = ValueBits(lane.window << length, size);
    Consume(lane, length + size);
    return true;
  }

  // A coefficient whose code did not fit the lookup. Leaves a full window, and in *k kEnded when
  // the block ends here. False: give up.
  [[gnu::noinline]] static bool LongAc(JpegEntropyDecoder* decoder, const JpegAcTable& table,
                                       uint32_t* k, int32_t* value) {
    Lane lane = {};
    lane.decoder = decoder;
    Restore(lane);
    Fill(lane);
    const LongCode code = FindLongCode(table.codes, JpegLookup::kBits + 1, lane.window);
    const uint32_t run = code.symbol >> 4;
    const uint32_t size = code.symbol & 15;
    if (code.length == 0 || size > kJpegAcBitsMax) return false;
    Consume(lane, code.length);
    *value = ValueBits(lane.window, size);
    Consume(lane, size);
    *k = size == 0 && run != 15 ? kEnded : *k + run + 1;
    Fill(lane);
    Save(lane);
    return true;
  }

  // One AC coefficient. True when the block is over, or with !lane.ok the whole run. Needs 11 bits
  // in the window.
  template <bool kStore>
  [[gnu::always_inline]] static inline bool Step(Lane& lane, const uint16_t* places) {
    const uint32_t entry = lane.table->lookup[lane.window >> (64 - JpegLookup::kBits)];
    Consume(lane, entry & 63);
    int32_t value = JpegLookup::Value(entry);
    if ((entry & JpegLookup::kSpecial) != 0) [[unlikely]] {
      if ((entry & JpegLookup::kEndOfBlock) == JpegLookup::kEndOfBlock) return true;
      if (const uint32_t size = JpegLookup::ValueBitsApart(entry); size > 0) {
        if (size > kJpegAcBitsMax) {
          lane.ok = false;
          return true;
        }
        Fill(lane);
        value = ValueBits(lane.window, size);
        Consume(lane, size);
        lane.k += JpegLookup::Advance(entry);
        Fill(lane);
      } else {
        Save(lane);
        uint32_t k = lane.k;
        lane.ok = LongAc(lane.decoder, *lane.table, &k, &value);
        Restore(lane);
        if (!lane.ok || k == kEnded) return true;
        lane.k = k;
      }
    } else {
      lane.k += JpegLookup::Advance(entry);
    }
    if (kStore) lane.to[places[lane.k]] = static_cast<int16_t>(value);
    return lane.k >= kJpegCoefficients - 1;
  }

  // Begins block lane.block of MCU lane.mcu: where it goes, and its DC value.
  template <bool kStore>
  [[gnu::always_inline]] static inline bool BeginBlock(Lane& lane, const JpegScanTables& tables) {
    const JpegMcuBlock& block = tables.layout_.block[lane.block];
    if (kStore) {
      const uint32_t shift = tables.group_shift_;
      lane.number = (lane.out->mcus_before + lane.mcu) * block.across + block.column;
      lane.to = lane.out->row[lane.block].coefficients +
                ((static_cast<size_t>(lane.number >> shift) * kJpegCoefficients << shift) +
                 (lane.number & ((1u << shift) - 1)) * kJpegBlockPx);
    }
    lane.table = tables.ac_of_[lane.block];
    lane.k = 0;
    Fill(lane);
    int32_t difference = 0;
    if (!Dc(*tables.dc_of_[lane.block], lane, &difference)) return false;
    const int32_t dc = lane.decoder->dc_[block.component] += difference;
    lane.too_large |= static_cast<uint32_t>(dc + 32768) >> 16;
    if (kStore) lane.to[0] = static_cast<int16_t>(dc);
    return true;
  }

  // A run ends where it is time to look whether the data have ended, or at a restart marker.
  // `passed`: MCUs of the run before, `left`: those to come. Gives the MCUs of the next run, 0:
  // that was the last, kEnded: give up.
  [[gnu::noinline]] static uint32_t NextRun(JpegEntropyDecoder* decoder, uint32_t passed,
                                            uint32_t left) {
    decoder->mcu_ += passed;
    // Zeros after the end were taken for data.
    if (decoder->bits_ < decoder->made_up_bits_) return kEnded;
    if (left == 0) return 0;
    const uint32_t to_restart = decoder->ToRestart();
    return to_restart == 0 ? kEnded : std::min({left, kMcusAtOnce, to_restart});
  }

  // Ends a block and begins the next. False: all is over, well (lane.run == 0) or not.
  template <bool kStore>
  [[gnu::always_inline]] static inline bool NextBlock(Lane& lane, const JpegScanTables& tables) {
    if (!lane.ok || lane.k >= kJpegCoefficients) return false;
    if (kStore) lane.out->row[lane.block].last[lane.number] = static_cast<uint8_t>(lane.k);
    if (++lane.block == tables.layout_.blocks) {
      // At most 10 differences of 12 bits until it is looked at: no overflow.
      if (lane.too_large != 0) return false;
      lane.block = 0;
      if (++lane.mcu == lane.mcus) {
        Save(lane);
        lane.run = NextRun(lane.decoder, lane.run, lane.left);
        if (lane.run == 0 || lane.run == kEnded) return false;
        Restore(lane);
        lane.left -= lane.run;
        lane.mcus += lane.run;
      }
    }
    return BeginBlock<kStore>(lane, tables);
  }

  [[gnu::always_inline]] static inline Lane Begin(JpegEntropyDecoder* decoder, uint32_t count,
                                                  const JpegCoefficients* out) {
    Lane lane = {};
    lane.decoder = decoder;
    lane.out = out;
    lane.run = NextRun(decoder, 0, count);
    lane.ok = lane.run != kEnded;
    lane.mcus = lane.run;
    lane.left = count - lane.run;
    Restore(lane);
    return lane;
  }

  // Goes on to the end of the run, from within a block.
  template <bool kStore>
  [[gnu::always_inline]] static inline bool Finish(Lane& lane, const JpegScanTables& tables) {
    const uint16_t* const places = tables.places_;
    const auto step = [&]() __attribute__((always_inline)) { return Step<kStore>(lane, places); };
    for (;;) {
      Fill(lane);  // 56 bits
      if (step() || step() || step() || step() || step()) {
        if (!NextBlock<kStore>(lane, tables)) break;
      }
    }
    Save(lane);
    return lane.run == 0;
  }

  template <bool kStore>
  [[gnu::always_inline]] static inline bool Single(JpegEntropyDecoder* decoder, uint32_t count,
                                                   const JpegCoefficients* out) {
    const JpegScanTables& tables = *decoder->tables_;
    Lane lane = Begin(decoder, count, out);
    return lane.ok && BeginBlock<kStore>(lane, tables) && Finish<kStore>(lane, tables);
  }

  [[gnu::always_inline]] static inline bool Double(JpegEntropyDecoder* first,
                                                   const JpegCoefficients* to_first,
                                                   JpegEntropyDecoder* second,
                                                   const JpegCoefficients* to_second,
                                                   uint32_t count) {
    const JpegScanTables& tables = *first->tables_;
    const uint16_t* const places = tables.places_;
    Lane a = Begin(first, count, to_first);
    Lane b = Begin(second, count, to_second);
    if (!a.ok || !BeginBlock<true>(a, tables)) return false;
    if (!b.ok || !BeginBlock<true>(b, tables)) return false;
    for (;;) {
      Fill(a);
      Fill(b);
      if (Step<true>(a, places)) goto a_ends;
      if (Step<true>(b, places)) goto b_ends;
      if (Step<true>(a, places)) goto a_ends;
      if (Step<true>(b, places)) goto b_ends;
      if (Step<true>(a, places)) goto a_ends;
      if (Step<true>(b, places)) goto b_ends;
      if (Step<true>(a, places)) goto a_ends;
      if (Step<true>(b, places)) goto b_ends;
      continue;
    a_ends:
      if (!NextBlock<true>(a, tables)) {
        Save(a);
        return a.run == 0 && Finish<true>(b, tables);
      }
      continue;
    b_ends:
      if (!NextBlock<true>(b, tables)) {
        Save(b);
        return b.run == 0 && Finish<true>(a, tables);
      }
    }
  }

  // The loops for one processor.
  struct Functions {
    bool (*skip)(JpegEntropyDecoder*, uint32_t);
    bool (*decode)(JpegEntropyDecoder*, uint32_t, const JpegCoefficients*);
    bool (*decode_both)(JpegEntropyDecoder*, const JpegCoefficients*, JpegEntropyDecoder*,
                        const JpegCoefficients*, uint32_t);
  };
  static const Functions& Best();

  static bool SkipPlain(JpegEntropyDecoder* decoder, uint32_t count) {
    return Single<false>(decoder, count, nullptr);
  }
  static bool DecodePlain(JpegEntropyDecoder* decoder, uint32_t count,
                          const JpegCoefficients* out) {
    return Single<true>(decoder, count, out);
  }
  static bool BothPlain(JpegEntropyDecoder* a, const JpegCoefficients* to_a, JpegEntropyDecoder* b,
                        const JpegCoefficients* to_b, uint32_t count) {
    return Double(a, to_a, b, to_b, count);
  }
#if defined(__x86_64__)
  // Shifts by a register cost three times as much without BMI2.
  [[gnu::target("bmi,bmi2")]] static bool SkipBmi2(JpegEntropyDecoder* decoder, uint32_t count) {
    return Single<false>(decoder, count, nullptr);
  }
  [[gnu::target("bmi,bmi2")]] static bool DecodeBmi2(JpegEntropyDecoder* decoder, uint32_t count,
                                                     const JpegCoefficients* out) {
    return Single<true>(decoder, count, out);
  }
  [[gnu::target("bmi,bmi2")]] static bool BothBmi2(JpegEntropyDecoder* a,
                                                   const JpegCoefficients* to_a,
                                                   JpegEntropyDecoder* b,
                                                   const JpegCoefficients* to_b, uint32_t count) {
    return Double(a, to_a, b, to_b, count);
  }
#endif
};

const JpegEntropyRun::Functions& JpegEntropyRun::Best() {
  static constexpr Functions kPlain = {SkipPlain, DecodePlain, BothPlain};
#if defined(__x86_64__)
  static constexpr Functions kBmi2 = {SkipBmi2, DecodeBmi2, BothBmi2};
  static const bool has_bmi2 = __builtin_cpu_supports("bmi2") != 0;
  if (has_bmi2) return kBmi2;
#endif
  return kPlain;
}

// ------------------------------------------------------------------ around them

bool JpegEntropyDecoder::Begin(const JpegScanTables& tables) {
  tables_ = &tables;
  return Seek(0, {.bit = uint64_t{tables.frame().data_offset} * 8});
}

bool JpegEntropyDecoder::Seek(uint32_t mcu, const JpegPlace& place) {
  const JpegFrame& frame = tables_->frame();
  const uint64_t byte = place.bit / 8;
  if (byte < frame.data_offset || byte > frame.file.size() || mcu > tables_->mcus()) return false;
  mcu_ = mcu;
  restart_passed_ = 0;
  std::copy_n(place.dc, kJpegComponentsMax, dc_);
  end_ = frame.file.data() + frame.file.size();
  next_ = frame.file.data() + byte;
  window_ = 0;
  bits_ = 0;
  made_up_bits_ = 0;
  FindMarkerByte();
  const uint32_t used = place.bit % 8;
  if (used == 0) return true;
  FillSlowly();
  if (made_up_bits_ == bits_) return false;
  window_ <<= used;
  bits_ -= used;
  return true;
}

void JpegEntropyDecoder::FindMarkerByte() {
  const void* found =
      next_ < end_ ? std::memchr(next_, 0xFF, static_cast<size_t>(end_ - next_)) : nullptr;
  marker_byte_ = found != nullptr ? static_cast<const uint8_t*>(found) : end_;
  // The data have more than 8 bytes of header before them.
  fast_end_ = marker_byte_ - 7;
}

// Byte by byte: over stuffed bytes, and zeros from a marker or the end of the file on.
void JpegEntropyDecoder::FillSlowly() {
  while (bits_ < 56) {
    uint64_t byte = 0;
    if (next_ < marker_byte_) {
      byte = *next_++;
    } else if (end_ - next_ >= 2 && next_[1] == 0) {
      byte = 0xFF;
      next_ += 2;
      FindMarkerByte();
    } else {
      made_up_bits_ += 8;
    }
    // What was left below bits_ by a fast fill is the same data.
    window_ |= byte << (56 - bits_);
    bits_ += 8;
  }
}

// The byte in which the next bit lies, and how many of its bits are used.
const uint8_t* JpegEntropyDecoder::NextByte(uint32_t* bits_used) const {
  const uint8_t* at = next_;
  const uint32_t unread = bits_ - made_up_bits_;
  for (uint32_t bytes = (unread + 7) / 8; bytes > 0; --bytes) {
    // Data of 0 after 0xFF are stuffing, always.
    at -= at[-1] == 0 && at[-2] == 0xFF ? 2 : 1;
  }
  *bits_used = (8 - unread % 8) % 8;
  return at;
}

const uint8_t* JpegEntropyDecoder::byte() const {
  uint32_t used = 0;
  return NextByte(&used);
}

uint32_t JpegEntropyDecoder::segment() const {
  const uint32_t interval = tables_->frame().restart_interval;
  const bool before_marker = mcu_ != 0 && mcu_ % interval == 0 && mcu_ != restart_passed_;
  return mcu_ / interval - (before_marker ? 1 : 0);
}

JpegPlace JpegEntropyDecoder::place() const {
  uint32_t used = 0;
  const uint8_t* at = NextByte(&used);
  JpegPlace place;
  place.bit = static_cast<uint64_t>(at - tables_->frame().file.data()) * 8 + used;
  std::copy_n(dc_, kJpegComponentsMax, place.dc);
  return place;
}

bool JpegEntropyDecoder::NearBareEnd() const {
  uint32_t used = 0;
  const uint8_t* at = NextByte(&used);
  if (end_ - at >= kLookAheadBytes) return false;
  for (; end_ - at >= 2; ++at) {
    if (at[0] == 0xFF && at[1] != 0 && at[1] != 0xFF) return false;
  }
  return true;
}

// Over the marker that stands before MCU `mcu_`.
bool JpegEntropyDecoder::PassRestart() {
  constexpr uint8_t kFirstRestart = 0xD0;
  uint32_t used = 0;
  const uint8_t* at = NextByte(&used);
  if (used != 0) at += at[0] == 0xFF ? 2 : 1;
  const uint32_t number = (mcu_ / tables_->frame().restart_interval - 1) % 8;
  if (end_ - at < 2 || at[0] != 0xFF || at[1] != kFirstRestart + number) return false;
  next_ = at + 2;
  window_ = 0;
  bits_ = 0;
  made_up_bits_ = 0;
  std::fill_n(dc_, kJpegComponentsMax, 0);
  FindMarkerByte();
  return true;
}

uint32_t JpegEntropyDecoder::ToRestart() {
  const uint32_t interval = tables_->frame().restart_interval;
  if (interval == 0) return UINT32_MAX;
  if (mcu_ % interval == 0 && mcu_ != restart_passed_) {
    if (!PassRestart()) return 0;
    restart_passed_ = mcu_;
  }
  return interval - mcu_ % interval;
}

bool JpegEntropyDecoder::Run(uint32_t count, const JpegCoefficients* to) {
  HR_DCHECK(count <= tables_->mcus() - mcu_);
  if (count == 0) return true;
  const JpegEntropyRun::Functions& run = JpegEntropyRun::Best();
  return to != nullptr ? run.decode(this, count, to) : run.skip(this, count);
}

bool JpegEntropyDecoder::Skip(uint32_t count) { return Run(count, nullptr); }

bool JpegEntropyDecoder::Decode(uint32_t count, const JpegCoefficients& to) {
  return Run(count, &to);
}

bool JpegEntropyDecoder::DecodeBoth(JpegEntropyDecoder* a, const JpegCoefficients& to_a,
                                    JpegEntropyDecoder* b, const JpegCoefficients& to_b,
                                    uint32_t count) {
  HR_DCHECK(a->tables_ == b->tables_);
  HR_DCHECK(count > 0 && count <= a->tables_->mcus() - std::max(a->mcu_, b->mcu_));
  return JpegEntropyRun::Best().decode_both(a, &to_a, b, &to_b, count);
}

}  // namespace headrace::codecs
