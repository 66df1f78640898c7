// Bad input at the public surface: an error of the right kind that names the operation, and nothing changed.
import test from 'ava'
import * as glorot from 'glorot'
import { AutogradError, fromTypedArray, GlorotError, nn, ones, rand, ShapeError, Tensor, tensor, zeros } from 'glorot'

const threads = glorot.getNumThreads()
const junk: unknown[] = [
  undefined,
  null,
  1,
  'x',
  {},
  [],
  () => {},
  Symbol('s'),
  1n,
  new Date(),
  new Float32Array(2),
  Number.NaN,
]

/** What escapes as JavaScript's own complaint about our code, not as a word about the argument. */
const accident =
  /undefined is not|is not a function|Cannot read|is not iterable|Cannot convert|Invalid typed array|Maximum call stack/

function complaint(error: unknown): string | undefined {
  const known = error instanceof GlorotError || error instanceof TypeError
  return known && !accident.test((error as Error).message) ? undefined : String(error)
}

test('every function given junk throws a TypeError or one of ours, that speaks of the argument', t => {
  const skip = new Set([
    'buildInfo',
    'getNumThreads',
    'initialSeed',
    'isGradEnabled',
    'noGrad',
    'enableGrad',
    'manualSeed',
  ])
  const found: string[] = []
  for (const [name, fn] of Object.entries(glorot)) {
    if (typeof fn !== 'function' || skip.has(name) || /^[A-Z]/.test(name)) continue
    for (const a of junk) {
      for (const b of [undefined, a, ones([2])]) {
        try {
          ;(fn as (...x: unknown[]) => unknown)(a, b)
        } catch (error) {
          const why = complaint(error)
          if (why !== undefined) found.push(`${name}(${String(a)}, ${b === undefined ? '' : typeof b}): ${why}`)
        }
      }
    }
  }
  glorot.setNumThreads(threads)
  t.deepEqual(found, [])
})

test('every method given junk throws likewise, and keeps the tensor as it was', t => {
  const internal = new Set(['constructor', 'window'])
  const found: string[] = []
  for (const name of Object.getOwnPropertyNames(Tensor.prototype)) {
    const method = Object.getOwnPropertyDescriptor(Tensor.prototype, name)!.value
    if (typeof method !== 'function' || internal.has(name)) continue
    for (const a of junk.slice(1)) {
      const x = tensor([
        [1, 2],
        [3, 4],
      ])
      try {
        method.call(x, a)
      } catch (error) {
        const why = complaint(error)
        if (why !== undefined) found.push(`${name}(${String(a)}): ${why}`)
        if (JSON.stringify(x.tolist()) !== '[[1,2],[3,4]]')
          found.push(`${name}(${String(a)}) failed and changed the tensor`)
      }
    }
  }
  t.deepEqual(found, [])
})

test('memory taken away from under a tensor: each use throws, the process lives', t => {
  const array = new Float32Array(4096)
  const x = fromTypedArray(array, [64, 64])
  const view = x.t()
  structuredClone(array.buffer, { transfer: [array.buffer] })
  for (const use of [
    () => x.add(1),
    () => x.matmul(x),
    () => view.contiguous(),
    () => x.sum(),
    () => x.fill_(1),
    () => x.tolist(),
    () => x.clone(),
  ])
    t.throws(use)
  t.deepEqual(ones([2]).add(1).tolist(), [2, 2])
})

test('values of memory that was taken away are refused by name', t => {
  const array = new Float32Array(64)
  const x = fromTypedArray(array, [8, 8])
  structuredClone(array.buffer, { transfer: [array.buffer] })
  const Resizable = ArrayBuffer as unknown as new (n: number, o: object) => ArrayBuffer & { resize(n: number): void }
  const memory = new Resizable(256, { maxByteLength: 1024 })
  const y = fromTypedArray(new Float32Array(memory), [8, 8])
  memory.resize(16)
  for (const z of [x, y]) {
    for (const [name, use] of [
      ['typedArray', () => z.tolist()],
      ['typedArray', () => z.toTypedArray()],
      ['toTypedArray', () => z.t().tolist()],
      ['item', () => z.select(0, 7).select(0, 7).item()],
    ] as const)
      t.throws(use, { instanceOf: glorot.LaunchError, message: new RegExp(`^${name}: the memory of the tensor`) })
  }
})

