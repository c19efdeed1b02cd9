# SPDX-License-Identifier: MIT
# CMake's toolchain file for Linux/Wasm:
#
#     cmake -DCMAKE_TOOLCHAIN_FILE=.../share/cmake/wasm32-linux-musl.cmake ...
#
# muslin runs what is built, tests and try_run() included, if it is there.

get_filename_component(_muslin_sysroot "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
get_filename_component(_muslin_bin "${_muslin_sysroot}/../bin" ABSOLUTE)
set(_muslin_tool "${_muslin_bin}/wasm32-linux-musl-")

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_C_COMPILER "${_muslin_tool}cc")
set(CMAKE_CXX_COMPILER "${_muslin_tool}c++")
# by their names, since CMake looks for others if a compiler is clang
foreach(_muslin_name AR RANLIB NM STRIP OBJDUMP)
  string(TOLOWER ${_muslin_name} _muslin_lower)
  set(CMAKE_${_muslin_name} "${_muslin_tool}${_muslin_lower}" CACHE FILEPATH "")
endforeach()
# what link-time optimization calls
foreach(_muslin_name AR RANLIB)
  foreach(_muslin_language C CXX)
    set(CMAKE_${_muslin_language}_COMPILER_${_muslin_name} "${CMAKE_${_muslin_name}}" CACHE FILEPATH "")
  endforeach()
endforeach()
set(CMAKE_LINKER "${_muslin_tool}ld" CACHE FILEPATH "")
set(PKG_CONFIG_EXECUTABLE "${_muslin_tool}pkg-config" CACHE FILEPATH "")

# Libraries are those of the sysroot and of what is given; tools the machine's.
list(APPEND CMAKE_FIND_ROOT_PATH "${_muslin_sysroot}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# Libraries are static if nobody asks for others.  CMake cannot change the path to shared ones in
# a program that it installs, and links it again (the target install); for Ninja it refuses
# to, so that tests look for them where they may be.
set(BUILD_SHARED_LIBS OFF CACHE BOOL "")
set(_muslin_path)
if(CMAKE_GENERATOR MATCHES Ninja)
  set(CMAKE_BUILD_WITH_INSTALL_RPATH ON CACHE BOOL "")
  set(_muslin_path "--env;LD_LIBRARY_PATH=${CMAKE_BINARY_DIR}:${CMAKE_BINARY_DIR}/lib;")
endif()

find_program(MUSLIN muslin HINTS "${_muslin_bin}")
if(MUSLIN)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${MUSLIN};run;--env-all;${_muslin_path}--")
endif()
