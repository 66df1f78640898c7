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
for tool in node npm npx sh env; do ln -s "$(command -v $tool)" "$place/bin/$tool"; done
cat=$(command -v cat)
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

train=$("$cat" <<'TS'
import { manualSeed, nn, optim, randn, type Tensor } from 'glorot'
manualSeed(0)
const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Sigmoid(), new nn.Linear(8, 1))
for (const p of model.parameters()) nn.init.constant_(p, 10)
const X: Tensor = randn([64, 4])
const y: Tensor = X.sum(1, { keepdim: true })
const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 })
const criterion = new nn.MSELoss()
for (let step = 0; step < 50; step++) {
  optimizer.zeroGrad()
  criterion.forward(model.forward(X), y).backward()
  optimizer.step()
}
TS
)
echo "$train" >train.ts
"$cat" >types.mts <<'TS'
import { autograd, compile, type DType, data, nn, optim, randn, type Tensor } from 'glorot'
import { diagnose } from 'glorot/doctor'

class Net extends nn.Module {
  fc = new nn.Linear(4, 1)
  override forward(x: Tensor): Tensor {
    return this.fc.forward(x).sigmoid()
  }
}
export class Twice extends autograd.Function {}
export const model = new Net()
const X = randn([8, 4])
const y: Tensor = X.sum(1, { keepdim: true }).cumsum(0).clamp(0, 1).where(X.gt(0), 1).relu().fill_(1)
export const [values, places]: [Tensor, Tensor] = y.topk(1)
export const dtype: DType = values.slice(0, 1).dtype
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
export const step = compile((inputs: Tensor, labels: Tensor): Tensor => {
  const loss = new nn.MSELoss().forward(model.forward(inputs), labels)
  loss.backward()
  optimizer.step()
  return loss
})
const loader = new data.DataLoader(new data.TensorDataset(X, y), { batchSize: 4 })
export const report: string = (await diagnose({ model, criterion: new nn.MSELoss(), optimizer, data: loader })).toString()
// @ts-expect-error a tensor is no number
export const number: number = X.matmul(X)
// @ts-expect-error no such option
new nn.Linear(1, 2, { bais: false })
TS
node "$root/node_modules/typescript/bin/tsc" --strict --noEmit --target es2022 --module nodenext --types node \
  --typeRoots "$root/node_modules/@types" types.mts
echo 'a program in strict TypeScript finds its types'
npx --no-install glorot info
if npx --no-install glorot doctor train.ts --html report.html >report.txt; then echo 'the doctor let equal weights pass'; exit 1; fi
for file in report.txt report.html; do
  case $(<$file) in *symmetric-init*) ;; *) echo "$file does not name the cause"; exit 1 ;; esac
done
echo 'the doctor runs TypeScript and names the cause'
