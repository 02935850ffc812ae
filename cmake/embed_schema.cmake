# rebalancer_embed_schema(TARGET FILE): gives TARGET a header "schema_json.hpp" with the text of FILE as the constant
# `char schema_json[]`, for C and C++. Shared by the tree and by plugins built against the installed SDK.
function(rebalancer_embed_schema target file)
  get_filename_component(file ${file} ABSOLUTE)
  set(directory ${CMAKE_CURRENT_BINARY_DIR}/${target}_schema)
  file(READ ${file} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n  \"" text "${text}")
  file(CONFIGURE OUTPUT ${directory}/schema_json.hpp @ONLY CONTENT [[
#pragma once
#ifdef __cplusplus
inline constexpr
#else
static const
#endif
    char schema_json[] =
  "@text@";
]])
  target_include_directories(${target} PRIVATE ${directory})
endfunction()
