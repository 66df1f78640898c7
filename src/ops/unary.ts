// Functions of one number: exponentials, trigonometry, rounding.
// See https://pytorch.org/docs/stable/torch.html#pointwise-ops
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { isFloating } from '../core/dtype.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { sub } from './arithmetic.js'
import { cast } from './cast.js'
import { applyInPlace, dense, floating, pieces, pointwise } from './pointwise.js'

const none: readonly number[] = []

const expOp = pointwise({ name: 'exp', saved: 'y', derivative: (v, grad) => grad.mul(v) })
const exp2Op = pointwise({ name: 'exp2', saved: 'y', derivative: (v, grad) => grad.mul(v).mul(Math.LN2) })
const expm1Op = pointwise({ name: 'expm1', saved: 'y', derivative: (v, grad) => grad.mul(v.add(1)) })
const logOp = pointwise({ name: 'log', saved: 'x', derivative: (v, grad) => grad.div(v) })
const log2Op = pointwise({ name: 'log2', saved: 'x', derivative: (v, grad) => grad.div(v.mul(Math.LN2)) })
const log10Op = pointwise({ name: 'log10', saved: 'x', derivative: (v, grad) => grad.div(v.mul(Math.LN10)) })
const log1pOp = pointwise({ name: 'log1p', saved: 'x', derivative: (v, grad) => grad.div(v.add(1)) })
const sqrtOp = pointwise({ name: 'sqrt', saved: 'y', derivative: (v, grad) => grad.div(v.mul(2)) })
const rsqrtOp = pointwise({ name: 'rsqrt', saved: 'y', derivative: (v, grad) => grad.mul(v.mul(v).mul(v)).mul(-0.5) })
const squareOp = pointwise({ name: 'square', saved: 'x', derivative: (v, grad) => grad.mul(v).mul(2) })
const reciprocalOp = pointwise({ name: 'reciprocal', saved: 'y', derivative: (v, grad) => grad.mul(v.mul(v)).mul(-1) })
const sinOp = pointwise({ name: 'sin', saved: 'x', derivative: (v, grad) => grad.mul(cos(v)) })
const cosOp = pointwise({ name: 'cos', saved: 'x', derivative: (v, grad) => grad.mul(sin(v)).mul(-1) })
const tanOp = pointwise({ name: 'tan', saved: 'y', derivative: (v, grad) => grad.mul(v.mul(v).add(1)) })
const asinOp = pointwise({ name: 'asin', saved: 'x', derivative: (v, grad) => grad.mul(rsqrt(sub(1, v.mul(v)))) })
const acosOp = pointwise({
  name: 'acos',
  saved: 'x',
  derivative: (v, grad) => grad.mul(rsqrt(sub(1, v.mul(v)))).mul(-1),
})
const atanOp = pointwise({ name: 'atan', saved: 'x', derivative: (v, grad) => grad.div(v.mul(v).add(1)) })
const sinhOp = pointwise({ name: 'sinh', saved: 'x', derivative: (v, grad) => grad.mul(cosh(v)) })
const coshOp = pointwise({ name: 'cosh', saved: 'x', derivative: (v, grad) => grad.mul(sinh(v)) })
const tanhOp = pointwise({ name: 'tanh', saved: 'y', derivative: (v, grad) => grad.mul(sub(1, v.mul(v))) })
const asinhOp = pointwise({ name: 'asinh', saved: 'x', derivative: (v, grad) => grad.mul(rsqrt(v.mul(v).add(1))) })
const acoshOp = pointwise({
  name: 'acosh',
  saved: 'x',
  derivative: (v, grad) => grad.mul(rsqrt(v.sub(1))).mul(rsqrt(v.add(1))),
})
const atanhOp = pointwise({ name: 'atanh', saved: 'x', derivative: (v, grad) => grad.div(sub(1, v.mul(v))) })
const erfOp = pointwise({
  name: 'erf',
  saved: 'x',
  derivative: (v, grad) => grad.mul(exp(v.mul(v).mul(-1))).mul(2 / Math.sqrt(Math.PI)),
})
const erfcOp = pointwise({
  name: 'erfc',
  saved: 'x',
  derivative: (v, grad) => grad.mul(exp(v.mul(v).mul(-1))).mul(-2 / Math.sqrt(Math.PI)),
})
const erfinvOp = pointwise({
  name: 'erfinv',
  saved: 'y',
  derivative: (v, grad) => grad.mul(exp(v.mul(v))).mul(Math.sqrt(Math.PI) / 2),
})
const sigmoidOp = pointwise({ name: 'sigmoid', saved: 'y', derivative: (v, grad) => grad.mul(v.mul(sub(1, v))) })
const absOp = pointwise({ name: 'abs', saved: 'x', derivative: pieces('abs') })

