#!/usr/bin/env bash
# Installs the packages that crowd-engine needs on a Debian, Ubuntu or Raspberry Pi OS machine. Installed packages are not changed,
# so a second run needs no password and takes little time.
#
#   scripts/setup.sh [build|test|bench|32bit]      test includes build, bench includes test; build is the default
set -euo pipefail
cd "$(dirname "$0")/.."

goal=${1:-build}
case $goal in
build | test | bench | 32bit) ;;
*)
    echo "setup: unknown goal '$goal': give build, test, bench or 32bit" >&2
    exit 2
    ;;
esac

export PATH="$HOME/.cargo/bin:$PATH"
missing=()

say() { echo "setup: $*" >&2; }
die() {
    say "$*"
    exit 1
}

# need PACKAGE COMMAND...: PACKAGE is missing when COMMAND fails.
need() {
    local package=$1
    shift
    if ! "$@" >/dev/null 2>&1; then
        missing+=("$package")
    fi
}

links_32bit() { echo 'int main(void) { return 0; }' | cc -m32 -x c - -o /dev/null; }
have_daemon() { PATH="$PATH:/usr/sbin" command -v "$1"; }
have_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
have_alsa_pulse() { compgen -G '/usr/lib*/*/alsa-lib/libasound_module_pcm_pulse.so' || compgen -G '/usr/lib*/alsa-lib/libasound_module_pcm_pulse.so'; }

# The oldest supported Rust.
oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
rust_is_new_enough() {
    local found
    found=$(rustc --version 2>/dev/null | cut -d' ' -f2) || return 1
    [ -n "$found" ] && cargo --version >/dev/null 2>&1 &&
        [ "$(printf '%s\n' "$oldest" "$found" | sort -V | head -n 1)" = "$oldest" ]
}

need build-essential c++ --version
need pkg-config pkg-config --version
need libasound2-dev pkg-config --exists alsa
# For the build of libopus.
need cmake cmake --version
if ! rust_is_new_enough && ! command -v rustup >/dev/null; then
    need curl curl --version
    need ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
fi
if [ "$goal" = 32bit ]; then
    [ "$(uname -m)" = x86_64 ] || die "the engine is tested as a 32-bit program on x86-64 machines, and this is $(uname -m)"
    need gcc-multilib links_32bit
elif [ "$goal" != build ]; then
    # The tests start a sound server, which needs no sound card.
    need pulseaudio pulseaudio --version
    need pulseaudio-utils parec --version
    need libasound2-plugins have_alsa_pulse
    # For the files of the format tests. Decoders are compared with ffmpeg.
    need ffmpeg command -v ffmpeg
    need lame command -v lame
    # The radio station is sent to an Icecast server, and to nginx. Daemons are in sbin.
    need icecast2 have_daemon icecast2
    need nginx-light have_daemon nginx
    # The modules with which nginx receives RTMP, and RTMP over TLS.
    need libnginx-mod-rtmp test -e /usr/lib/nginx/modules/ngx_rtmp_module.so
    need libnginx-mod-stream test -e /usr/lib/nginx/modules/ngx_stream_module.so
    # For the tests of enhance-server's page.
    need chromium have_chromium
    # For counting the instructions of a block.
    need valgrind valgrind --version
    # moto, the S3 server of the tests, is a Python program.
    need python3-venv python3 -c 'import ensurepip, venv'
fi
if [ "$goal" = bench ]; then
    need supercollider-server command -v scsynth
    need soundstretch command -v soundstretch
    need rubberband-cli command -v rubberband
    need sox command -v sox
fi

if [ ${#missing[@]} -gt 0 ]; then
    by_hand="apt-get install --no-install-recommends ${missing[*]}"
    command -v apt-get >/dev/null ||
        die "missing: ${missing[*]} (names of Debian packages). This machine has no apt-get: install them with its package manager."
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        sudo=sudo
        command -v sudo >/dev/null || die "missing: ${missing[*]}. There is no sudo. Run as root: $by_hand"
    fi
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # Another apt, for example the automatic updates of a desktop, may hold the lock for a while.
    apt_get="$sudo apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2"
    $apt_get update -qq || say "the package lists could not be updated; trying with the existing ones"
    $apt_get install -qq -y --no-install-recommends "${missing[@]}" ||
        die "the packages could not be installed. Is there a network? To install them yourself: $by_hand"
fi

if ! rust_is_new_enough; then
    found=$(rustc --version 2>/dev/null || echo "no Rust")
    say "Rust $oldest or newer is needed, this machine has: $found"
    if command -v rustup >/dev/null; then
        rustup update stable --no-self-update && rustup default stable ||
            die "rustup could not get it. Is there a network? To install them yourself: rustup update stable"
    else
        installer=$(mktemp)
        trap 'rm -f "$installer"' EXIT
        # The same script has two addresses; some networks reach only one of them.
        for address in https://sh.rustup.rs https://static.rust-lang.org/rustup/rustup-init.sh; do
            curl --proto '=https' --tlsv1.2 --retry 2 -fsS -o "$installer" "$address" && break
        done
        sh "$installer" -y --profile minimal --component clippy,rustfmt --default-toolchain stable --no-modify-path &&
            [ -s "$installer" ] || die "Rust could not be installed. Is there a network? To install them yourself: https://rustup.rs"
    fi
    hash -r
    rust_is_new_enough ||
        die "still $(rustc --version 2>/dev/null || echo 'no rustc') on the PATH; put $HOME/.cargo/bin first"
fi

if [ "$goal" = 32bit ] && ! rustc --print target-libdir --target i686-unknown-linux-gnu | xargs test -d; then
    rustup target add i686-unknown-linux-gnu ||
        die "there is no 32-bit standard library: rustup and a network are needed (https://rustup.rs)"
fi

if [ "$goal" = test ] || [ "$goal" = bench ]; then
    # Tests of nodes that share a bucket start an S3 server. It is installed outside the system's Python.
    moto="${XDG_CACHE_HOME:-$HOME/.cache}/crowd-engine/moto"
    if ! "$moto/bin/python" -c 'import moto.server, moto.s3' >/dev/null 2>&1; then
        say "installing moto, an S3 server for tests, into $moto"
        python3 -m venv --clear "$moto" && "$moto/bin/pip" install -q 'moto[s3]==5.2.5' flask flask-cors ||
            die "moto could not be installed. Is there a network? To install them yourself: $moto/bin/pip install 'moto[s3]==5.2.5' flask flask-cors"
    fi
fi
