# headrace_flags: what every target of the project is compiled with. An INTERFACE target, so nothing
# leaks into a project that adds this one as a subdirectory.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

add_library(headrace_flags INTERFACE)
target_compile_features(headrace_flags INTERFACE cxx_std_20)
target_include_directories(headrace_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(
  headrace_flags
  INTERFACE
    # The same bits everywhere: no fused multiply-add behind our back (design: determinism).
    -ffp-contract=off
    -fvisibility=hidden
    $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>
    -Wall -Wextra -Wpedantic -Wshadow -Wcast-qual -Wundef -Wvla
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>
    # Designated initialisers leave the rest at their defaults: that is what they are for.
    -Wno-missing-field-initializers
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Werror=thread-safety>)
if(HEADRACE_WERROR)
  target_compile_options(headrace_flags INTERFACE -Werror)
endif()
if(HEADRACE_SANITIZE)
  target_compile_options(
    headrace_flags INTERFACE -fsanitize=${HEADRACE_SANITIZE} -fno-sanitize-recover=all
                             -fno-omit-frame-pointer)
  target_link_options(headrace_flags INTERFACE -fsanitize=${HEADRACE_SANITIZE})
endif()

# headrace_library(NAME SOURCES... LINK targets...): one folder of the library, static and position
# independent, ending in libheadrace.so.
function(headrace_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PUBLIC headrace_flags ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
endfunction()
