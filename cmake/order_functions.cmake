# cmake -Dreadelf= -Darchive= -Dnumber= -Doutput= -P: a linker script that adds to the linker's own.
# It puts every function of the archive into the order of program `number`: by a hash of its name
# and the number, and so the same in each build.
execute_process(
  COMMAND ${readelf} --wide --section-headers ${archive}
  OUTPUT_VARIABLE sections COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " \\.text\\._Z[^ ]+" functions "${sections}")
list(REMOVE_DUPLICATES functions)

set(hashed "")
foreach(function IN LISTS functions)
  string(STRIP "${function}" function)
  string(MD5 hash "${number} ${function}")
  list(APPEND hashed "${hash} ${function}")
endforeach()
list(SORT hashed)

math(EXPR past "16 * (${number} % 4)")
set(lines "")
foreach(entry IN LISTS hashed)
  string(REGEX REPLACE "^[^ ]+ " "" function "${entry}")
  string(APPEND lines "    . = ALIGN(64) + ${past};\n    *(${function})\n")
endforeach()
# SUBALIGN: the functions were compiled to start at a line.
file(WRITE ${output}
     "SECTIONS\n{\n  .text.layout : ALIGN(64) SUBALIGN(16)\n  {\n${lines}  }\n}\nINSERT BEFORE .text;\n")
