// What an operation costs beside its arithmetic: the check, the record, the crossing, the result.
import { noGrad, ones, zeros } from 'glorot'
import { suite } from './suite.js'

const matrix = ones([10, 10])
const leaf = ones([10, 10]).requiresGrad_(true)

/** One launch forward, one backward. */
function roundTrip(): () => void {
  const grad = ones([10, 10])
  return () => {
    leaf.grad = null
    leaf.relu().backward(grad)
  }
}

await suite('dispatch', 'Cost of a call on 10 x 10', [
  ['zeros', () => () => zeros([10, 10])],
  ['view: transpose', () => () => matrix.transpose(0, 1)],
  ['relu', () => () => matrix.relu()],
  ['add', () => () => matrix.add(matrix)],
  ['add_, in place', () => () => matrix.add_(0)],
  ['add, recorded', () => () => leaf.add(leaf)],
  ['add of a leaf under noGrad', () => () => noGrad(() => leaf.add(leaf))],
  ['relu and its backward', roundTrip],
  ['sum().item()', () => () => matrix.sum().item()],
])
