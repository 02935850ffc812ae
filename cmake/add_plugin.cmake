# rebalancer_add_plugin(NAME source... [SCHEMA schema.json] [LINK library...]): a plugin of your own, NAME.so, in C or C++.
# With SCHEMA its text is the constant `schema_json` of the header "schema_json.hpp".
include(${CMAKE_CURRENT_LIST_DIR}/embed_schema.cmake)

function(rebalancer_add_plugin name)
  cmake_parse_arguments(arg "" "SCHEMA" "LINK" ${ARGN})
  add_library(${name} MODULE ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE rebalancer::sdk ${arg_LINK})
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("CXX" IN_LIST languages)
    target_compile_features(${name} PRIVATE cxx_std_20)
  endif()
  if(arg_SCHEMA)
    rebalancer_embed_schema(${name} ${arg_SCHEMA})
  endif()
  # One symbol leaves the plugin, and no symbol is missing when it is loaded.
  set_target_properties(${name} PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_link_options(${name} PRIVATE -Wl,--exclude-libs,ALL -Wl,-z,defs)
endfunction()
