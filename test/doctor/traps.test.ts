// Each trap that makes other tools cry wolf (doctor.md 6), with the rules that it must not set off.
import test from 'ava'
import { diagnose, type Finding, type Report, watch } from 'glorot/doctor'
import { healthy } from './collection/healthy.js'
import { healthyLayers } from './collection/layers.js'
import { healthyLoops } from './collection/loops.js'
import type { Program } from './collection/program.js'
import { sick } from './collection/sick.js'

const programs = new Map<string, Program>(
  [...healthy, ...healthyLayers, ...healthyLoops, ...sick].map(p => [p.name, p]),
)

function reportOn(name: string): Report {
  const program = programs.get(name)
  if (program === undefined) throw new Error(`there is no program '${name}'`)
  const options = program.make(31)
  if (program.loop === undefined) return diagnose(options)
  const { model, criterion, optimizer, epochs, validation } = options
  return program.loop(options, () => watch({ model, criterion, optimizer, validation, epochs, stepsPerEpoch: 15 }))
}

/** [trap, a program of the collection, rules that must say nothing above info]; no rules: all of them. */
const traps: [trap: string, name: string, ...rules: string[]][] = [
  ['standardised data lie outside of -1 to 1', 'relu, two layers, regression', 'unscaled-features'],
  [
    'one-hot columns have small deviations',
    'one-hot columns beside quantities',
    'unscaled-features',
    'features-too-small',
  ],
  ['raw data into batch norm', 'raw data into batch norm', 'unscaled-features'],
  ['raw data that the model scales', 'pixels that the model scales', 'unscaled-features'],
  ['an output sigmoid saturates when it is right', 'sigmoid and BCELoss', 'saturated-activations'],
  ['gradients fade as training converges', 'linear regression, all rows a step', 'vanishing-gradient', 'lr-too-low'],
  ['ReLUs are 0 for half of the rows', 'relu, classes, adam', 'dead-relu'],
  ['narrow stacks of ReLU have dead units', 'narrow deep relu', 'dead-relu', 'vanishing-gradient'],
  ['deep sigmoids learn under Adam', 'four sigmoids under adam', 'vanishing-gradient', 'deep-saturating-stack'],
  [
    'the default initialisation is neither He nor Xavier',
    'tanh, two layers, regression',
    'init-too-small',
    'init-too-large',
  ],
  ['sgd of 1 on a logistic regression', 'logistic regression, sgd of 1', 'lr-too-high'],
  [
    'losses of batches jump',
    'noisy targets that half can be learned of',
    'lr-too-high',
    'loss-oscillating',
    'no-signal',
  ],
  [
    'a target whose mean is far above its deviation',
    'targets of mean 8 and deviation 2',
    'initial-loss-off',
    'unscaled-targets',
  ],
  ['squared error of values from 0 to 1', 'autoencoder of values from 0 to 1', 'mse-classification'],
  ['squared error of zeros and ones that are a picture', 'autoencoder of zeros and ones', 'mse-classification'],
  ['a sigmoid before BCELoss is right', 'sigmoid and BCELoss', 'sigmoid-before-logits-loss', 'logits-into-prob-loss'],
  [
    'a log softmax before NLLLoss is right',
    'log softmax and NLLLoss',
    'logits-into-prob-loss',
    'sigmoid-before-logits-loss',
  ],
  ['a regression has no activation', 'linear regression, all rows a step', 'missing-nonlinearity'],
  [
    'a frozen layer is meant to be',
    'frozen first layer',
    'params-not-in-optimizer',
    'nothing-trainable',
    'params-not-updated',
  ],
  ['gradients of several batches are added up', 'gradients of four batches', 'grad-not-zeroed'],
  ['gradients that are filled with zeros are cleared', 'cleared after the step, with zeros', 'grad-not-zeroed'],
  ['gradients that are cleared by hand are cleared', 'cleared by hand', 'grad-not-zeroed'],
  ['a last layer of zeros', 'last layer of zeros', 'symmetric-init', 'init-too-small', 'input-ignored'],
  ['a residual branch of zeros', 'residual branch of zeros', 'symmetric-init'],
  ['schedules end at 0', 'a schedule that ends at 0', 'lr-decayed-too-early', 'lr-invalid'],
  ['clipping is active', 'clipped to 1', 'clip-too-tight'],
  ['four rows are too few to judge data by', 'the four rows of xor'],
  ['dropout makes the training loss larger', 'dropout of a half', 'train-eval-gap', 'high-dropout'],
]

const serious = (findings: readonly Finding[]) =>
  findings.filter(f => f.severity !== 'info').flatMap(f => [f.id, ...(f.symptoms ?? []).map(s => s.id)])

for (const [trap, name, ...rules] of traps)
  test(trap, t => {
    const found = serious(reportOn(name).findings)
    t.deepEqual(rules.length === 0 ? found : found.filter(id => rules.includes(id)), [])
  })

test('labels by a coin and a healthy network: no signal, and nothing else', t => {
  const { findings } = reportOn('labels by a coin')
  t.deepEqual(
    findings.filter(f => f.severity !== 'info').map(f => f.id),
    ['no-signal'],
  )
})
