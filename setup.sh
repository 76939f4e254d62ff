#!/bin/sh
# Set-up on Debian and Ubuntu: system packages where they are missing, then .venv with pinned wheels. Nothing is compiled.
# usage: sh setup.sh run|dev [python3]       run: to play.  dev: also what the tests need.
# Typed again, it does what is still missing, and nothing if nothing is. It listens to HTTPS_PROXY and pip's settings;
# LIVEGAN_TORCH=cpu or =pip chooses the build of PyTorch (README, "Set-up").
set -eu
want=${1:-run}
asked=${2:-python3}
log=.venv/setup.log
torch_cpu=https://download.pytorch.org/whl/cpu # PyTorch's own index of builds without CUDA, a tenth of the size

say() { echo "set-up: $*"; }
stop() {
    echo "set-up: $*" >&2
    exit 2
}

# --- Python: the one that was asked for, else the newest that will do.
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python=""
for name in "$asked" python3.13 python3.12 python3.11; do
    if new_enough "$name"; then
        python=$name
        break
    fi
done
[ -n "$python" ] || stop "livegan needs Python 3.11 or newer; $asked is $("$asked" -V 2>&1 || echo missing). Type:
  sudo apt-get install python3.11 python3.11-venv
  make PYTHON=python3.11 $want"

# --- What PortAudio, Qt's xcb plugin, OpenGL and ALSA's bridge to PulseAudio/PipeWire need.
packages="libportaudio2 libasound2-plugins libgl1 libegl1 libgl1-mesa-dri libdbus-1-3 libfontconfig1
libglib2.0-0 fonts-dejavu-core libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0
libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 libxkbcommon-x11-0"
"$python" -c 'import ensurepip' 2>/dev/null ||
    packages="$packages $("$python" -c 'import sys; print(f"python3.{sys.version_info.minor}-venv")')"
# What the tests use as a sound card, a MIDI port, a screen and a browser (with Chinese letters).
[ "$want" != dev ] || packages="$packages pulseaudio pulseaudio-utils jackd2 xvfb xserver-xorg-core
xserver-xorg-video-dummy xdotool x11-utils x11-xserver-utils imagemagick
libxss1 dbus-daemon libfluidsynth3 timgm6mb-soundfont chromium fonts-wqy-zenhei"

missing_packages() {
    names=""
    for package in $packages; do
        names="$names $package ${package}t64" # t64: some libraries since Debian 13 and Ubuntu 24.04
    done
    # shellcheck disable=SC2086
    there=$(dpkg-query -W -f '${Package} ${Status}\n' $names 2>/dev/null | sed -n 's/ install ok installed$//p')
    for package in $packages; do
        case "
$there
" in
        *"
$package
"* | *"
${package}t64
"*) ;;
        *) printf ' %s' "$package" ;;
        esac
    done
}

as_root() { # with the settings of the proxy, which sudo drops and apt reads in small letters
    for name in http_proxy https_proxy no_proxy; do
        value=$(printenv "$name" || printenv "$(echo "$name" | tr '[:lower:]' '[:upper:]')" || true)
        [ -z "$value" ] || set -- "$name=$value" "$@"
    done
    set -- env DEBIAN_FRONTEND=noninteractive "$@"
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

may_install() {
    [ "$(id -u)" != 0 ] || return 0
    command -v sudo >/dev/null 2>&1 || return 1
    sudo -n true 2>/dev/null && return 0
    [ -t 0 ] || return 1
    say "sudo asks for your password, to install system packages (Ctrl-C: go on without them)"
    trap : INT
    sudo -v && trap - INT && return 0
    trap - INT
    return 1
}

apt_install() {
    as_root apt-get update -qq &&
        { echo "jackd2 jackd/tweak_rt_limits boolean false" | as_root debconf-set-selections || true; } &&
        as_root apt-get install -y -qq --no-install-recommends "$@"
}

if command -v dpkg-query >/dev/null 2>&1; then
    missing=$(missing_packages)
    if [ -n "$missing" ]; then
        apt_log=$(mktemp)
        # shellcheck disable=SC2086
        if ! may_install; then
            say "these system packages are missing, and there is no right to install them; somebody who has it types:"
            echo "  sudo apt-get install$missing"
        elif say "system packages:$missing" && apt_install $missing >"$apt_log" 2>&1; then
            missing=""
        else
            grep -E '^(E|Err|W):' "$apt_log" | head -n 3 >&2 || true
            say "the system packages could not be installed. See what is wrong with:"
            echo "  sudo apt-get update && sudo apt-get install$missing"
        fi
        rm -f "$apt_log"
        if [ -n "$missing" ]; then
            case "$missing" in *-venv*) stop "without$missing there can be no .venv" ;; esac
            [ "$want" != dev ] || stop "the tests need them all"
            say "going on without them: sound or the window may not work (.venv/bin/livegan doctor tells)"
        fi
    fi
