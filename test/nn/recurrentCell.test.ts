// Single steps: gradients, replays, states that are absent, inputs without a batch.
import test from 'ava'
import { autograd, compile, manualSeed, nn, optim, randn, type Tensor, zeros } from 'glorot'
import { leaf } from '../harness/grad.js'

type Cell = nn.RNNCell | nn.GRUCell | nn.LSTMCell

const kinds: Record<string, (options?: object) => Cell> = {
  RNNCell: o => new nn.RNNCell(3, 5, o),
  'RNNCell with relu': o => new nn.RNNCell(3, 5, { ...o, nonlinearity: 'relu' }),
  GRUCell: o => new nn.GRUCell(3, 5, o),
  LSTMCell: o => new nn.LSTMCell(3, 5, o),
}

/** The new states of any of them. */
function step(cell: Cell, x: Tensor, states: Tensor[]): Tensor[] {
  if (cell instanceof nn.LSTMCell) return cell.forward(x, states.length > 0 ? [states[0], states[1]] : undefined)
  return [cell.forward(x, states[0])]
}

for (const [name, make] of Object.entries(kinds)) {
  for (const bias of [true, false]) {
    test(`${name}: gradcheck${bias ? '' : ' without biases'}`, t => {
      manualSeed(1)
      const cell = make({ bias }).double()
      const inputs = [leaf([2, 3]), leaf([2, 5], 2), ...(cell instanceof nn.LSTMCell ? [leaf([2, 5], 3)] : [])]
      const states = inputs.length - 1
      t.true(
        autograd.gradcheck(
          (x: Tensor, ...s: Tensor[]) => step(cell, x, s.slice(0, states)),
          [...inputs, ...cell.parameters()],
        ),
      )
    })
  }

  test(`${name}: no state is zeros, no batch is a batch of one`, t => {
    manualSeed(2)
    const cell = make()
    const x = randn([1, 3])
    const none = step(cell, x, [])
    const given = step(cell, x, [zeros([1, 5]), zeros([1, 5])])
    const alone = step(cell, x.squeeze(0), [])
    none.forEach((s, i) => {
      t.deepEqual(s.tolist(), given[i].tolist())
      t.deepEqual([alone[i].tolist()], s.tolist())
    })
  })

  test(`${name}: a compiled loop of steps equals the eager one to the bit`, t => {
    const run = (compiled: boolean) => {
      manualSeed(3)
      const cell = make()
      const optimizer = new optim.SGD(cell.parameters(), { lr: 0.1 })
      const loop = (x: Tensor) => {
        optimizer.zeroGrad()
        let states: Tensor[] = []
        for (let k = 0; k < x.size(0); k++) states = step(cell, x.select(0, k), states)
        const loss = states[0].square().mean()
        loss.backward()
        optimizer.step()
        return loss
      }
      const fn = compiled ? compile(loop) : loop
      const losses = [4, 4, 2, 4, 4, 2, 4, 4].map(n => fn(randn([3, n, 3])).item())
      return [losses, [...cell.parameters()].map(p => p.tolist())]
    }
    t.deepEqual(run(true), run(false))
  })
}
