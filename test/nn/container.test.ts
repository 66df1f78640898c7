// Sequential, ModuleList and ModuleDict.
import test from 'ava'
import { IndexError, nn, tensor, zeros } from 'glorot'

const names = (m: nn.Module) => [...m.namedParameters()].map(([name]) => name)

test('a list is read, replaced and grown by position, and what runs is what is registered', t => {
  const [a, b, c] = [new nn.Linear(1, 1), new nn.ReLU(), new nn.Linear(1, 1, { bias: false })]
  const net = new nn.Sequential(a, b)
  t.is(net.length, 2)
  t.is(net[0], a)
  t.is(net.at(-1), b)
  net[0] = c
  nn.init.constant_(c.weight, 4)
  t.deepEqual(names(net), ['0.weight'])
  t.deepEqual(net.forward(tensor([2])).tolist(), [8])
  t.is(net.append(a).length, 3)
  net.insert(0, b)
  t.deepEqual([...net], [b, c, b, a])
  t.is(net.pop(1), c)
  t.is(net.pop(), a)
  t.deepEqual([...net], [b, b])
  t.deepEqual(
    [...net.namedModules()].map(([name]) => name),
    ['', '0'],
  )
  net.extend([a, c])
  t.deepEqual(names(net), ['2.weight', '2.bias', '3.weight'])
})

test('positions and entries that do not exist or are no modules are refused, and nothing has changed', t => {
  const list = new nn.ModuleList([new nn.ReLU()])
  t.throws(() => list.at(5), { instanceOf: IndexError, message: 'ModuleList.at: there is no module 5, it holds 1' })
  t.throws(() => list.at(0.5), { message: /whole number/ })
  t.throws(() => list.insert(3, new nn.ReLU()), { instanceOf: IndexError })
  t.throws(() => list.extend([new nn.ReLU(), 3 as never]), {
    instanceOf: TypeError,
    message: /entry 1 must be a Module/,
  })
  t.throws(() => list.append(undefined as never), { instanceOf: TypeError })
  t.is(list.length, 1)
  t.throws(() => new nn.ModuleList().pop(), { instanceOf: IndexError })
  t.throws(() => list.forward(zeros([1])), { message: /no forward method/ })
})

test('a ModuleDict keeps its order, also where names look like numbers', t => {
  const dict = new nn.ModuleDict({ b: new nn.Linear(1, 1) }).set('1', new nn.Linear(1, 1)).set('0', new nn.ReLU())
  t.deepEqual(dict.keys(), ['b', '1', '0'])
  t.deepEqual(names(dict), ['b.weight', 'b.bias', '1.weight', '1.bias'])
  t.deepEqual(Object.keys(dict.stateDict()), names(dict))
  t.deepEqual(
    [...dict].map(([name]) => name),
    ['b', '1', '0'],
  )
  t.is(dict.length, 3)
  t.true(dict.has('1'))
  t.is(dict.get('1'), dict.values()[1])
  const replaced = new nn.Tanh()
  dict.update([['b', replaced]])
  t.deepEqual(dict.keys(), ['b', '1', '0'])
  t.is(dict.pop('b'), replaced)
  t.false(dict.has('b'))
  t.throws(() => dict.get('b'), {
    instanceOf: IndexError,
    message: "ModuleDict: there is no module 'b', it holds '1', '0'",
  })
  t.throws(() => dict.set('x.y', replaced), { message: /dot/ })
  t.throws(() => dict.update({ fine: replaced, wrong: 1 as never }), { message: /entry 1 must be a Module/ })
  t.deepEqual(dict.keys(), ['1', '0'])
  t.deepEqual(dict.items(), [...dict])
  dict.clear()
  t.deepEqual([dict.length, [...dict.modules()].length], [0, 1])
})

test('lists print as in PyTorch: neighbours that are alike in one line', t => {
  const linear = () => new nn.Linear(2, 2)
  t.is(
    new nn.ModuleList([linear(), linear(), new nn.ReLU()]).toString(),
    `ModuleList(
  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)
  (2): ReLU()
)`,
  )
  const block = () => new nn.Sequential(new nn.ReLU(), new nn.ReLU())
  t.is(
    new nn.ModuleList([block(), block()]).toString(),
    `ModuleList(
  (0-1): 2 x Sequential(
    (0): ReLU()
    (1): ReLU()
  )
)`,
  )
  const dict = new nn.ModuleDict([
    ['b', new nn.ReLU()],
    ['1', new nn.Tanh()],
  ])
  t.is(dict.toString(), 'ModuleDict(\n  (b): ReLU()\n  (1): Tanh()\n)')
  t.is(new nn.Sequential().toString(), 'Sequential()')
})
