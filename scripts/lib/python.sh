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

# run_in_python ARGUMENT...: the calling script's command. It parses its arguments first, and only
# then has scripts/lib/prepare install and build what it needs.
run_in_python() {
  local command=${script##*/}
  if ! choose_python argparse; then
    case " $command $* " in
      " doctor "* | *" --help "* | *" -h "*)
        refuse "$command needs Python >= 3.9: scripts/setup plot installs it."
        ;;
    esac
    take_no_install "$@"
    ensure python
  fi
  LIMITERBENCH_PREPARE=$library/prepare exec "$PYTHON" "$package" "$command" "$@"
}
