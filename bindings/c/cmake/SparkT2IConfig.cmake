# find_package(SparkT2I): SparkT2I::spark_t2i is the shared library, SparkT2I::spark_t2i_static the static one. The headers
# are for C99 and C++17. Everything is found from where this file lies.

get_filename_component(_spark_t2i_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET SparkT2I::spark_t2i)
  add_library(SparkT2I::spark_t2i SHARED IMPORTED)
  set_target_properties(SparkT2I::spark_t2i PROPERTIES
    IMPORTED_LOCATION "${_spark_t2i_prefix}/lib/@FILE@"
    IMPORTED_SONAME "@SONAME@"
    INTERFACE_INCLUDE_DIRECTORIES "${_spark_t2i_prefix}/include")

  add_library(SparkT2I::spark_t2i_static STATIC IMPORTED)
  set_target_properties(SparkT2I::spark_t2i_static PROPERTIES
    IMPORTED_LOCATION "${_spark_t2i_prefix}/lib/libspark_t2i.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_spark_t2i_prefix}/include"
    INTERFACE_LINK_LIBRARIES "@SYSTEM_NAMES@")
endif()

unset(_spark_t2i_prefix)
