import type { Native } from './dist/core/native.js'

declare const native: Native
export = native
