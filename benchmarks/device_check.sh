#!/usr/bin/env bash
# What argusd does on this machine's first GPU, within 10 minutes and without a network: `argusd bench gpu`.
#
#   MODELS=FOLDER [WHEELS=FOLDER] [PYTHON=python3] [OUT=FOLDER] benchmarks/device_check.sh [--quick]
#
# MODELS: the models' ONNX files, at any depth (33 MiB of ~/.cache/argusd/models). WHEELS: packages that are missing
# here; they are installed into a folder that goes at the end. OUT: where gpu.json goes, else benchmarks/results.
# Ends with 0 if all was right, 1 if something was not or was left out, 2 if nothing could be tried.
set -euo pipefail
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-python3}
out=${OUT:-$checkout/benchmarks/results}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The folders of the checkout are argusd's packages.
mkdir -p "$work/path/argusd" "$work/wheels" "$out"
for folder in api benchmarks daemon ingest interviewer_bridge kernels scheduler systemd; do
    ln -s "$checkout/$folder" "$work/path/argusd/$folder"
done
if [ -n "${WHEELS:-}" ]; then
    "$python" -m pip install --quiet --no-index --no-deps --no-compile --no-cache-dir --disable-pip-version-check \
        --target "$work/wheels" "$WHEELS"/*.whl
fi
export PYTHONPATH="$work/path:$work/wheels" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

"$python" - <<'PYTHON' || exit 2
import importlib.util, sys

uses = {
    "msgspec": "everything", "numpy": "everything", "aiohttp": "the command line", "cupy": "everything on the GPU",
    "cv2": "crops and decodes", "tqdm": "decodes and models", "onnx": "models", "torch": "models",
    "uvloop": "sessions", "onnxruntime": "precision, batches and sessions; the engine is then held against itself on the CPU",
}
lacking = [name for name in uses if importlib.util.find_spec(name) is None]
for name in lacking:
    print(f"{name} is not installed; it is needed for {uses[name]}")
vital = {"msgspec", "numpy", "aiohttp", "cupy"}.intersection(lacking)
if sys.version_info < (3, 11) or vital:
    print(f"nothing can be tried: {', '.join(sorted(vital)) or 'Python is older than 3.11'}; carry wheels (WHEELS)")
    sys.exit(2)
PYTHON

models=()
if [ -n "${MODELS:-}" ]; then models=(--models "$(cd "$MODELS" && pwd)"); fi
status=0
cd "$work"
timeout --kill-after=5 590 "$python" -P -m argusd.daemon bench gpu --json "$out/gpu.json" "${models[@]}" "$@" || status=$?
exit "$status"