test('an array that holds itself is refused', t => {
  const cycle: unknown[] = []
  cycle.push(cycle, cycle)
  t.throws(() => tensor(cycle as never), { instanceOf: ShapeError, message: /^tensor: .*deeper than 64/ })
  t.throws(() => ones([3]).index(cycle as never), { instanceOf: ShapeError, message: /^index: .*deeper than 64/ })
})

test('an index out of range is told by the operation that was called', t => {
  const x = rand([3])
  const far = tensor([7], { dtype: 'int32' })
  const plane = rand([1, 1, 2])
  const places = tensor([[[0, 9]]], { dtype: 'int32' })
  for (const [name, use] of Object.entries({
    indexSelect: () => x.indexSelect(0, far),
    indexAdd: () => x.indexAdd(0, far, ones([1])),
    indexCopy: () => x.indexCopy(0, far, ones([1])),
    indexFill: () => x.indexFill(0, far, 1),
    indexPut: () => x.indexPut([far], 1),
    takeAlongDim: () => x.takeAlongDim(far, 0),
    maxUnpool1d: () => nn.functional.maxUnpool1d(plane, places, 2),
  }))
    t.throws(use, { instanceOf: glorot.IndexError, message: new RegExp(`^${name}: index [79] is out of range`) })
  t.throws(() => glorot.bernoulli(tensor([2])), { message: /^bernoulli: the probability 2 is not/ })
})

test('huge and zero sizes', t => {
  const { interpolate, adaptiveAvgPool1d } = nn.functional
  for (const size of [2 ** 31, 2 ** 40]) {
    t.throws(() => interpolate(ones([1, 1, 2]), { size }), { instanceOf: ShapeError, message: new RegExp(`${size}`) })
    t.throws(() => adaptiveAvgPool1d(ones([1, 1, 2]), size), { instanceOf: ShapeError, message: new RegExp(`${size}`) })
  }
  t.throws(() => zeros([2 ** 30, 2 ** 20]), { instanceOf: GlorotError, message: /1073741824, 1048576/ })
  t.throws(
    () =>
      ones([1])
        .expand([2 ** 40])
        .contiguous(),
    { instanceOf: GlorotError },
  )
  for (const shape of [[0], [0, 3], [3, 0], [2, 0, 4]]) {
    const x = zeros(shape)
    t.deepEqual(x.add(1).relu().sum().item(), 0)
    t.deepEqual(x.t?.call(x.reshape([0, 1])).shape, [1, 0])
  }
  t.deepEqual(new nn.Linear(0, 3).forward(zeros([2, 0])).shape, [2, 3])
  t.deepEqual(new nn.Linear(3, 0).forward(zeros([2, 3])).shape, [2, 0])
  t.deepEqual(new nn.Linear(3, 2).forward(zeros([0, 3])).shape, [0, 2])
})

test('graphs: freed, foreign, in place on what is saved', t => {
  const w = rand([3, 3], { requiresGrad: true })
  const y = w.mul(w).sum()
  y.backward()
  t.throws(() => y.backward(), { instanceOf: AutogradError, message: /freed/ })
  const h = w.mul(2)
  const z = h.mul(h).sum()
  h.fill_(0)
  t.throws(() => z.backward(), { instanceOf: AutogradError, message: /changed in place/ })
  t.throws(() => w.fill_(0), { instanceOf: AutogradError, message: /leaf/ })
  t.throws(() => y.backward(ones([2])), { instanceOf: ShapeError })
  const [a, b] = [w.sum(), w.mul(2).sum()]
  for (const gradOutputs of [5, [], [ones([])], 'x'] as never[])
    t.throws(() => glorot.autograd.grad([a, b], w, { gradOutputs }), {
      message: /gradOutputs must be a Tensor, or an array/,
    })
})

test('values written by the user while a graph waits are their own affair, but memory stays safe', t => {
  const index = new Int32Array([0, 1])
  const labels = fromTypedArray(index)
  const logits = rand([2, 3], { requiresGrad: true })
  const loss = new nn.CrossEntropyLoss().forward(logits, labels)
  index[1] = 1_000_000
  t.throws(() => loss.backward(), { message: /1e\+06|1000000/ })
})
