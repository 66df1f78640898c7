// The names under `autograd`.
export { detectAnomaly } from './anomaly.js'
export { type BackwardOptions, type GradOptions, grad } from './backward.js'
export { Function, type FunctionContext } from './function.js'
export { type GradcheckOptions, gradcheck, gradgradcheck } from './gradcheck.js'