else
    say "no dpkg here: PortAudio, OpenGL and Qt's xcb libraries are taken to be installed (livegan doctor tells)"
fi

# --- .venv, made anew if its Python is gone.
[ "$want" = dev ] && target=".[dev]" || target=".[openvino]"
state="$python $(pwd) $(cat pyproject.toml constraints.txt setup.sh | cksum)"
done_before() { grep -qxF "$want $state" .venv/livegan-setup 2>/dev/null && .venv/bin/python -c 'import pip' 2>/dev/null; }
! done_before || exit 0

if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    "$python" -m venv --clear .venv || stop "no .venv could be made in $(pwd)"
fi
pip() { .venv/bin/python -m pip "$@"; }

# PyTorch without CUDA where there is no NVIDIA driver, unless pip was told where to look.
torch=$(sed -n 's/^torch==//p' constraints.txt)
have_torch() { .venv/bin/python -c 'import importlib.metadata as m; print(m.version("torch"))' 2>/dev/null; }
own_index() { pip config list 2>/dev/null | grep -qE "index-url|find-links|no-index"; }
nvidia() { [ -e /proc/driver/nvidia/version ] || [ -e /dev/nvidia0 ] || command -v nvidia-smi >/dev/null 2>&1; }
build=${LIVEGAN_TORCH:-}
if [ -z "$build" ]; then
    build=pip
    if [ "$(uname -s) $(uname -m)" = "Linux x86_64" ] && ! nvidia && ! own_index; then build=cpu; fi
fi

# Measured with `pip download` for Python 3.11 on x86_64, in MB.
torch_mb=2730
[ "$build" != cpu ] || torch_mb=190
case "$(have_torch)" in "$torch" | "$torch+"*) torch_mb=0 ;; esac
rest_mb=250
[ "$want" != dev ] || rest_mb=300
[ -x .venv/bin/livegan ] && size="what has changed" || size="up to $((torch_mb + rest_mb)) MB"
[ "$torch_mb" -gt 0 ] || size="up to $rest_mb MB"
if [ "$build" = pip ] && [ "$torch_mb" -gt 0 ] && own_index; then
    size="$((190 + rest_mb)) to $((torch_mb + rest_mb)) MB, by the build of PyTorch that pip is told to take"
fi
say "Python packages into .venv; to be downloaded: $size (less what pip still has)"

: >"$log"
ticker=""
if [ -t 1 ]; then # what pip is busy with, on one line
    (
        while sleep 1; do
            printf '\r\033[K  %s' "$(grep -oE '(Downloading|Processing) [^ ]+( \(.*\))?|(Installing|Preparing) [a-z ]+' "$log" |
                tail -n 1 | sed 's| [^ ]*/| |' | cut -c 1-74)"
        done
    ) &
    ticker=$!
fi
quiet() { # the line of progress goes
    [ -z "$ticker" ] || { kill "$ticker" 2>/dev/null && printf '\r\033[K'; } || true
    ticker=""
}
trap quiet EXIT
trap 'quiet; stop "stopped; type the same again to go on"' INT TERM

fetch() { pip install --disable-pip-version-check --no-input --progress-bar off -c constraints.txt "$@" >>"$log" 2>&1; }
if [ "$build" = cpu ] && [ "$torch_mb" -gt 0 ]; then
    fetch --no-deps --index-url "$torch_cpu" "torch==$torch" || {
        quiet
        stop "PyTorch's index of small builds cannot be reached: $torch_cpu. Behind a proxy, type:
  export HTTPS_PROXY=http://PROXY:PORT
  make $want
or take PyTorch from pip's own index (2.7 GB):
  LIVEGAN_TORCH=pip make $want"
    }
fi
if fetch -e "$target"; then
    quiet
else
    quiet
    grep -E '^ *(ERROR|error|OSError)' "$log" | tail -n 3 >&2 || true
    stop "pip could not install the packages ($log tells all). If the network is at fault, type the same again: what was
  downloaded is kept. Behind a proxy, first type:  export HTTPS_PROXY=http://PROXY:PORT"
fi
.venv/bin/python -m compileall -q livegan || true # as pip does with packages: the first start is the sooner for it
for kind in run $want; do echo "$kind $state"; done >.venv/livegan-setup
say "ready"
