// The names under `nn`.
export * from './container.js'
export { Module, type StateDict } from './module.js'
export { Parameter } from './parameter.js'
