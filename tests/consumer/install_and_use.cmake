# Installs the headers into an empty prefix, then configures, builds and runs the project beside this
# file, and the service of docs/example, against nothing but that prefix. README shows the
# project's program word for word.
file(READ ${project}/main.cpp program)
file(READ ${readme} text)
string(FIND "${text}" "\n```cpp\n${program}```\n" place)
if(place EQUAL -1)
  message(FATAL_ERROR "${readme} does not show ${project}/main.cpp as it is")
endif()

function(run_step)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(build_against_prefix source binary)
  run_step(
    ${CMAKE_COMMAND} -S ${source} -B ${binary} -G ${generator}
    -D CMAKE_PREFIX_PATH=${work}/prefix -D CMAKE_CXX_COMPILER=${compiler}
    "-DCMAKE_CXX_FLAGS=${flags}")
  run_step(${CMAKE_COMMAND} --build ${binary})
endfunction()

file(REMOVE_RECURSE ${work})
run_step(${CMAKE_COMMAND} --install ${build} --prefix ${work}/prefix)
build_against_prefix(${project} ${work}/build)
run_step(${work}/build/consumer)
run_step(${work}/build/two_units)
build_against_prefix(${docs}/example ${work}/service)
run_step(${python} ${CMAKE_CURRENT_LIST_DIR}/check_service.py ${work}/service/service ${work}/limits)
