#!/bin/sh
# Plays a show for eight hours on a real machine, with hands that are never still, recorded and logged, and measures
# whether it grows or stumbles:
#     sh tests/soak/eight_hours.sh [HOURS] [FOLDER]      from the repository; 8 and soak where none is given
# In a window where there is a display, else in one that nobody sees (Xvfb). FOLDER gets soak.json and soak.md, the film
# and the show log: some 2 GB an hour, most of it the film. The exit code is 0 when every limit was kept, else 1.
# Linux. PYTHON chooses another interpreter than .venv/bin/python, OPTIONS more options of `livegan play`.
set -u
cd "$(dirname "$0")/../.." || exit 2
hours=${1:-8}
folder=${2:-soak}
python=${PYTHON:-.venv/bin/python}
"$python" -c 'import livegan' 2>/dev/null || {
    echo "$python has no livegan; type: make setup-dev   or: PYTHON=python3 sh tests/soak/eight_hours.sh" >&2
    exit 2
}
[ -r /proc/self/statm ] || {
    echo "this reads memory, files and threads of a process from /proc, which this system has not" >&2
    exit 2
}
# shellcheck disable=SC2086 # OPTIONS are several words
set -- "$python" -m tests.soak.long_run "$hours" "$folder" ${OPTIONS:-}
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$@"
fi
command -v xvfb-run >/dev/null || {
    echo "there is no display, and no Xvfb to stand in for one; install the package xvfb" >&2
    exit 2
}
exec xvfb-run -a -s "-screen 0 1280x800x24" "$@"
