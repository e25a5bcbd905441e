// The quantile function of the normal distribution as cubics, one an octave of its argument:
// printed by tests/golden/make_normal_table.py, which says how they are fitted.
//
// Errors stay below 4e-4 of a standard deviation; mean and variance are kept to 1e-7. Tails reach
// 6.2 standard deviations, which is where 32 bits end.
#pragma once

namespace headrace::simd {

// Row: the lowest 5 bits of the exponent field of f32(m), m the lower 31 bits of a word made odd.
// Columns: coefficients of the mantissa's powers 0 to 3. Aligned for whole rows in a vector.
alignas(64) inline constexpr float kNormalCubics[32][4] = {
    {0x1.8392aap+2f, 0, 0, 0},
    {0x1.871822p+2f, -0x1.c378eap-4f, 0, 0},
    {0x1.88a9p+2f, -0x1.56d7bap-2f, 0x1.c9630ap-4f, -0x1.0e87aap-6f},
    {0x1.81b23ep+2f, -0x1.61484ap-2f, 0x1.db140ap-4f, -0x1.1a5c34p-6f},
    {0x1.7a80dep+2f, -0x1.69229p-2f, 0x1.e66e36p-4f, -0x1.216f42p-6f},
    {0x1.73274p+2f, -0x1.70b01ap-2f, 0x1.f0ab9ap-4f, -0x1.279a96p-6f},
    {0x1.6ba66ap+2f, -0x1.784f74p-2f, 0x1.fa9ba4p-4f, -0x1.2d75d8p-6f},
    {0x1.63ff84p+2f, -0x1.806a94p-2f, 0x1.029396p-3f, -0x1.33abc8p-6f},
    {0x1.5c3042p+2f, -0x1.890ef8p-2f, 0x1.082f38p-3f, -0x1.3a45c2p-6f},
    {0x1.543618p+2f, -0x1.924c44p-2f, 0x1.0e2a12p-3f, -0x1.414e8ap-6f},
    {0x1.4c0e3ap+2f, -0x1.9c34acp-2f, 0x1.148efp-3f, -0x1.48d28ap-6f},
    {0x1.43b586p+2f, -0x1.a6dd9p-2f, 0x1.1b6a66p-3f, -0x1.50e032p-6f},
    {0x1.3b287ep+2f, -0x1.b26032p-2f, 0x1.22cb3p-3f, -0x1.59885ep-6f},
    {0x1.326334p+2f, -0x1.bedaaep-2f, 0x1.2ac2acp-3f, -0x1.62dee6p-6f},
    {0x1.29613ep+2f, -0x1.cc7134p-2f, 0x1.33657cp-3f, -0x1.6cfb4cp-6f},
    {0x1.201d96p+2f, -0x1.db4fb6p-2f, 0x1.3ccc54p-3f, -0x1.77f9a8p-6f},
    {0x1.169282p+2f, -0x1.ebac2ap-2f, 0x1.47150ep-3f, -0x1.83fbccp-6f},
    {0x1.0cb96cp+2f, -0x1.fdc99ap-2f, 0x1.52641p-3f, -0x1.912adap-6f},
    {0x1.028abp+2f, -0x1.08fe3cp-1f, 0x1.5ee62ap-3f, -0x1.9fb94cp-6f},
    {0x1.effaccp+1f, -0x1.14586cp-1f, 0x1.6cd326p-3f, -0x1.afe5bap-6f},
    {0x1.da0e26p+1f, -0x1.2139b4p-1f, 0x1.7c7136p-3f, -0x1.c1feaap-6f},
    {0x1.c33674p+1f, -0x1.2fff88p-1f, 0x1.8e199ap-3f, -0x1.d667aap-6f},
    {0x1.ab55b8p+1f, -0x1.4128f6p-1f, 0x1.a23eep-3f, -0x1.eda062p-6f},
    {0x1.924782p+1f, -0x1.55676cp-1f, 0x1.b974bap-3f, -0x1.042708p-5f},
    {0x1.77defep+1f, -0x1.6dba86p-1f, 0x1.d47866p-3f, -0x1.13a418p-5f},
    {0x1.5be47ep+1f, -0x1.8ba034p-1f, 0x1.f43396p-3f, -0x1.25d47ep-5f},
    {0x1.3e1218p+1f, -0x1.b16bcap-1f, 0x1.0cd184p-2f, -0x1.3b755ep-5f},
    {0x1.1e0fe8p+1f, -0x1.e2ed9ep-1f, 0x1.22a9c2p-2f, -0x1.55bdb6p-5f},
    {0x1.f6ed94p+0f, -0x1.138212p+0f, 0x1.3b1a9ep-2f, -0x1.79ab6ep-5f},
    {0x1.addfep+0f, -0x1.4af048p+0f, 0x1.652d0cp-2f, -0x1.f4f444p-5f},
    {0, 0, 0, 0},
    {0x1.8ebc96p+2f, 0, 0, 0},
};

}  // namespace headrace::simd
