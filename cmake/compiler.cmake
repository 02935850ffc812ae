# Flags shared by every target of ours, as an interface library so that imported targets stay untouched.
add_library(rebalancer_flags INTERFACE)
target_compile_options(rebalancer_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow
  $<$<COMPILE_LANGUAGE:CXX>:-Wconversion -Wnon-virtual-dtor -Woverloaded-virtual>
  $<$<BOOL:${REBALANCER_WERROR}>:-Werror>
  # One fixed instruction set everywhere, never native: Eigen's alignment changes with it.
  -march=x86-64-v2 -fno-math-errno -ffp-contract=off
  -fstack-protector-strong)
target_compile_definitions(rebalancer_flags INTERFACE
  $<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2>)
target_include_directories(rebalancer_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_link_options(rebalancer_flags INTERFACE -Wl,-z,relro,-z,now)

if(REBALANCER_SANITIZE)
  add_compile_options(-fsanitize=${REBALANCER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${REBALANCER_SANITIZE})
endif()

find_program(REBALANCER_CCACHE ccache)
if(REBALANCER_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${REBALANCER_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${REBALANCER_CCACHE})
endif()
find_program(REBALANCER_MOLD mold)
if(REBALANCER_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# rebalancer_library(NAME SOURCES ... LINK ...): a static library of the tree.
function(rebalancer_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "library ${name} has no sources")
  endif()
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_LINK} PRIVATE rebalancer_flags ${arg_PRIVATE})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
endfunction()

# rebalancer_test(NAME LINK ...): one doctest program from the *_test.cpp files of the current folder (or SOURCES).
function(rebalancer_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;DEFINES;DEPENDS" ${ARGN})
  if(NOT arg_SOURCES)
    file(GLOB arg_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  endif()
  if(NOT arg_SOURCES)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/main.cpp)
  target_link_libraries(${name} PRIVATE ${arg_LINK} rebalancer_flags doctest::doctest rapidcheck)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE
    REBALANCER_SOURCE_DIR="${PROJECT_SOURCE_DIR}" REBALANCER_BINARY_DIR="${PROJECT_BINARY_DIR}" ${arg_DEFINES})
  if(arg_DEPENDS)
    add_dependencies(${name} ${arg_DEPENDS})
  endif()
  add_test(NAME ${name} COMMAND ${name} --no-intro)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()
