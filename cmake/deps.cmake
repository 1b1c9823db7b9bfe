# Every library that lockstep uses, found on the machine; nothing is downloaded at configure time.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(TBB REQUIRED)
find_package(CURL REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(cxxopts REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBGIT2 REQUIRED IMPORTED_TARGET libgit2>=1.5)
pkg_check_modules(LIBNATS REQUIRED IMPORTED_TARGET libnats>=3.0)

# yaml-cpp names its target differently before 0.8.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

if(LOCKSTEP_TESTS OR LOCKSTEP_FUZZ)
  find_package(EXPAT REQUIRED)
  # GitHub's Markdown parser judges what we write for forges; its pkg-config file does not name the extensions.
  find_library(CMARK_GFM_LIBRARY cmark-gfm REQUIRED)
  find_library(CMARK_GFM_EXTENSIONS_LIBRARY cmark-gfm-extensions REQUIRED)
endif()
if(LOCKSTEP_TESTS)
  find_package(GTest REQUIRED)
  pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
  find_path(VALIJSON_INCLUDE_DIR valijson/validator.hpp REQUIRED)
endif()
