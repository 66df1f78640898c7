// Optimizers, clipping and schedulers against PyTorch: every trajectory, on given gradients and through a network.
import test from 'ava'
import { nn, optim, type Tensor } from 'glorot'
import { type Args, checkCase, difference, fromGolden, type GoldenCase, type GoldenTensor, goldenCases, variantOf } from '../harness/golden.js'

type Golden = Record<string, GoldenTensor>

interface OptimCase extends GoldenCase {
  readonly params: Golden
  readonly grads: Golden
  readonly trajectory: Golden
  readonly noGradient?: Record<string, number[]>
  readonly groups?: ({ params: string[] } & Args)[]
  readonly steps: number
  readonly losses: number[]
  readonly norms?: number[]
  readonly finalParams: Golden
  readonly clip?: { op: string; maxNorm: number; clipValue: number }
  readonly scheduler?: { op: string; args: Args }
  readonly problem?: string
  readonly closureCalls: number[]
  readonly closureCallsExact?: boolean
  readonly optimizer: { op: string; args: Args; groupLrs: number[] }
  readonly metrics?: (number | string)[]
  readonly lrs: number[][]
  readonly momenta?: number[]
}

const cases = goldenCases('optim') as OptimCase[]
const ofKind = (kind: string) => cases.filter(c => c.kind === kind)

// biome-ignore lint/suspicious/noExplicitAny: every class is made alike
const optimizers = optim as any
// biome-ignore lint/suspicious/noExplicitAny: every class is made alike
const schedulers = optim.lrScheduler as any

const parameter = (g: GoldenTensor) => new nn.Parameter(fromGolden(g))

/** Row t of a golden tensor. */
function row({ shape, dtype, data }: GoldenTensor, t: number): GoldenTensor {
  const size = data.length / shape[0]
  return { shape: shape.slice(1), dtype, data: data.slice(t * size, (t + 1) * size) }
}

function number(what: string, got: number, want: number, c: GoldenCase): string[] {
  return Math.abs(got - want) <= c.atol + c.rtol * Math.abs(want) ? [] : [`${what} is ${got}, expected ${want}`]
}

/** Mismatches against the case, or, if there are any, against what a newer PyTorch says. */
function either(c: OptimCase, mismatches: (c: OptimCase) => string[]): string[] {
  const found = mismatches(c)
  const other = found.length > 0 ? (variantOf(c) as OptimCase | undefined) : undefined
  return other !== undefined && mismatches(other).length === 0 ? [] : found
}

// --- given gradients ----------------------------------------------------------------------------------------------------

function followGradients(c: OptimCase): string[] {
  const params = Object.fromEntries(Object.entries(c.params).map(([name, g]) => [name, parameter(g)]))
  const groups = c.groups?.map(g => ({ ...g, params: g.params.map((name: string) => params[name]) }))
  const optimizer = new optimizers[c.op](groups ?? Object.values(params), c.args)
  const steps = Object.values(c.grads)[0].shape[0]
  const found: string[] = []
  for (let t = 0; t < steps; t++) {
    for (const [name, p] of Object.entries(params))
      p.grad = c.noGradient?.[name]?.includes(t) ? null : fromGolden(row(c.grads[name], t))
    optimizer.step()
    for (const [name, p] of Object.entries(params)) {
      const why = difference(p, row(c.trajectory[name], t), c.rtol, c.atol)
      if (why !== undefined) found.push(`${name} after step ${t}: ${why}`)
    }
  }
  return found
}

for (const c of ofKind('optimFixed')) test(c.id, t => t.deepEqual(either(c, followGradients), []))

// --- a network ----------------------------------------------------------------------------------------------------------

function network(c: OptimCase): nn.Module {
  const width = c.params['0.weight'].shape
  const model = new nn.Sequential(new nn.Linear(width[1], width[0]), new nn.Tanh(), new nn.Linear(width[0], 1))
  model.loadStateDict(Object.fromEntries(Object.entries(c.params).map(([name, g]) => [name, fromGolden(g)])))
  return model
}

const squaredError = (x: Tensor, y: Tensor) => x.sub(y).square().mean()

function compareParameters(model: nn.Module, c: OptimCase): string[] {
  return [...model.namedParameters()].flatMap(([name, p]) => {
    const why = difference(p, c.finalParams[name], c.rtol, c.atol)
    return why === undefined ? [] : [`${name}: ${why}`]
  })
}

function train(c: OptimCase): string[] {
  const model = network(c)
  const [x, y] = [fromGolden(c.inputs!.x), fromGolden(c.inputs!.y)]
  const optimizer = new optimizers[c.op](model.parameters(), c.args)
  const scheduler = c.scheduler && new schedulers[c.scheduler.op](optimizer, c.scheduler.args)
  const found: string[] = []
  for (let t = 0; t < c.steps; t++) {
    optimizer.zeroGrad()
    const loss = squaredError(model.forward(x), y)
    loss.backward()
    if (c.clip?.op === 'clipGradNorm_') {
      const norm = nn.utils.clipGradNorm_(model.parameters(), c.clip.maxNorm)
      found.push(...number(`norm ${t}`, norm.item(), c.norms![t], c))
    } else if (c.clip !== undefined) nn.utils.clipGradValue_(model.parameters(), c.clip.clipValue)
    optimizer.step()
    scheduler?.step()
    found.push(...number(`loss ${t}`, loss.item(), c.losses[t], c))
  }
  return [...found, ...compareParameters(model, c)]
}

