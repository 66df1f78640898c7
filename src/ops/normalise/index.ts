// Normalisations.
export { type BatchNormOptions, batchNorm } from './batchNorm.js'
export { type InstanceNormOptions, instanceNorm } from './instanceNorm.js'
export { type LocalResponseOptions, localResponseNorm } from './localResponse.js'
export { type AffineOptions, groupNorm, layerNorm, rmsNorm } from './rowNorm.js'