const NEG = kernel('neg')
const ABS = kernel('abs')

/** One launch of a kernel that takes x and gives a tensor of the same dtype, or bools. */
function apply(kernelId: number, x: Tensor, dtype: Tensor['dtype'] = x.dtype): Tensor {
  const out = emptyTensor(x.shape, dtype)
  launch(kernelId, x.dtype, [dense(x), out], [x.count])
  return out
}

const negOp = defineOp('neg', {
  forward: (_, x: Tensor) => apply(NEG, x),
  backward: (_, grad): Gradient => negOp(grad),
  derivative: true,
})

/** Functions that are flat wherever they have a slope: their gradient is zero. */
function flat(name: string) {
  const forward = kernel(name)
  return defineOp(name, {
    forward: (_, x: Tensor) => apply(forward, x),
    backward: (_, grad) => grad.mul(0),
    derivative: true,
  })
}

const floorOp = flat('floor')
const ceilOp = flat('ceil')
const roundOp = flat('round')
const truncOp = flat('trunc')
const signOp = flat('sign')
const fracOp = (() => {
  const forward = kernel('frac')
  return defineOp('frac', {
    forward: (_, x: Tensor) => apply(forward, x),
    backward: (_, grad) => grad,
    derivative: true,
  })
})()

/** Integers stay as they are; bools count as 0 and 1. */
function keepsIntegers(op: string, x: Tensor): Tensor {
  checkTensor(op, x)
  return x.dtype === 'bool' ? cast(x, 'int32') : x
}

