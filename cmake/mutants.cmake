# Planted mistakes: copies of real sources, each with a piece of text replaced, which the caller builds into a program or
# a plugin of their own, before the library that has the original. A piece that is not in its source exactly once stops
# the configuration, so that a mutant cannot quietly turn into the original.
#   mutant(NAME "what was done wrong" "options of the trials that must catch it")
#   mutant_replace(NAME SOURCE FROM TO)   as often as needed; SOURCE is below src/
#   mutant_sources(NAME VARIABLE)         the copies are written, their paths are in VARIABLE
# ${mutant_table} has a line for each mutant of the folder: name|options|mistake.
set(mutant_table ${CMAKE_CURRENT_BINARY_DIR}/mutants.txt)
file(WRITE ${mutant_table} "")

function(mutant name mistake options)
  set_property(DIRECTORY PROPERTY mutant_${name} "")
  file(APPEND ${mutant_table} "${name}|${options}|${mistake}\n")
endfunction()

function(mutant_replace name source from to)
  set(original ${PROJECT_SOURCE_DIR}/src/${source})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${original})
  get_property(sources DIRECTORY PROPERTY mutant_${name})
  if(source IN_LIST sources)
    get_property(text DIRECTORY PROPERTY mutant_${name}_${source})
  else()
    file(READ ${original} text)
    set_property(DIRECTORY APPEND PROPERTY mutant_${name} ${source})
  endif()
  string(FIND "${text}" "${from}" first)
  string(FIND "${text}" "${from}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "mutant ${name}: this is not in src/${source} exactly once:\n${from}")
  endif()
  string(REPLACE "${from}" "${to}" text "${text}")
  set_property(DIRECTORY PROPERTY mutant_${name}_${source} "${text}")
endfunction()

function(mutant_sources name variable)
  get_property(sources DIRECTORY PROPERTY mutant_${name})
  set(copies "")
  foreach(source IN LISTS sources)
    set(copy ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/${source})
    get_property(text DIRECTORY PROPERTY mutant_${name}_${source})
    set(there "")
    if(EXISTS ${copy})
      file(READ ${copy} there)
    endif()
    if(NOT "${there}" STREQUAL "${text}")
      file(WRITE ${copy} "${text}")  # only when it changed, or it would be compiled every time
    endif()
    list(APPEND copies ${copy})
  endforeach()
  set(${variable} ${copies} PARENT_SCOPE)
endfunction()
