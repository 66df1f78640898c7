import * as g from 'glorot'
import type { Tensor } from 'glorot'
import type { Call, Calls } from '../../harness/golden.js'

type Binary = (x: Tensor | number, y: Tensor | number) => Tensor

/** Two tensors, or a tensor and the number in the case's arguments. */
const binary =
  (f: Binary): Call =>
  ({ x, y }, { scalar }) =>
    f(x, y ?? scalar)

export const arithmetic: Calls = {
  add: ({ x, y }, { scalar, alpha }) => g.add(x, y ?? scalar, { alpha }),
  sub: binary(g.sub),
  mul: binary(g.mul),
  div: binary(g.div),
  rsub: ({ x }, { scalar }) => g.rsub(x, scalar),
  rdiv: ({ x }, { scalar }) => g.div(scalar, x),
  pow: ({ x, y }, { exponent, base }) => (base === undefined ? g.pow(x, y ?? exponent) : g.pow(base, x)),
  atan2: binary(g.atan2),
  maximum: binary(g.maximum),
  minimum: binary(g.minimum),
  hypot: binary(g.hypot),
  logaddexp: binary(g.logaddexp),
  fmod: binary(g.fmod),
  remainder: binary(g.remainder),
  eq: binary(g.eq),
  ne: binary(g.ne),
  lt: binary(g.lt),
  le: binary(g.le),
  gt: binary(g.gt),
  ge: binary(g.ge),
  lerp: ({ x, y }, { weight }) => g.lerp(x, y, weight),
  addcmul: ({ x, a, b }, args) => g.addcmul(x, a, b, args),
  addcdiv: ({ x, a, b }, args) => g.addcdiv(x, a, b, args),
  clamp: ({ x }, { min, max }) => g.clamp(x, min, max),
  where: ({ c, x, y }) => g.where(c, x, y),
}
