// Creation: values, dtypes, options, and what is refused.
import test from 'ava'
import {
  arange,
  DTypeError,
  empty,
  eye,
  fromTypedArray,
  full,
  linspace,
  ones,
  onesLike,
  randLike,
  ShapeError,
  tensor,
  ValueError,
  zeros,
  zerosLike,
} from 'glorot'

test('constants and sequences', t => {
  t.deepEqual(zeros([2, 2]).tolist(), [
    [0, 0],
    [0, 0],
  ])
  t.deepEqual(ones([2], { dtype: 'int32' }).tolist(), [1, 1])
  t.deepEqual(full([2], 7).tolist(), [7, 7])
  t.is(full([1], true).dtype, 'bool')
  t.deepEqual(arange(3).tolist(), [0, 1, 2])
  t.deepEqual(arange(1, 2, 0.25).tolist(), [1, 1.25, 1.5, 1.75])
  t.deepEqual(arange(5, 0, -2, { dtype: 'int32' }).tolist(), [5, 3, 1])
  t.deepEqual(linspace(0, 1, 5).tolist(), [0, 0.25, 0.5, 0.75, 1])
  t.deepEqual(eye(2, 3).tolist(), [
    [1, 0, 0],
    [0, 1, 0],
  ])
  t.deepEqual(empty([2, 3]).shape, [2, 3])
  t.deepEqual([zerosLike(ones([2], { dtype: 'float64' })).dtype, onesLike(zeros([3])).shape], ['float64', [3]])
  t.true(ones([1], { requiresGrad: true }).requiresGrad)
})

test('tensor copies, fromTypedArray shares', t => {
  const array = new Float32Array([1, 2, 3, 4])
  const [copy, shared] = [tensor(array), fromTypedArray(array, [2, 2])]
  array[0] = 9
  t.deepEqual(copy.tolist(), [1, 2, 3, 4])
  t.deepEqual(shared.tolist(), [
    [9, 2],
    [3, 4],
  ])
  shared.fill_(5)
  t.deepEqual([...array], [5, 5, 5, 5])
})

test('dtype follows the data', t => {
  t.is(tensor([1, 2]).dtype, 'float32')
  t.is(tensor([true]).dtype, 'bool')
  t.is(tensor(new Float64Array(1)).dtype, 'float64')
  t.is(tensor(new BigInt64Array([1n, -2n])).dtype, 'int32')
  t.deepEqual(tensor(new BigInt64Array([1n, -2n])).tolist(), [1, -2])
  t.deepEqual(
    tensor(
      [
        [1, 0],
        [2, 3],
      ],
      { dtype: 'bool' },
    ).tolist(),
    [
      [true, false],
      [true, true],
    ],
  )
  t.deepEqual(tensor(5).shape, [])
})

test('arguments that a function does not take are refused, not passed over', t => {
  for (const [make, message] of [
    [() => arange(0, '5' as never), /^arange: options must be an object/],
    [() => arange(0, 5, 1, 2 as never), /^arange: takes start, end and step, got 4 numbers/],
    [() => eye(3, 'x' as never), /^eye: .*"x"/],
    [() => eye(3, 3, 'x' as never), /^eye: options must be an object/],
    [() => zerosLike(ones([2]), 5 as never), /^zerosLike: options must be an object/],
    [() => randLike(ones([2]), false as never), /^randLike: options must be an object/],
    [() => zeros([2], { requiresGrad: 'false' as never }), /^zeros: requiresGrad must be a boolean, got "false"/],
  ] as const)
    t.throws(make, { instanceOf: TypeError, message })
  t.deepEqual(arange(0, 4, 2, { dtype: 'int32' }).tolist(), [0, 2])
  t.deepEqual(eye(2, { dtype: 'int32' }).dtype, 'int32')
})

test('bad data is refused with what is wrong and where', t => {
  t.throws(() => tensor([[1, 2], [3]]), { instanceOf: ShapeError, message: /ragged.*\[1\] has 1 elements.*has 2/ })
  t.throws(() => tensor([[1], 2] as never), { instanceOf: ShapeError, message: /ragged/ })
  t.throws(() => tensor(['a'] as never), { instanceOf: TypeError, message: /data\[0\] must be a number/ })
  t.throws(() => tensor([1.5], { dtype: 'int32' }), { instanceOf: ValueError, message: /1.5.*whole number/ })
  t.throws(() => tensor([2 ** 40], { dtype: 'int32' }), { instanceOf: ValueError, message: /does not fit int32/ })
  t.throws(() => tensor([1], { dtype: 'float16' } as never), { message: /'float32'.*did you mean 'float64'|'float32'/ })
  t.throws(() => tensor([1], { requireGrad: true } as never), {
    message: /unknown option 'requireGrad', did you mean 'requiresGrad'\?/,
  })
  t.throws(() => ones([2], { dtype: 'int32', requiresGrad: true }), { instanceOf: DTypeError })
  t.throws(() => zeros([-1]), { message: /dimension 0 of the shape must be a whole number >= 0, got -1/ })
  t.throws(() => zeros([2 ** 40, 2 ** 40]), { message: /more elements than memory/ })
  t.throws(() => zeros(3 as never), { instanceOf: TypeError, message: /shape must be an array/ })
  t.throws(() => arange(0, 5, -1), { message: /does not lead/ })
  t.throws(() => linspace(0, 1, 2.5), { message: /steps must be a whole number/ })
})

test('memory that others may change or take away', t => {
  t.throws(() => fromTypedArray(new Float32Array(new SharedArrayBuffer(8))), {
    instanceOf: TypeError,
    message: /SharedArrayBuffer/,
  })
  t.throws(() => fromTypedArray(new Float32Array(3), [2, 2]), {
    instanceOf: ShapeError,
    message: /needs 4 elements, the array has 3/,
  })
  t.throws(() => fromTypedArray(new Uint16Array(2) as never), {
    instanceOf: TypeError,
    message: /Float32Array.*got a Uint16Array/,
  })
  const array = new Float32Array(64)
  const x = fromTypedArray(array)
  structuredClone(array.buffer, { transfer: [array.buffer] })
  t.throws(() => x.add(1), { message: /too short or detached/ })
  t.throws(() => fromTypedArray(array, [64]), { message: /empty or detached/ })
})
