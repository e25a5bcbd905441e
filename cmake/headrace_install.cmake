# What `cmake --install` puts down: the shared library, headrace.h, the command line tool, the CMake
# package and the pkg-config file. Nothing else of the source tree is ever installed.
include(CMakePackageConfigHelpers)

# An absolute path: a relative one would be looked up beside the list file that installs.
set_property(TARGET headrace PROPERTY PUBLIC_HEADER ${PROJECT_SOURCE_DIR}/bindings/c/headrace.h)
install(TARGETS headrace EXPORT headrace_targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

if(TARGET headrace_cli)
  # The tool finds the library beside it, also in a prefix that the dynamic linker does not know.
  file(RELATIVE_PATH headrace_bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR}
       ${CMAKE_INSTALL_FULL_LIBDIR})
  set_property(TARGET headrace_cli PROPERTY INSTALL_RPATH "$ORIGIN/${headrace_bin_to_lib}")
  install(TARGETS headrace_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(headrace_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/headrace)
install(EXPORT headrace_targets FILE headraceTargets.cmake NAMESPACE headrace::
        DESTINATION ${headrace_package_dir})
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/headraceConfig.cmake.in
  ${PROJECT_BINARY_DIR}/headraceConfig.cmake INSTALL_DESTINATION ${headrace_package_dir})
# Before 1.0 a minor version may break source compatibility.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/headraceConfigVersion.cmake
                                 VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/headraceConfig.cmake
              ${PROJECT_BINARY_DIR}/headraceConfigVersion.cmake
        DESTINATION ${headrace_package_dir})

# Paths are relative to the .pc file, so a tree that was installed with another --prefix, or moved,
# still works. Absolute install folders (as some distributions set) are taken as they are.
set(HEADRACE_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  file(RELATIVE_PATH headrace_pc_to_prefix
       ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  string(REGEX REPLACE "/$" "" headrace_pc_to_prefix ${headrace_pc_to_prefix})
  set(HEADRACE_PC_PREFIX "\${pcfiledir}/${headrace_pc_to_prefix}")
endif()
foreach(folder LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE ${CMAKE_INSTALL_${folder}})
    set(HEADRACE_PC_${folder} ${CMAKE_INSTALL_${folder}})
  else()
    set(HEADRACE_PC_${folder} "\${prefix}/${CMAKE_INSTALL_${folder}}")
  endif()
endforeach()
configure_file(${PROJECT_SOURCE_DIR}/cmake/headrace.pc.in ${PROJECT_BINARY_DIR}/headrace.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/headrace.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