/** eˣ, element by element. Integers become float32. */
export const exp = (x: Tensor): Tensor => expOp(floating('exp', x), none)
/** 2ˣ, element by element. Integers become float32. */
export const exp2 = (x: Tensor): Tensor => exp2Op(floating('exp2', x), none)
/** eˣ - 1, exact near 0, element by element. Integers become float32. */
export const expm1 = (x: Tensor): Tensor => expm1Op(floating('expm1', x), none)
/** natural logarithm, element by element. Integers become float32. */
export const log = (x: Tensor): Tensor => logOp(floating('log', x), none)
/** logarithm to base 2, element by element. Integers become float32. */
export const log2 = (x: Tensor): Tensor => log2Op(floating('log2', x), none)
/** logarithm to base 10, element by element. Integers become float32. */
export const log10 = (x: Tensor): Tensor => log10Op(floating('log10', x), none)
/** log(1 + x), exact near 0, element by element. Integers become float32. */
export const log1p = (x: Tensor): Tensor => log1pOp(floating('log1p', x), none)
/** √x, element by element. Integers become float32. */
export const sqrt = (x: Tensor): Tensor => sqrtOp(floating('sqrt', x), none)
/** 1/√x, element by element. Integers become float32. */
export const rsqrt = (x: Tensor): Tensor => rsqrtOp(floating('rsqrt', x), none)
/** 1/x, element by element. Integers become float32. */
export const reciprocal = (x: Tensor): Tensor => reciprocalOp(floating('reciprocal', x), none)
/** sine of radians, element by element. Integers become float32. */
export const sin = (x: Tensor): Tensor => sinOp(floating('sin', x), none)
/** cosine of radians, element by element. Integers become float32. */
export const cos = (x: Tensor): Tensor => cosOp(floating('cos', x), none)
/** tangent of radians, element by element. Integers become float32. */
export const tan = (x: Tensor): Tensor => tanOp(floating('tan', x), none)
/** arc sine, in radians, element by element. Integers become float32. */
export const asin = (x: Tensor): Tensor => asinOp(floating('asin', x), none)
/** arc cosine, in radians, element by element. Integers become float32. */
export const acos = (x: Tensor): Tensor => acosOp(floating('acos', x), none)
/** arc tangent, in radians, element by element. Integers become float32. */
export const atan = (x: Tensor): Tensor => atanOp(floating('atan', x), none)
/** hyperbolic sine, element by element. Integers become float32. */
export const sinh = (x: Tensor): Tensor => sinhOp(floating('sinh', x), none)
/** hyperbolic cosine, element by element. Integers become float32. */
export const cosh = (x: Tensor): Tensor => coshOp(floating('cosh', x), none)
/** hyperbolic tangent, element by element. Integers become float32. */
export const tanh = (x: Tensor): Tensor => tanhOp(floating('tanh', x), none)
/** inverse hyperbolic sine, element by element. Integers become float32. */
export const asinh = (x: Tensor): Tensor => asinhOp(floating('asinh', x), none)
/** inverse hyperbolic cosine, element by element. Integers become float32. */
export const acosh = (x: Tensor): Tensor => acoshOp(floating('acosh', x), none)
/** inverse hyperbolic tangent, element by element. Integers become float32. */
export const atanh = (x: Tensor): Tensor => atanhOp(floating('atanh', x), none)
/** error function 2/√π ∫₀ˣ exp(-t²) dt, element by element. Integers become float32. */
export const erf = (x: Tensor): Tensor => erfOp(floating('erf', x), none)
/** 1 - erf(x), exact far from 0, element by element. Integers become float32. */
export const erfc = (x: Tensor): Tensor => erfcOp(floating('erfc', x), none)
/** the y with erf(y) = x, element by element. Integers become float32. */
export const erfinv = (x: Tensor): Tensor => erfinvOp(floating('erfinv', x), none)
/** 1/(1 + e⁻ˣ), element by element. Integers become float32. */
export const sigmoid = (x: Tensor): Tensor => sigmoidOp(floating('sigmoid', x), none)
/** x², element by element; integers stay integers. */
export function square(x: Tensor): Tensor {
  const from = keepsIntegers('square', x)
  return isFloating(from.dtype) ? squareOp(from, none) : from.mul(from)
}
/** -x, element by element. */
export const neg = (x: Tensor): Tensor => negOp(keepsIntegers('neg', x))
/** |x|, element by element; its slope at 0 is 0. */
export function abs(x: Tensor): Tensor {
  const from = keepsIntegers('abs', x)
  return isFloating(from.dtype) ? absOp(from, none) : apply(ABS, from)
}
/** -1, 0 or 1, element by element; nan gives 0. */
export const sign = (x: Tensor): Tensor => signOp(keepsIntegers('sign', x))
/** The largest whole number ≤ x, element by element; integers stay as they are. */
export const floor = (x: Tensor): Tensor => (isFloating(keepsIntegers('floor', x).dtype) ? floorOp(x) : x)
/** The smallest whole number ≥ x, element by element; integers stay as they are. */
export const ceil = (x: Tensor): Tensor => (isFloating(keepsIntegers('ceil', x).dtype) ? ceilOp(x) : x)
/** The nearest whole number, halves to even, element by element; integers stay as they are. */
export const round = (x: Tensor): Tensor => (isFloating(keepsIntegers('round', x).dtype) ? roundOp(x) : x)
/** x without its fraction, element by element; integers stay as they are. */
export const trunc = (x: Tensor): Tensor => (isFloating(keepsIntegers('trunc', x).dtype) ? truncOp(x) : x)
/** The fraction of x with its sign: x - trunc(x). */
export const frac = (x: Tensor): Tensor => fracOp(floating('frac', x))

