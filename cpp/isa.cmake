# The one place with -m flags: kernels.cpp is compiled once per ISA level.

# Reassociation comes from fixed vector lanes alone; no flag here may change what NaN means.
set(FASTGD_KERNEL_FLAGS -fopenmp-simd -fno-math-errno -fno-trapping-math -fno-exceptions -fno-lto)
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=[^ ]*undefined")
  # checked pointer by pointer, unoptimised kernels take minutes to compile and most of all memory
  list(APPEND FASTGD_KERNEL_FLAGS -fno-sanitize=null,alignment,object-size,pointer-overflow)
endif()
set(FASTGD_LEVEL_FLAGS_baseline "")
set(FASTGD_LEVEL_FLAGS_avx2 -march=x86-64-v3)
set(FASTGD_LEVEL_FLAGS_avx512 -march=x86-64-v4 -mprefer-vector-width=512)
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=" AND EXISTS /proc/cpuinfo)
  # checks that this machine could not run take minutes to compile
  file(STRINGS /proc/cpuinfo runs_avx512 REGEX "avx512vl" LIMIT_COUNT 1)
  if(NOT runs_avx512)
    list(APPEND FASTGD_LEVEL_FLAGS_avx512 -fno-sanitize=all)
  endif()
endif()

set(FASTGD_LEVELS baseline)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  list(APPEND FASTGD_LEVELS avx2 avx512)
endif()

foreach(level IN LISTS FASTGD_LEVELS)
  add_library(fastgd_kernels_${level} OBJECT kernels/kernels.cpp)
  target_compile_definitions(fastgd_kernels_${level} PRIVATE FASTGD_ISA=${level})
  target_compile_options(
    fastgd_kernels_${level}
    PRIVATE ${FASTGD_KERNEL_FLAGS} ${FASTGD_LEVEL_FLAGS_${level}} ${FASTGD_WARNINGS}
            $<$<CXX_COMPILER_ID:GNU>:-Wno-psabi>)
  list(APPEND FASTGD_KERNEL_OBJECTS $<TARGET_OBJECTS:fastgd_kernels_${level}>)
endforeach()
