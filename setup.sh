#!/bin/sh
# Set-up on Debian and Ubuntu: system packages where they are missing and we may install them, then .venv with pinned wheels.
# usage: sh setup.sh run|dev [python3]       run: to play.  dev: also what the tests need.
set -eu
want=${1:-run}
python=${2:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "livegan needs Python 3.11 or newer; $python is $("$python" -V 2>&1). Type: make PYTHON=python3.11 $want" >&2
    exit 2
}

# What PortAudio, Qt's xcb plugin, OpenGL and ALSA's bridge to PulseAudio/PipeWire need.
packages="libportaudio2 libasound2-plugins libgl1 libegl1 libgl1-mesa-dri libdbus-1-3 libfontconfig1
libglib2.0-0 fonts-dejavu-core libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0
libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 libxkbcommon-x11-0"
"$python" -c 'import ensurepip' 2>/dev/null || packages="$packages python3-venv"
# What the tests use as a sound card, a MIDI port and a screen.
[ "$want" = dev ] && packages="$packages pulseaudio pulseaudio-utils jackd2 xvfb xdotool x11-utils imagemagick"

if command -v dpkg-query >/dev/null 2>&1; then
    missing=""
    for package in $packages; do
        # t64: the name of some libraries since Debian 13 and Ubuntu 24.04
        dpkg-query -W -f '${Status}\n' "$package" "${package}t64" 2>/dev/null | grep -q 'install ok installed' ||
            missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        as_root=""
        [ "$(id -u)" = 0 ] || as_root="sudo -n"
        if [ -z "$as_root" ] || sudo -n true 2>/dev/null; then
            echo "installing system packages:$missing"
            $as_root apt-get update -qq
            echo "jackd2 jackd/tweak_rt_limits boolean false" | $as_root debconf-set-selections 2>/dev/null || true
            # shellcheck disable=SC2086
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
        else
            echo "please type, then try again:  sudo apt-get install$missing" >&2
            [ "$want" = dev ] && exit 2
        fi
    fi
fi

[ -x .venv/bin/python ] || "$python" -m venv .venv
[ "$want" = dev ] && target=".[dev]" || target=".[openvino]"
echo "installing Python packages (the first time takes a few minutes)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e "$target"
