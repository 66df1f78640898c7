// ParameterList and ParameterDict: keys, order, printing, errors.
import test from 'ava'
import { IndexError, nn, ones, type Tensor, zeros } from 'glorot'

class Weighted extends nn.Module {
  factors = new nn.ParameterList([ones([2]), new nn.Parameter(ones([2, 3]))])
  named = new nn.ParameterDict({ b: ones([1]), 10: zeros([1]), a: zeros([2]) })

  override forward(x: Tensor): Tensor {
    return [...this.factors].reduce((y, p) => y.add(p.sum()), x).add(this.named.get('b'))
  }
}

test('parameters are found under PyTorch’s keys and learn', t => {
  const m = new Weighted()
  t.deepEqual(Object.keys(m.stateDict()), ['factors.0', 'factors.1', 'named.10', 'named.a', 'named.b'])
  m.forward(zeros([1]))
    .sum()
    .backward()
  t.deepEqual(m.factors[1].grad!.tolist(), [
    [1, 1, 1],
    [1, 1, 1],
  ])
  t.is(m.named.get('10').grad, null)
})

test('lists grow, and are read from either end', t => {
  const list = new nn.ParameterList().append(ones([1])).extend([zeros([2]), zeros([3])])
  t.is(list.length, 3)
  t.deepEqual(list.at(-1).shape, [3])
  list[0] = new nn.Parameter(zeros([5]))
  t.deepEqual(
    [...list].map(p => p.shape[0]),
    [5, 2, 3],
  )
  t.throws(() => list.at(3), {
    instanceOf: IndexError,
    message: 'ParameterList.at: there is no parameter 3, it holds 3',
  })
  t.throws(() => list.append(1 as never), { instanceOf: TypeError, message: /must be a Parameter or a Tensor, got 1/ })
})

test('dicts keep their order', t => {
  const dict = new nn.ParameterDict([['z', ones([1])]]).set('2', ones([2])).set('1', ones([3]))
  t.deepEqual(dict.keys(), ['z', '2', '1'])
  t.deepEqual(
    [...dict].map(([name, p]) => `${name}${p.shape[0]}`),
    ['z1', '22', '13'],
  )
  t.is(dict.pop('2').shape[0], 2)
  t.false(dict.has('2'))
  t.deepEqual(
    dict.values().map(p => p.shape[0]),
    [1, 3],
  )
  t.throws(() => dict.get('y'), { instanceOf: IndexError, message: /there is no parameter 'y', it holds 'z', '1'/ })
})

test('an object’s parameters are put in alphabetical order, as in PyTorch', t => {
  const dict = new nn.ParameterDict({ b: zeros([1]), A: zeros([1]), a: zeros([1]) })
  t.deepEqual(dict.keys(), ['A', 'a', 'b'])
  t.deepEqual(Object.keys(dict.stateDict()), ['A', 'a', 'b'])
  t.deepEqual(dict.update({ d: zeros([1]), c: zeros([1]) }).keys(), ['A', 'a', 'b', 'c', 'd'])
})

test('dicts have PyTorch’s other methods', t => {
  const dict = new nn.ParameterDict([['z', ones([1])]])
  const z = dict.get('z')
  t.is(dict.setdefault('z', zeros([2])), z)
  t.deepEqual(dict.setdefault('y', zeros([2])).shape, [2])
  const copy = dict.copy()
  t.deepEqual(dict.items(), [
    ['z', z],
    ['y', dict.get('y')],
  ])
  t.is(dict.popitem()[0], 'y')
  t.is(copy.get('z'), z)
  t.deepEqual(copy.keys(), ['z', 'y'])
  dict.clear()
  t.deepEqual([dict.length, [...dict.parameters()].length], [0, 0])
  t.throws(() => dict.popitem(), { instanceOf: IndexError, message: /no parameter to take out/ })
  const both = dict.fromkeys(['q', 'p'], ones([2]))
  both.get('q').detach().fill_(3)
  t.deepEqual(both.get('p').tolist(), [3, 3])
})

test('printing is that of PyTorch', t => {
  const list = new nn.ParameterList([zeros([2, 3]), zeros([1], { dtype: 'float64' })])
  const text = `ParameterList(
    (0): Parameter containing: [torch.float32 of size 2x3]
    (1): Parameter containing: [torch.float64 of size 1]
)`
  t.is(list.toString(), text)
  t.is(new nn.ParameterList().toString(), 'ParameterList()')
  t.is(
    new nn.ParameterDict({ a: zeros([2, 3]) }).toString(),
    'ParameterDict(  (a): Parameter containing: [torch.FloatTensor of size 2x3])',
  )
})
