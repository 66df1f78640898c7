// Packages that the project does not depend on: they are looked for in the folder that GLOROT_PEERS names.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

// biome-ignore lint/suspicious/noExplicitAny: packages that may not be here have no types here
type Loaded = any

export interface Foreign {
  readonly library: Loaded
  readonly version: string
  /** Where the package lies. */
  readonly folder: string
}

/** @throws Error saying how to get the package, if it is not there */
export async function foreign(name: string, home = process.env.GLOROT_PEERS): Promise<Foreign> {
  if (!home) throw new Error('GLOROT_PEERS names no folder (README.md in bench/ says how to make one)')
  const require = createRequire(path.join(path.resolve(home), 'package.json'))
  const folder = path.join(path.resolve(home), 'node_modules', ...name.split('/'))
  let entry: string
  try {
    entry = require.resolve(name)
  } catch {
    throw new Error(`${name} is not in ${home}: npm install --ignore-scripts --prefix ${home} ${name}`)
  }
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const module = await import(pathToFileURL(entry).href)
  return { library: module.default ?? module, version, folder }
}
