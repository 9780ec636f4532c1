# shellcheck shell=bash
# Everything under lib/, in the order in which it builds up.
if [[ $- != *p* ]]; then exec bash -p "$script" "$@"; fi
library=${BASH_SOURCE[0]%/*}
# shellcheck source=environment.sh
source "$library/environment.sh"
# shellcheck source=common.sh
source "$library/common.sh"
# shellcheck source=python.sh
source "$library/python.sh"
# shellcheck source=requirements.sh
source "$library/requirements.sh"
# shellcheck source=install.sh
source "$library/install.sh"
# shellcheck source=build.sh
source "$library/build.sh"
# shellcheck source=suites.sh
source "$library/suites.sh"
# shellcheck source=steps.sh
source "$library/steps.sh"
# shellcheck source=packages.sh
source "$library/packages.sh"
# shellcheck source=guest.sh
source "$library/guest.sh"
# shellcheck source=root.sh
source "$library/root.sh"
# shellcheck source=lint.sh
source "$library/lint.sh"
# shellcheck source=browser.sh
source "$library/browser.sh"
