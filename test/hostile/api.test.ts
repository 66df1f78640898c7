// Bad input at the public surface: an error of the right kind that names the operation, and nothing changed.
import test from 'ava'
import * as glorot from 'glorot'
import { AutogradError, fromTypedArray, GlorotError, nn, ones, rand, ShapeError, Tensor, tensor, zeros } from 'glorot'

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

test('every function given junk throws a TypeError or one of ours, never anything else', t => {
  const skip = new Set([
    'Tensor',
    'setNumThreads',
    'buildInfo',
    'getNumThreads',
    'initialSeed',
    'isGradEnabled',
    'noGrad',
    'enableGrad',
    'manualSeed',
  ])
  const functions = Object.entries(glorot).filter(
    ([name, fn]) => typeof fn === 'function' && !skip.has(name) && !/^[A-Z]/.test(name),
  )
  for (const [name, fn] of functions) {
    for (const a of junk) {
      for (const b of [undefined, a, ones([2])]) {
        try {
          ;(fn as (...x: unknown[]) => unknown)(a, b)
        } catch (error) {
          t.true(
            error instanceof GlorotError || error instanceof TypeError,
            `${name}(${String(a)}, ${String(b)}): ${error}`,
          )
          t.false(
            /undefined is not|is not a function|Cannot read|is not iterable|Cannot convert/.test(
              (error as Error).message,
            ),
            `${name}(${String(a)}): ${(error as Error).message}`,
          )
        }
      }
    }
  }
})

test('every method given junk keeps the tensor as it was', t => {
  const names = Object.getOwnPropertyNames(Tensor.prototype).filter(
    n => typeof Object.getOwnPropertyDescriptor(Tensor.prototype, n)!.value === 'function' && n !== 'constructor',
  )
  for (const name of names) {
    for (const a of junk.slice(1)) {
      const x = tensor([
        [1, 2],
        [3, 4],
      ])
      const method = (x as unknown as Record<string, (...args: unknown[]) => unknown>)[name]
      let failed = false
      try {
        method.call(x, a)
      } catch (error) {
        failed = true
        t.true(error instanceof GlorotError || error instanceof TypeError, `${name}(${String(a)}): ${error}`)
      }
      if (failed)
        t.deepEqual(
          x.tolist(),
          [
            [1, 2],
            [3, 4],
          ],
          `${name}(${String(a)}) failed and changed the tensor`,
        )
    }
  }
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

test('huge and zero sizes', t => {
  t.throws(() => zeros([2 ** 30, 2 ** 20]), { instanceOf: GlorotError })
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
})

test('values written by the user while a graph waits are their own affair, but memory stays safe', t => {
  const index = new Int32Array([0, 1])
  const labels = fromTypedArray(index)
  const logits = rand([2, 3], { requiresGrad: true })
  const loss = new nn.CrossEntropyLoss().forward(logits, labels)
  index[1] = 1_000_000
  t.throws(() => loss.backward(), { message: /1e\+06|1000000/ })
})
