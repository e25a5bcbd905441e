// The byte dot product of AVX-512 VNNI, which Highway 1.0 has no target for. The resize uses it on
// AVX3 where the processor has it; that pair goes by the name AVX3_VNNI.
#pragma once

namespace headrace::simd {

// Whether the processor has it and no lower target is forced. Meaningful on AVX3 only.
bool UseVnni();

}  // namespace headrace::simd
