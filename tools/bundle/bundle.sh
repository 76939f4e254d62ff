#!/bin/sh
# Linux folder dist/livegan, which starts on a machine without Python: PyInstaller, then a launch smoke test.
set -eu
cd "$(dirname "$0")/../.."
python=${1:-.venv/bin/python}
if ! "$python" -c 'import sys, torch; sys.exit(torch.version.cuda is not None)'; then
    echo "bundle: this PyTorch is the one for CUDA (gigabytes); type: rm -rf .venv && LIVEGAN_TORCH=cpu make bundle" >&2
    exit 2
fi
mkdir -p build
"$python" -c 'import PyInstaller' 2>/dev/null || {
    echo "bundle: installing PyInstaller"
    "$python" -m pip install --disable-pip-version-check -c constraints.txt -e '.[openvino,bundle]' >build/pip.log 2>&1 || {
        tail -n 3 build/pip.log >&2
        exit 2
    }
}
echo "bundle: collecting (some minutes; build/bundle.log tells what)"
"$python" -m PyInstaller --noconfirm --distpath dist --workpath build tools/bundle/livegan.spec >build/bundle.log 2>&1 || {
    tail -n 5 build/bundle.log >&2
    exit 2
}
"$python" tools/bundle/smoke.py dist/livegan
