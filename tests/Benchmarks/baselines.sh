#!/bin/sh
# Installs and builds what the benchmarks compare with: OpenBLAS and PyTorch from the distribution's packages, and the programs of
# Baselines/*.cpp as shared libraries lib*.so in bin/baselines. Whatever is missing is reported, and the benchmarks then leave
# it out.
here=$(cd "$(dirname "$0")" && pwd)
output="$here/bin/baselines"

if ldconfig -p 2>/dev/null | grep -q 'libopenblas\.so\.0'; then
    echo "OpenBLAS: found"
elif command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq libopenblas0-pthread; then
    echo "OpenBLAS: installed"
else
    echo "OpenBLAS: not found; install libopenblas.so.0 (Debian: libopenblas0-pthread)"
fi

if python3 -c 'import torch' 2>/dev/null || /usr/bin/python3 -c 'import torch' 2>/dev/null; then
    echo "PyTorch: found"
elif command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] && apt-get install -y -qq --no-install-recommends python3-torch; then
    echo "PyTorch: installed"
else
    echo "PyTorch: not found; install the Python module torch (Debian: python3-torch)"
fi

if ! command -v g++ >/dev/null; then
    echo "g++: not found; its programs are left out"
    exit 0
fi

mkdir -p "$output"
for source in "$here"/Baselines/*.cpp; do
    [ -e "$source" ] || continue
    library="$output/lib$(basename "$source" .cpp).so"
    g++ -O3 -march=native -ffast-math -shared -fPIC "$source" -o "$library" && echo "g++: $library"
done
