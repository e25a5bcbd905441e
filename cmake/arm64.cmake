# Toolchain: arm64 on another Linux machine, with Debian's cross compiler, the libraries that
# scripts/arm64 has unpacked, and qemu to run what was built.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# From the environment, because CMake's own trial projects read this file too.
set(headrace_sysroot "$ENV{HEADRACE_ARM64_SYSROOT}")
if(NOT IS_DIRECTORY "${headrace_sysroot}")
  message(FATAL_ERROR "HEADRACE_ARM64_SYSROOT has no folder of arm64 libraries: run scripts/arm64")
endif()

set(CMAKE_FIND_ROOT_PATH ${headrace_sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${headrace_sysroot})
set(ENV{PKG_CONFIG_LIBDIR}
    ${headrace_sysroot}/usr/lib/aarch64-linux-gnu/pkgconfig:${headrace_sysroot}/usr/share/pkgconfig)

# Debian keeps headers that depend on the machine (jconfig.h) apart.
set(CMAKE_C_FLAGS_INIT "-isystem ${headrace_sysroot}/usr/include/aarch64-linux-gnu")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")
# What the libraries themselves link. The compiler's own C library is of the same version.
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "-Wl,-rpath-link,${headrace_sysroot}/lib/aarch64-linux-gnu:${headrace_sysroot}/usr/lib/aarch64-linux-gnu"
)
set(CMAKE_SHARED_LINKER_FLAGS_INIT "${CMAKE_EXE_LINKER_FLAGS_INIT}")
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L ${headrace_sysroot})
