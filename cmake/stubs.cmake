# SPDX-License-Identifier: Apache-2.0

# Espressif's stub flashers (Apache-2.0 OR MIT), from the npm package that package-lock.json pins, into
# share/farflash/stubs beside the programs. Without them everything still works, through the ROM loader.
set(FF_STUB_SOURCE "${PROJECT_SOURCE_DIR}/node_modules/esptool-js/lib/targets/stub_flasher")
set(FF_STUB_OUTPUT "${FF_OUTPUT_DIR}/share/farflash/stubs")

file(GLOB stub_files CONFIGURE_DEPENDS "${FF_STUB_SOURCE}/*.json")
if(NOT stub_files)
  message(WARNING "No stub flashers in ${FF_STUB_SOURCE}: run `npm ci` for faster flashing and MD5 on the ESP8266")
endif()

foreach(file IN LISTS stub_files)
  cmake_path(GET file FILENAME name)
  add_custom_command(
    OUTPUT "${FF_STUB_OUTPUT}/${name}"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${FF_STUB_OUTPUT}"
    COMMAND ${CMAKE_COMMAND} -E copy "${file}" "${FF_STUB_OUTPUT}/${name}"
    DEPENDS "${file}"
    VERBATIM)
  list(APPEND stub_outputs "${FF_STUB_OUTPUT}/${name}")
endforeach()
add_custom_target(ff_stubs ALL DEPENDS ${stub_outputs})
install(FILES ${stub_files} DESTINATION "${CMAKE_INSTALL_DATADIR}/farflash/stubs")
