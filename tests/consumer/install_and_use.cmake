# Installs the headers into an empty prefix, then configures, builds and runs the project beside this
# file against nothing but that prefix.
file(REMOVE_RECURSE ${work})

function(run_step)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run_step(${CMAKE_COMMAND} --install ${build} --prefix ${work}/prefix)
run_step(
  ${CMAKE_COMMAND} -S ${project} -B ${work}/build -G ${generator}
  -D CMAKE_PREFIX_PATH=${work}/prefix -D CMAKE_CXX_COMPILER=${compiler}
  "-DCMAKE_CXX_FLAGS=${flags}")
run_step(${CMAKE_COMMAND} --build ${work}/build)
run_step(${work}/build/consumer)
