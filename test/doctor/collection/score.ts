// Scores a collection: what the doctor says of each program, and whether its prescription cures.
import { data as loaders, nn, noGrad, type Tensor } from 'glorot'
import { type DiagnoseOptions, diagnose, type Finding, type Report, watch } from 'glorot/doctor'
import type { Program } from './program.js'

export interface Result {
  readonly program: Program
  readonly seed: number
  readonly findings: readonly Finding[]
  readonly found: boolean
  readonly first: boolean
  /** Findings above info that are none of what is wrong. */
  readonly stray: number
  /** Null where there was no fix to apply. */
  readonly cured: boolean | null
  readonly seconds: number
}

const isSerious = (f: Finding) => f.severity !== 'info'

/** Rows, whatever form they were given in. */
function rowsOf({ data }: DiagnoseOptions): readonly [Tensor, Tensor] {
  if (Array.isArray(data)) return data as unknown as readonly [Tensor, Tensor]
  const { tensors } = (data as loaders.DataLoader).dataset as loaders.TensorDataset
  return [tensors[0], tensors[1]]
}

const lossOf = ({ criterion }: DiagnoseOptions, output: Tensor, target: Tensor): Tensor =>
  criterion instanceof nn.Module ? criterion.forward(output, target) : criterion(output, target)

/** Trains as the options say, plainly: no part of the doctor takes part. */
export function trainPlainly(options: DiagnoseOptions): void {
  const [X, y] = rowsOf(options)
  const loader = options.data instanceof loaders.DataLoader ? options.data : null
  const batchSize = options.batchSize ?? loader?.batchSize ?? X.size(0)
  const shuffle = options.shuffle ?? (loader === null || !(loader.sampler instanceof loaders.SequentialSampler))
  const batches = new loaders.DataLoader(new loaders.TensorDataset(X, y), { batchSize, shuffle })
  options.model.train()
  for (let epoch = 0; epoch < (options.epochs ?? 1); epoch++) {
    for (const [a, b] of batches) {
      const step = () => {
        options.optimizer.zeroGrad()
        const loss = lossOf(options, options.model.forward(a), b)
        loss.backward()
        return loss
      }
      options.optimizer.step(step)
    }
  }
  options.model.eval()
}

/** Share of the variance that is explained, or of the wrong answers of a constant that are put right; over all rows. */
export function skill(options: DiagnoseOptions): number {
  const [X, y] = rowsOf(options)
  const output = noGrad(() => options.model.forward(X)) as Tensor
  const [out, target] = [output.toTypedArray(), y.toTypedArray()]
  const width = out.length / X.size(0)
  const binary = Array.from(target).every(v => v === 0 || v === 1)
  if (target.length === X.size(0) && width > 1)
    return share(
      X.size(0),
      i => best(out, i, width),
      i => target[i],
    )
  if (binary && width > 1 && target.length === out.length)
    return share(
      X.size(0),
      i => best(out, i, width),
      i => best(target, i, width),
    )
  if (binary && width === 1) {
    const ends = options.criterion instanceof nn.BCEWithLogitsLoss ? 0 : 0.5
    return share(
      X.size(0),
      i => Number(out[i] > ends),
      i => target[i],
    )
  }
  const mean = Array.from(target).reduce((a, b) => a + b, 0) / target.length
  let [error, all] = [0, 0]
  for (let i = 0; i < target.length; i++) {
    error += (out[i] - target[i]) ** 2
    all += (target[i] - mean) ** 2
  }
  return 1 - error / all
}

function best(values: ArrayLike<number>, row: number, width: number): number {
  let at = 0
  for (let k = 1; k < width; k++) if (values[row * width + k] > values[row * width + at]) at = k
  return at
}

function share(rows: number, answer: (i: number) => number, truth: (i: number) => number): number {
  const counts = new Map<number, number>()
  let right = 0
  for (let i = 0; i < rows; i++) {
    counts.set(truth(i), (counts.get(truth(i)) ?? 0) + 1)
    if (answer(i) === truth(i)) right++
  }
  const most = Math.max(...counts.values()) / rows
  return (right / rows - most) / (1 - most)
}

/** Applies the first fix that can be applied, trains, and says whether that learned. */
function cures(program: Program, seed: number, wanted: string): boolean | null {
  const options = program.make(seed)
  const finding = diagnose(options).findings.find(f => f.id === wanted)
  if (finding?.fix.apply === undefined) return null
  finding.fix.apply()
  if (program.sickness[0] === 'overfitting' || program.sickness[0] === 'class-imbalance')
    return !diagnose(options).findings.some(f => f.id === wanted && isSerious(f))
  trainPlainly(options)
  return skill(options) >= 0.5
}

function reportOn({ make, loop }: Program, seed: number): Report {
  const program = make(seed)
  if (loop === undefined) return diagnose(program)
  const { model, criterion, optimizer, validation, epochs, batchSize } = program
  const stepsPerEpoch = Math.ceil(rowsOf(program)[0].size(0) / (batchSize ?? 32))
  return loop(program, () => watch({ model, criterion, optimizer, validation, epochs, stepsPerEpoch }))
}

export function scoreOf(program: Program, seed: number, options: { cure?: boolean } = {}): Result {
  const began = performance.now()
  const report = reportOn(program, seed)
  const seconds = (performance.now() - began) / 1000
  const serious = report.findings.filter(isSerious)
  const all = serious.flatMap(f => [f.id, ...(f.symptoms ?? []).map(s => s.id)])
  const right = (id: string) => program.sickness.includes(id)
  const first = serious[0] !== undefined && right(serious[0].id)
  return {
    program,
    seed,
    findings: report.findings,
    found: all.some(right),
    first,
    stray: serious.filter(f => !right(f.id)).length,
    cured: options.cure && first && program.loop === undefined ? cures(program, seed, serious[0].id) : null,
    seconds,
  }
}