for (const c of ofKind('optimMlp')) test(c.id, t => t.deepEqual(either(c, train), []))

// --- LBFGS --------------------------------------------------------------------------------------------------------------

function minimise(c: OptimCase): string[] {
  const valley = c.problem === 'rosenbrock'
  const p = valley ? parameter(c.params.p) : undefined
  const model = valley ? undefined : network(c)
  const [x, y] = valley ? [] : [fromGolden(c.inputs!.x), fromGolden(c.inputs!.y)]
  const value = () => {
    if (model !== undefined) return squaredError(model.forward(x!), y!)
    const [a, b] = [p!.select(0, 0), p!.select(0, 1)]
    return a.sub(1).square().add(b.sub(a.square()).square().mul(100))
  }
  const optimizer = new optim.LBFGS(model?.parameters() ?? [p!], c.args)
  const found: string[] = []
  let calls = 0
  for (let t = 0; t < c.steps; t++) {
    const loss = optimizer.step(() => {
      calls++
      optimizer.zeroGrad()
      const l = value()
      l.backward()
      return l
    })
    found.push(...number(`loss ${t}`, loss.item(), c.losses[t], c))
    if (c.closureCallsExact !== false && calls !== c.closureCalls[t])
      found.push(`${calls} closure calls after step ${t}, expected ${c.closureCalls[t]}`)
  }
  if (model !== undefined) return [...found, ...compareParameters(model, c)]
  const why = difference(p!, c.finalParams.p, c.rtol, c.atol)
  return why === undefined ? found : [...found, `p: ${why}`]
}

for (const c of ofKind('lbfgs')) test(c.id, t => t.deepEqual(minimise(c), []))

// --- clipping -----------------------------------------------------------------------------------------------------------

const withGradients = (grads: Record<string, Tensor>): nn.Parameter[] =>
  Object.values(grads).map(g => {
    const p = new nn.Parameter(g.clone())
    p.grad = g
    return p
  })

const clipping: Record<string, (inputs: Record<string, Tensor>, args: Args) => Record<string, Tensor>> = {
  clipGradNorm_: (inputs, { maxNorm, normType }) => {
    const totalNorm = nn.utils.clipGradNorm_(withGradients(inputs), maxNorm, { normType })
    return { totalNorm, ...inputs }
  },
  clipGradValue_: (inputs, { clipValue }) => {
    nn.utils.clipGradValue_(withGradients(inputs), clipValue)
    return inputs
  },
}

for (const c of ofKind('op')) test(c.id, t => t.deepEqual(checkCase(c, clipping[c.op]), []))

// --- schedulers ---------------------------------------------------------------------------------------------------------

const functions: Record<string, (epoch: number) => number> = {
  '0.95^epoch': e => 0.95 ** e,
  '1/(1+epoch)': e => 1 / (1 + e),
  'min(1,(epoch+1)/10)': e => Math.min(1, (e + 1) / 10),
  'epoch%3 ? 0.9 : 0.8': e => (e % 3 ? 0.9 : 0.8),
}

function makeScheduler(op: string, args: Args, optimizer: optim.Optimizer): Args {
  const own = { ...args }
  if (own.lrLambda !== undefined)
    own.lrLambda = Array.isArray(own.lrLambda) ? own.lrLambda.map((s: string) => functions[s]) : functions[own.lrLambda]
  if (own.schedulers !== undefined)
    own.schedulers = own.schedulers.map(([inner, innerArgs]: [string, Args]) => makeScheduler(inner, innerArgs, optimizer))
  return op === 'ChainedScheduler' ? new schedulers[op](own.schedulers) : new schedulers[op](optimizer, own)
}

function schedule(c: OptimCase): string[] {
  const { op, args, groupLrs } = c.optimizer
  const params = groupLrs.map(() => parameter({ shape: [1], dtype: 'float32', data: [0] }))
  const optimizer = new optimizers[op]([params[0]], { ...args, lr: groupLrs[0] })
  optimizer.addParamGroup({ params: params[1], lr: groupLrs[1] })
  const scheduler = makeScheduler(c.op, c.args, optimizer)
  const found: string[] = []
  const check = (t: number) => {
    const rates = optimizer.paramGroups.map((g: { lr: number }) => g.lr)
    for (const [i, want] of c.lrs[t].entries()) found.push(...number(`rate ${i} of step ${t}`, rates[i], want, c))
    if (t > 0) found.push(...rates.flatMap((lr: number, i: number) => (scheduler.getLastLr()[i] === lr ? [] : [`getLastLr ${t}`])))
  }
  for (let t = 0; t < c.steps; t++) {
    check(t)
    if (c.momenta !== undefined) {
      const [group] = optimizer.paramGroups
      found.push(...number(`momentum of step ${t}`, group.betas?.[0] ?? group.momentum, c.momenta[t], c))
    }
    optimizer.step()
    scheduler.step(...(c.metrics === undefined ? [] : [Number(c.metrics[t])]))
  }
  check(c.steps)
  return found
}

for (const c of ofKind('scheduler')) test(c.id, t => t.deepEqual(schedule(c), []))
