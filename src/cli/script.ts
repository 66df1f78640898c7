// The script to be watched: where it is, and how Node comes to run it.
import { nearest } from '../core/errors.js'

const { existsSync, readdirSync, statSync } = process.getBuiltinModule('node:fs')
const { createRequire } = process.getBuiltinModule('node:module')
const path = process.getBuiltinModule('node:path')

const plain = ['.js', '.mjs', '.cjs']
const typed = ['.ts', '.mts', '.cts']

export interface Script {
  readonly file: string
  readonly typescript: boolean
  /** Folder of the glorot that the script imports; null where it finds none. */
  readonly glorot: string | null
}

/** The folder of the package `glorot`, as seen from a file: a copy of its own would be another library, with other tensors. */
function glorotOf(file: string): string | null {
  try {
    return path.dirname(createRequire(file).resolve('glorot/package.json'))
  } catch {
    return null
  }
}

/** The script, or in words why there is none. */
export function locate(name: string): Script | string {
  const file = path.resolve(name)
  const extension = path.extname(file)
  if (!existsSync(file)) {
    const folder = path.dirname(file)
    const others = existsSync(folder)
      ? readdirSync(folder).filter(f => [...plain, ...typed].includes(path.extname(f)))
      : []
    const near = nearest(path.basename(file), others)
    return `there is no file '${name}'${near ? `, did you mean '${path.join(path.dirname(name), near)}'?` : ''}`
  }
  if (!statSync(file).isFile()) return `'${name}' is not a file`
  if (![...plain, ...typed].includes(extension))
    return `'${name}' is no script: expected a file that ends in ${[...plain, ...typed].join(', ')}`
  return { file, typescript: typed.includes(extension), glorot: glorotOf(file) }
}