const ISNAN = kernel('isnan')
/** Where x is nan. */
export const isnan = (x: Tensor): Tensor => apply(ISNAN, floating('isnan', x), 'bool')
const ISINF = kernel('isinf')
/** Where x is infinite. */
export const isinf = (x: Tensor): Tensor => apply(ISINF, floating('isinf', x), 'bool')
const ISFINITE = kernel('isfinite')
/** Where x is neither infinite nor nan. */
export const isfinite = (x: Tensor): Tensor => apply(ISFINITE, floating('isfinite', x), 'bool')

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** eˣ; see `exp`. */
    exp(): Tensor
    exp_(): this
    /** 2ˣ; see `exp2`. */
    exp2(): Tensor
    exp2_(): this
    /** eˣ - 1, exact near 0; see `expm1`. */
    expm1(): Tensor
    expm1_(): this
    /** natural logarithm; see `log`. */
    log(): Tensor
    log_(): this
    /** logarithm to base 2; see `log2`. */
    log2(): Tensor
    log2_(): this
    /** logarithm to base 10; see `log10`. */
    log10(): Tensor
    log10_(): this
    /** log(1 + x), exact near 0; see `log1p`. */
    log1p(): Tensor
    log1p_(): this
    /** √x; see `sqrt`. */
    sqrt(): Tensor
    sqrt_(): this
    /** 1/√x; see `rsqrt`. */
    rsqrt(): Tensor
    rsqrt_(): this
    /** x²; see `square`. */
    square(): Tensor
    square_(): this
    /** 1/x; see `reciprocal`. */
    reciprocal(): Tensor
    reciprocal_(): this
    /** sine of radians; see `sin`. */
    sin(): Tensor
    sin_(): this
    /** cosine of radians; see `cos`. */
    cos(): Tensor
    cos_(): this
    /** tangent of radians; see `tan`. */
    tan(): Tensor
    tan_(): this
    /** arc sine, in radians; see `asin`. */
    asin(): Tensor
    asin_(): this
    /** arc cosine, in radians; see `acos`. */
    acos(): Tensor
    acos_(): this
    /** arc tangent, in radians; see `atan`. */
    atan(): Tensor
    atan_(): this
    /** hyperbolic sine; see `sinh`. */
    sinh(): Tensor
    sinh_(): this
    /** hyperbolic cosine; see `cosh`. */
    cosh(): Tensor
    cosh_(): this
    /** hyperbolic tangent; see `tanh`. */
    tanh(): Tensor
    tanh_(): this
    /** inverse hyperbolic sine; see `asinh`. */
    asinh(): Tensor
    asinh_(): this
    /** inverse hyperbolic cosine; see `acosh`. */
    acosh(): Tensor
    acosh_(): this
    /** inverse hyperbolic tangent; see `atanh`. */
    atanh(): Tensor
    atanh_(): this
    /** error function 2/√π ∫₀ˣ exp(-t²) dt; see `erf`. */
    erf(): Tensor
    erf_(): this
    /** 1 - erf(x), exact far from 0; see `erfc`. */
    erfc(): Tensor
    erfc_(): this
    /** the y with erf(y) = x; see `erfinv`. */
    erfinv(): Tensor
    erfinv_(): this
    /** 1/(1 + e⁻ˣ); see `sigmoid`. */
    sigmoid(): Tensor
    sigmoid_(): this
    /** -x; see `neg`. */
    neg(): Tensor
    neg_(): this
    /** |x|; see `abs`. */
    abs(): Tensor
    abs_(): this
    /** -1, 0 or 1; see `sign`. */
    sign(): Tensor
    sign_(): this
    /** largest whole number ≤ x; see `floor`. */
    floor(): Tensor
    floor_(): this
    /** smallest whole number ≥ x; see `ceil`. */
    ceil(): Tensor
    ceil_(): this
    /** nearest whole number, halves to even; see `round`. */
    round(): Tensor
    round_(): this
    /** x without its fraction; see `trunc`. */
    trunc(): Tensor
    trunc_(): this
    /** x - trunc(x); see `frac`. */
    frac(): Tensor
    frac_(): this
    isnan(): Tensor
    isinf(): Tensor
    isfinite(): Tensor
  }
}

const functions = {
  exp,
  exp2,
  expm1,
  log,
  log2,
  log10,
  log1p,
  sqrt,
  rsqrt,
  square,
  reciprocal,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  erf,
  erfc,
  erfinv,
  sigmoid,
  neg,
  abs,
  sign,
  floor,
  ceil,
  round,
  trunc,
  frac,
}
for (const [name, fn] of Object.entries(functions)) {
  const forward = kernel(name)
  const method = Tensor.prototype as unknown as Record<string, (this: Tensor) => Tensor>
  method[name] = function () {
    return fn(this)
  }
  method[`${name}_`] = function () {
    return applyInPlace(`${name}_`, forward, this, none, fn)
  }
}
Object.assign(Tensor.prototype, {
  isnan(this: Tensor) {
    return isnan(this)
  },
  isinf(this: Tensor) {
    return isinf(this)
  },
  isfinite(this: Tensor) {
    return isfinite(this)
  },
})
