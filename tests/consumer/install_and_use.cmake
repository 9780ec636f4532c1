# Installs the headers into an empty prefix, then configures, builds and runs the project beside this
# file against nothing but that prefix. README shows the same program, word for word.
file(READ ${project}/main.cpp program)
file(READ ${readme} text)
string(FIND "${text}" "\n```cpp\n${program}```\n" place)
if(place EQUAL -1)
  message(FATAL_ERROR "${readme} does not show ${project}/main.cpp as it is")
endif()

function(run_step)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${work})
run_step(${CMAKE_COMMAND} --install ${build} --prefix ${work}/prefix)
run_step(
  ${CMAKE_COMMAND} -S ${project} -B ${work}/build -G ${generator}
  -D CMAKE_PREFIX_PATH=${work}/prefix -D CMAKE_CXX_COMPILER=${compiler}
  "-DCMAKE_CXX_FLAGS=${flags}")
run_step(${CMAKE_COMMAND} --build ${work}/build)
run_step(${work}/build/consumer)
run_step(${work}/build/two_units)
