# rebalancer_plugin(KIND NAME [LINK ...]): src/plugins/<kind>s/<name>/<name>.cpp and its schema.json become
# plugins/<name>.so; a store becomes plugins/<name>_store.so, since a provider may have its name. The schema is embedded
# as `schema_json` through the generated header schema_json.hpp.
include(${CMAKE_CURRENT_LIST_DIR}/embed_schema.cmake)

function(rebalancer_plugin folder name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  set(directory ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${name})
  file(GLOB sources CONFIGURE_DEPENDS ${directory}/*.cpp)
  set(target ${folder}_${name})
  add_library(${target} MODULE ${sources})
  rebalancer_embed_schema(${target} ${directory}/schema.json)
  target_link_libraries(${target} PRIVATE rebalancer_flags rebalancer_sdk ${arg_LINK})
  # A plugin exports one symbol; nothing of the libraries linked into it may meet the host's. A symbol that nobody has
  # is an error now, not when somebody loads it; under a sanitizer its runtime may come from the program that loads it.
  set(undefined_symbols defs)
  if(REBALANCER_SANITIZE)
    set(undefined_symbols undefs)
  endif()
  target_link_options(${target} PRIVATE -Wl,--exclude-libs,ALL -Wl,-z,${undefined_symbols})
  set(file ${name})
  if(folder STREQUAL "stores")
    set(file ${name}_store)
  endif()
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${file}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  set_property(GLOBAL APPEND PROPERTY REBALANCER_PLUGINS ${target})
  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/rebalancer/plugins)
endfunction()
