# SPDX-License-Identifier: MIT
# embed_files(<output.cpp> <function> <header> <file…>): a function from a file's name (without its ending) to its text.
function(embed_files output function header)
  set(text "// Generated from the files it names.\n#include \"${header}\"\n\nnamespace lockstep::deploy {\n\nstd::string_view ${function}(std::string_view name) {\n")
  foreach(file IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    get_filename_component(name "${file}" NAME_WE)
    file(READ "${file}" content)
    string(APPEND text "    if (name == \"${name}\") return R\"lockstep(${content})lockstep\";\n")
  endforeach()
  string(APPEND text "    return {};\n}\n\n}  // namespace lockstep::deploy\n")
  file(WRITE "${output}.new" "${text}")
  configure_file("${output}.new" "${output}" COPYONLY)
endfunction()
