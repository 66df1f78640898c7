#!/usr/bin/env bash
# Packs the package and uses it as a user would: installed into an empty folder with --ignore-scripts, on a PATH that has node and
# npm but no compiler, make, cmake or python.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
[ -d "$root/prebuilds" ] || { echo 'no prebuilds/: run npm run make-prebuild first'; exit 1; }
place=$(mktemp -d)
trap "$(command -v rm) -rf '$place'" EXIT

cd "$root"
tarball=$(npm pack --ignore-scripts --silent --pack-destination "$place")
size=$(stat -c %s "$place/$tarball")
echo "$tarball: $size bytes"
[ "$size" -lt 1000000 ] || { echo 'the tarball with one prebuild must stay under 1 MB'; exit 1; }

mkdir "$place/bin" "$place/app"
for tool in node npm sh env; do ln -s "$(command -v $tool)" "$place/bin/$tool"; done
cd "$place/app"
export PATH="$place/bin"
for tool in cc gcc g++ clang make cmake python3; do
  if command -v $tool >/dev/null; then echo "$tool is still on the PATH"; exit 1; fi
done
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund "$place/$tarball" >/dev/null

node --input-type=module -e "
import { buildInfo, nn, tensor } from 'glorot'
const net = new nn.Sequential(new nn.Linear(2, 3), new nn.Sigmoid(), new nn.Linear(3, 1))
const loss = new nn.MSELoss().forward(net.forward(tensor([[1, 2], [3, 4]])), tensor([[0], [1]]))
loss.backward()
if (![...net.parameters()].every(p => p.grad !== null)) throw new Error('no gradients')
console.log('loads and trains:', JSON.stringify(buildInfo()))
"
node -e "
const { Tensor } = require('glorot')
import('glorot').then(m => { if (m.Tensor !== Tensor) throw new Error('require and import differ') })
"
