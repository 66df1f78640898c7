// The names under `autograd`.
export { detectAnomaly } from './anomaly.js'
export { grad } from './backward.js'
