# rebalancer_embed_schema(TARGET FILE): gives TARGET a header <target>'s "schema_json.hpp" with the text of FILE as
# `inline constexpr char schema_json[]`. Shared by the tree and by plugins built against the installed SDK.
function(rebalancer_embed_schema target file)
  set(directory ${CMAKE_CURRENT_BINARY_DIR}/${target}_schema)
  file(READ ${file} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(CONFIGURE OUTPUT ${directory}/schema_json.hpp @ONLY CONTENT
    "#pragma once\ninline constexpr char schema_json[] = R\"schema(@text@)schema\";\n")
  target_include_directories(${target} PRIVATE ${directory})
endfunction()
