# Warnings and sanitizers, as one interface target that every target of ours links.
add_library(lockstep_options INTERFACE)
target_compile_options(lockstep_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wimplicit-fallthrough -Woverloaded-virtual
  -Wno-missing-field-initializers  # designated initialisers leave the rest at their defaults on purpose
  $<$<BOOL:${LOCKSTEP_WERROR}>:-Werror>)
target_compile_definitions(lockstep_options INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)

if(LOCKSTEP_SANITIZE)
  # The vptr check of UBSan trips over oneTBB 2021.8's headers.
  target_compile_options(lockstep_options INTERFACE
    -fsanitize=${LOCKSTEP_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(lockstep_options INTERFACE -fsanitize=${LOCKSTEP_SANITIZE} -fno-sanitize=vptr)
endif()

if(LOCKSTEP_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "libFuzzer needs clang; scripts/fuzz configures it")
  endif()
  # Coverage everywhere; main() of libFuzzer only where tests/fuzz asks for it.
  target_compile_options(lockstep_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
