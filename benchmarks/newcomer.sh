#!/bin/bash
# From a clone to a violation with evidence, as README.md leads a newcomer: steps, seconds, bytes. A few minutes.
#
#     benchmarks/newcomer.sh clone     `make run` in a fresh clone
#     benchmarks/newcomer.sh wheel     a wheel, `pip install`, `argusd models pull`, `argusd serve`, `argusd publish`
#
# pip keeps a cache unless PIP_NO_CACHE_DIR=1 says otherwise. Nothing else of this user's is used, and all of it goes
# at the end. Nothing may listen at port 8015.
set -euo pipefail
unset PYTHONPATH
tree=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
folder=$(mktemp -d)
export PIP_CACHE_DIR=${PIP_CACHE_DIR:-$HOME/.cache/pip} HOME=$folder
url=http://127.0.0.1:8015 daemon=
trap 'kill "$daemon" 2>/dev/null && wait "$daemon"; rm -rf "$folder"' EXIT

step=0 began=${EPOCHREALTIME/./}
told() { # what was done: the step's number, and seconds since the beginning
    step=$((step + 1))
    local tenths=$(((${EPOCHREALTIME/./} - began) / 100000))
    printf '%d %5d.%d s  %s\n' "$step" $((tenths / 10)) $((tenths % 10)) "$1"
}

# Until a line of the file says so, while the process lives that writes it.
until_said() {
    until grep -q -- "$1" "$2" 2>/dev/null; do
        kill -0 "$daemon" 2>/dev/null || { cat "$2"; exit 1; }
        sleep 0.2
    done
}

# Until a violation of the session has a picture.
until_evidence() {
    until curl -fsS "$url/sessions/$1/evidence" 2>/dev/null | grep -q '"snapshot":{'; do sleep 0.2; done
}

git clone -q "$tree" "$folder/clone" && cd "$folder/clone"
told "git clone"
case ${1:?clone or wheel} in
clone)
    make run >"$folder/said" 2>&1 & daemon=$!
    until_said '▲' "$folder/said"
    told "make run: the first finding"
    until_evidence demo
    told "the same: a violation with its picture"
    environment=.venv
    ;;
wheel)
    python3 -m venv "$folder/venv"
    PATH=$folder/venv/bin:$PATH
    pip wheel -q --no-deps .
    told "pip wheel --no-deps ."
    pip install -q "$(echo argusd-*.whl)[cpu]"
    told "pip install 'argusd-….whl[cpu]'"
    argusd models pull >"$folder/said" 2>&1
    told "argusd models pull"
    argusd serve >"$folder/said" 2>&1 & daemon=$!
    until_said 'is up at' "$folder/said"
    told "argusd serve"
    curl -fsS -X PUT "$url/sessions/demo" -H 'Content-Type: application/json' \
        -d '{"policy": {"evidence": {"snapshot": true}}}' >/dev/null
    argusd publish sample --session demo >/dev/null &
    until_evidence demo
    told "argusd publish sample: a violation with its picture"
    environment=$folder/venv
    ;;
esac
du -sb "$environment" "$folder/.cache/argusd" | while read -r bytes what; do echo "$bytes bytes in ${what##*/}"; done
