// The native binary by itself, with a parameter block of its own: not the one that the library has bound.
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Native } from '../../src/core/binding.js'

const root = path.join(import.meta.dirname, '../../..')
export const native: Native = createRequire(import.meta.url)('node-gyp-build')(root)
