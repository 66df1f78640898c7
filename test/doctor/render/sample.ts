// A report with everything that a report can have, made up: what is drawn from it is known.
import { type Finding, Report, type ReportParts, type Trace } from 'glorot/doctor'

/** A name that would break a page or a terminal that takes it as it is. */
export const HOSTILE = 'encoder.</script><img src=x onerror=alert(1)>"\'&\x1b[2J\u202e'

const LAYERS = [
  ['0', 'sigmoid'],
  ['2', 'relu'],
  [HOSTILE, 'linear'],
] as const

const bell = Array.from({ length: 20 }, (_, i) => Math.round(100 * Math.exp(-(((i - 9.5) / 4) ** 2))))
const twoEnds = Array.from({ length: 20 }, (_, i) => (i === 0 || i === 19 ? 500 : 3))

export const trace: Trace = {
  losses: Array.from({ length: 300 }, (_, i) => ({ step: i + 1, loss: 0.9 + 600 * Math.exp(-i / 10) })),
  rates: [
    { step: 1, lr: 0.1 },
    { step: 150, lr: 0.01 },
  ],
  layers: LAYERS.map(([name, kind], k) => ({
    name,
    type: 'Linear',
    samples: [1, 100, 200, 300].map(step => ({
      step,
      gradNorm: 10 ** (2 * k - 4),
      gradRms: 10 ** (2 * k - 5),
      weightNorm: 3,
      updateRatio: 10 ** (2 * k - 6),
      travel: step * 10 ** (2 * k - 6),
      activation: {
        kind,
        mean: 0.5,
        std: 0.4,
        saturated: kind === 'sigmoid' ? 0.84 : null,
        dead: kind === 'relu' ? 0.25 : null,
        histogram: kind === 'sigmoid' ? { low: 0, high: 1, counts: twoEnds } : { low: -2, high: 2, counts: bell },
      },
    })),
  })),
  validation: [
    { step: 100, epoch: 1, loss: 1.1, accuracy: 0.5 },
    { step: 200, epoch: 2, loss: 1, accuracy: 0.6 },
  ],
  data: {
    rows: 1000,
    inputShape: [10],
    targetShape: [1],
    inputMean: 0.01,
    inputStd: 1,
    inputMin: -3,
    inputMax: 3,
    targetMean: 0.1,
    targetStd: 0.3,
    targetMin: 0,
    targetMax: 1,
    classes: [900, 100],
  },
  baseline: 0.92,
  probe: [1, 100, 200, 300].map(step => ({ step, loss: 1 + 500 / step })),
  control: { skill: 0.62, rows: 200 },
  counterfactuals: [
    {
      name: 'symmetric-init',
      fixSummary: 'Weights from Xavier.',
      before: Array.from({ length: 100 }, () => 0.69),
      after: Array.from({ length: 100 }, (_, i) => 0.03 + 0.66 * Math.exp(-i / 20)),
    },
  ],
}

export const findings: Finding[] = [
  {
    id: 'symmetric-init',
    severity: 'error',
    layer: '0',
    evidence: { 'units alike': '10 of 10', 'rank of the weight': 1, 'loss at the start': 6234.1 },
    cause: 'All units of the layer are the same unit: equal weights get equal gradients.',
    fix: {
      summary: 'Start each unit from its own random weights.',
      code: "nn.init.xavierUniform_(model.get('0').weight)\nnn.init.zeros_(model.get('0').bias)",
      apply: () => ({}),
    },
    counterfactual: 'symmetric-init',
    symptoms: [
      {
        id: 'saturated-activations',
        severity: 'warning',
        layer: '1',
        evidence: { saturated: '84 %' },
        cause: 'Most outputs lie on the flat part of the sigmoid.',
        fix: { summary: 'Scale the data.' },
      },
    ],
  },
  {
    id: 'lr-too-high',
    severity: 'warning',
    layer: HOSTILE,
    evidence: { [HOSTILE]: HOSTILE, 'median change per step': 0.31 },
    cause: `Steps overshoot at ${HOSTILE}.`,
    fix: { summary: HOSTILE, code: HOSTILE },
  },
  {
    id: 'class-imbalance',
    severity: 'info',
    evidence: { rows: '900 : 100' },
    cause: 'One class has nine times the rows of the other.',
    fix: { summary: 'Weigh the classes.' },
  },
]

export const parts: ReportParts = {
  findings,
  trace,
  meta: {
    version: '0.0.0',
    source: 'watch',
    model: 'Sequential',
    structure: `Sequential(\n  (${HOSTILE}): Linear(in_features=10, out_features=10)\n)`,
    parameters: 121,
    optimizer: 'SGD(lr 0.1)',
    criterion: 'MSELoss',
    steps: 300,
    plannedSteps: 1000,
    seconds: 0.412,
    notes: [`The script is /${HOSTILE}/train.js.`],
  },
}

export const report = new Report(parts)

/** Nothing was seen: a report of a script that made no step. */
export const bare = new Report({
  findings: [],
  trace: {
    losses: [],
    rates: [],
    layers: [],
    validation: [],
    data: null,
    baseline: null,
    probe: [],
    control: null,
    counterfactuals: [],
  },
  meta: { ...parts.meta, steps: 0, plannedSteps: null, notes: [] },
})
