// A character-level transformer that learns to write like Romeo and Juliet, measured against counting pairs of characters.
//
//     node out/examples/shakespeare/main.js --steps 2000 --write 400 --seed 1
import { parseArgs } from 'node:util'
import { compile, manualSeed, nn, noGrad, optim, type Tensor } from 'glorot'
import { CharacterModel, CONTEXT, write } from './model.js'
import { allPieces, bigramLoss, readText, somePieces } from './text.js'

const BATCH = 32

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    write: { type: 'string', default: '400' },
  },
})
const steps = Number(values.steps)

manualSeed(Number(values.seed))
const text = readText()
const model = new CharacterModel(text.alphabet.length, 0.1)
const criterion = new nn.CrossEntropyLoss()
const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3, weightDecay: 0.01 })
const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 3e-3, totalSteps: steps, pctStart: 0.1 })

const lossOf = (x: Tensor, y: Tensor) => criterion.forward(model.forward(x).flatten(0, 1), y.flatten())

const step = compile((x: Tensor, y: Tensor) => {
  optimizer.zeroGrad()
  const loss = lossOf(x, y)
  loss.backward()
  nn.utils.clipGradNorm_(model.parameters(), 1)
  optimizer.step()
  return loss
})

/** Mean over a text that is not trained on. */
function heldOutLoss(): number {
  model.eval()
  const [x, y] = allPieces(text.heldOut, CONTEXT)
  const losses = noGrad(() => x.split(BATCH).map((part, i) => lossOf(part, y.split(BATCH)[i]).item() * part.size(0)))
  model.train()
  return losses.reduce((a, b) => a + b) / x.size(0)
}

const count = [...model.parameters()].reduce((n, p) => n + p.numel(), 0)
const baseline = bigramLoss(text)
console.log(`${text.training.size(0)} characters of ${text.alphabet.length} kinds, ${count} parameters`)
console.log(`Loss of counting pairs: ${baseline.toFixed(3)}`)
const start = performance.now()
for (let i = 1; i <= steps; i++) {
  const [x, y] = somePieces(text.training, BATCH, CONTEXT)
  const loss = step(x, y)
  scheduler.step()
  if (i % Math.max(1, Math.floor(steps / 10)) === 0)
    console.log(`Step: ${i}, Loss: ${loss.item().toFixed(3)}, Held out: ${heldOutLoss().toFixed(3)}`)
}
const seconds = (performance.now() - start) / 1000
const final = heldOutLoss()
console.log(
  `${seconds.toFixed(1)} s, ${((steps * BATCH * CONTEXT) / seconds / 1000).toFixed(1)} thousand characters a second`,
)
console.log(`Held out: ${final.toFixed(3)}, ${final < baseline ? 'below' : 'above'} counting pairs\n`)

const opening = text.heldOut.narrow(0, 0, 8)
console.log(
  write(model, opening, Number(values.write))
    .tolist()
    .map((n: number) => text.alphabet[n])
    .join(''),
)
