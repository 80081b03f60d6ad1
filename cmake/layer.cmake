# SPDX-License-Identifier: Apache-2.0

# Flags that every target of the project shares.
add_library(ff_flags INTERFACE)
target_compile_definitions(ff_flags INTERFACE _GNU_SOURCE)
target_compile_options(ff_flags INTERFACE
  -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2
  $<$<BOOL:${FF_WERROR}>:-Werror>)
if(FF_SANITIZE)
  target_compile_options(ff_flags INTERFACE -fsanitize=${FF_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(ff_flags INTERFACE -fsanitize=${FF_SANITIZE})
endif()
if(FF_FUZZ)
  target_compile_options(ff_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# ff_layer(NAME SOURCES a.c... [LINKS target...] [PUBLIC target...])
#
# One folder, one layer. Its headers are visible to those who link it by name: LINKS are PRIVATE, so a layer sees only
# the layers it lists, and an arrow that the design does not have is a missing header. PUBLIC is for layers whose own
# header includes another layer's header. Only what the public headers declare is visible outside a shared library.
function(ff_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;PUBLIC" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_PUBLIC} PRIVATE ff_flags ${arg_LINKS})
  set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET hidden)
endfunction()

# ff_program(NAME SOURCES a.c... [LINKS target...])
function(ff_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ff_flags ${arg_LINKS})
endfunction()
