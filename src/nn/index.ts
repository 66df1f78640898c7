// The names under `nn`.
export * from './container.js'
export * as init from './init.js'
export * from './linear.js'
export { Module, type StateDict } from './module.js'
export { Parameter } from './parameter.js'
