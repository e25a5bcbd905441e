// Shuffles of 64 bytes at once (AVX-512 VBMI), which Highway 1.0 has no target for. Used together
// with the byte dot product of vnni.h, where the processor has both.
#pragma once

namespace headrace::simd {

// Whether the processor has it. Meaningful on AVX3 only.
inline bool UseVbmi() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512vbmi") != 0;
#else
  return false;
#endif
}

// Expanding bytes by a mask (AVX-512 VBMI2), likewise.
inline bool UseVbmi2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512vbmi2") != 0;
#else
  return false;
#endif
}

}  // namespace headrace::simd
