#!/bin/sh
# Measures a whole machine with a GPU in one call of less than 4 minutes, into one JSON and one Markdown file to send:
#     sh tests/gpu/check.sh [FOLDER]           from the repository; FOLDER is gpu-check where none is given
# A part that fails or takes too long does not stop the others. Without a GPU it says what is missing and measures the
# CPU. PYTHON chooses another interpreter than .venv/bin/python, DEVICE another device than cuda (rocm, xpu, mps).
set -u
cd "$(dirname "$0")/../.." || exit 2
folder=${1:-gpu-check}
python=${PYTHON:-.venv/bin/python}
device=${DEVICE:-cuda}
"$python" -c 'import livegan' 2>/dev/null || {
    echo "$python has no livegan; type: make setup-dev   or: PYTHON=python3 sh tests/gpu/check.sh" >&2
    exit 2
}
export PYTHONUNBUFFERED=1 # what a part that took too long has printed is kept
mkdir -p "$folder/parts" || exit 2
rm -f "$folder"/parts/*

# part NAME SECONDS COMMAND...: run it, at most so long; keep what it prints, its exit code and its time.
part() {
    name=$1 limit=$2
    shift 2
    echo "$name (at most $limit s)"
    begin=$(date +%s)
    timeout -k 3 "$limit" "$@" >"$folder/parts/$name.out" 2>"$folder/parts/$name.err" </dev/null
    code=$?
    echo "$code $(($(date +%s) - begin)) $limit $*" >"$folder/parts/$name.end"
}

reason=$(timeout 20 "$python" -m tests.gpu.presence "$device" 2>&1) && there=yes || there=no
echo "$there $device $reason" >"$folder/parts/presence"
part driver 5 nvidia-smi
part doctor 40 "$python" main.py doctor
if [ $there = yes ]; then
    # shellcheck disable=SC2046
    part tests 30 "$python" -m pytest -q -m gpu -p no:cacheprovider $(grep -rl 'mark\.gpu' tests --include='test_*.py')
    part networks 40 "$python" main.py bench networks --device "$device" --json
    part train 35 "$python" main.py bench train --device "$device" --quick --json
    part line 20 "$python" main.py bench line --seconds 5 --device "$device" --json
    part show 45 "$python" main.py play --headless --input demo --duration 30 --device "$device" --report "$folder/parts/show.json"
else
    echo "$reason: only the CPU is measured"
    part networks 40 "$python" main.py bench networks --quick --json
    part line 20 "$python" main.py bench line --seconds 5 --json
    part show 45 "$python" main.py play --headless --input demo --duration 30 --report "$folder/parts/show.json"
fi
"$python" -m tests.gpu.summary "$folder"
