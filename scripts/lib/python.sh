# shellcheck shell=bash
# Which Python runs the package. Debian's own comes first, since apt-get installs modules for that
# one only: the python3 on the PATH may be another, which never sees them.

package=$root/scripts/limiterbench
export PYTHONPATH=$root/scripts
export LIMITERBENCH_ROOT=$root
export LIMITERBENCH_PROGRAM=${LIMITERBENCH_PROGRAM:-$root/build/release/limiterbench}

python_sees() { # python_sees INTERPRETER MODULE...
  "$1" - "${@:2}" <<'PYTHON' 2>/dev/null
import sys
# The current directory may have a module of any name.
del sys.path[0]
import importlib.util
sys.exit(sys.version_info < (3, 9) or any(importlib.util.find_spec(m) is None for m in sys.argv[1:]))
PYTHON
}

# choose_python MODULE...: sets PYTHON, or fails.
choose_python() {
  local candidate
  for candidate in ${LIMITERBENCH_PYTHON:+"$LIMITERBENCH_PYTHON"} /usr/bin/python3 python3; do
    if command -v "$candidate" >/dev/null && python_sees "$candidate" "$@"; then
      PYTHON=$(command -v "$candidate")
      return 0
    fi
  done
  return 1
}

# check_arguments COMMAND ARGUMENT...: ends the command if Python's parser refuses the arguments or
# answers them itself (--help). It needs no module that must be installed; without any Python the
# question is put again once there is one.
check_arguments() {
  local help=no
  case " $* " in *" --help "* | *" -h "*) help=yes ;; esac
  checked=no
  if choose_python argparse; then
    LIMITERBENCH_CHECK_ARGUMENTS=1 "$PYTHON" "$package" "$@" || exit $?
    checked=yes
    if [[ $help == yes ]]; then exit 0; fi
  elif [[ $help == yes ]]; then
    refuse "--help needs Python >= 3.9: scripts/setup plot installs it."
  fi
}

# check_arguments_late COMMAND ARGUMENT...: for after ensure, which has brought a Python.
check_arguments_late() {
  if [[ $checked == no ]]; then check_arguments "$@"; fi
}
