# Run at each build: cmake -Dsource_dir= -Dtemplate= -Doutput= -Dversion= -Dcompiler= -Dflags= -P
# Writes the output only when it changes, so that an unchanged tree rebuilds nothing.
set(commit nogit)
find_package(Git QUIET)
# A source archive unpacked inside somebody else's repository has no commit of its own.
if(Git_FOUND AND EXISTS ${source_dir}/.git)
  # GIT_DIR, GIT_INDEX_FILE and the like would lead git to another repository, and GIT_CONFIG_COUNT
  # change its output. Whoever owns this one: the build runs its code anyway.
  execute_process(COMMAND ${CMAKE_COMMAND} -E environment OUTPUT_VARIABLE variables)
  string(REGEX MATCHALL "GIT_[A-Z0-9_]+" names "${variables}")
  foreach(name IN LISTS names)
    unset(ENV{${name}})
  endforeach()
  set(git ${GIT_EXECUTABLE} -c safe.directory=*)
  execute_process(
    COMMAND ${git} rev-parse --short=12 HEAD
    WORKING_DIRECTORY ${source_dir}
    OUTPUT_VARIABLE head
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
    RESULT_VARIABLE status)
  # Of what is built, not of what was measured with it.
  execute_process(
    COMMAND ${git} diff --quiet --no-ext-diff HEAD -- impls benchmarks cmake CMakeLists.txt
            CMakePresets.json
    WORKING_DIRECTORY ${source_dir}
    ERROR_QUIET RESULT_VARIABLE changed)
  if(status EQUAL 0)
    set(commit ${head})
    if(changed)
      string(APPEND commit -dirty)
    endif()
  endif()
endif()
configure_file(${template} ${output} @ONLY)
