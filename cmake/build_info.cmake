# Run at each build: cmake -Dsource_dir= -Dtemplate= -Doutput= -Dversion= -Dcompiler= -Dflags= -P
# Writes the output only when it changes, so that an unchanged tree rebuilds nothing.
set(commit nogit)
find_package(Git QUIET)
# A source archive unpacked inside somebody else's repository has no commit of its own.
if(Git_FOUND AND EXISTS ${source_dir}/.git)
  execute_process(
    COMMAND ${GIT_EXECUTABLE} describe --always --dirty --abbrev=12 --exclude=*
    WORKING_DIRECTORY ${source_dir}
    OUTPUT_VARIABLE described
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
    RESULT_VARIABLE status)
  if(status EQUAL 0)
    set(commit ${described})
  endif()
endif()
configure_file(${template} ${output} @ONLY)
