// Lets Node run TypeScript, whichever version it is: types are removed as each file is loaded, by what Node itself does it with from
// 22.18 on (@swc/wasm-typescript), here with enums and parameter properties, and imports as TypeScript resolves them.
import type { LoadHookContext, ModuleFormat, ResolveHookContext } from 'node:module'
import type * as swc from '@swc/wasm-typescript'

const { existsSync, readFileSync } = process.getBuiltinModule('node:fs')
const { createRequire } = process.getBuiltinModule('node:module')
const { fileURLToPath } = process.getBuiltinModule('node:url')

const TYPED = /\.[mc]?ts$/
/** What TypeScript calls a module that it will compile to one of another name. */
const compiled: Record<string, string> = { '.js': '.ts', '.mjs': '.mts', '.cjs': '.cts' }

let compiler: typeof swc | undefined

/** The file that TypeScript means by a relative import, where there is none of that name. */
export function meant(specifier: string, parent: string | undefined): string {
  if (!/^\.\.?\//.test(specifier) || parent === undefined || !TYPED.test(new URL(parent).pathname)) return specifier
  const exists = (name: string) => existsSync(fileURLToPath(new URL(name, parent)))
  const [extension = ''] = /\.[mc]?js$/.exec(specifier) ?? []
  const candidates = extension
    ? [specifier.slice(0, -extension.length) + compiled[extension]]
    : [`${specifier}.ts`, `${specifier}.mts`, `${specifier}/index.ts`]
  if (/\.\w+$/.test(specifier) && exists(specifier)) return specifier
  return candidates.find(exists) ?? specifier
}

/** Modules, unless the file says otherwise: the type of a package is that of what it is compiled to. */
function formatOf(file: string, source: string): ModuleFormat {
  if (file.endsWith('.cts')) return 'commonjs'
  if (file.endsWith('.mts') || /^\s*(import|export)\b/m.test(source)) return 'module'
  return /\b(require\s*\(|module\.exports\b)/.test(source) ? 'commonjs' : 'module'
}

/** A file without its types, with a map that leads errors back to its lines. */
export function translated(file: string): { format: ModuleFormat; source: string } {
  compiler ??= createRequire(import.meta.url)('@swc/wasm-typescript') as typeof swc
  const text = readFileSync(file, 'utf8')
  try {
    const { code, map } = compiler.transformSync(text, { mode: 'transform', filename: file, sourceMap: true })
    const data = Buffer.from(map ?? '').toString('base64')
    return {
      format: formatOf(file, text),
      source: `${code}\n//# sourceMappingURL=data:application/json;base64,${data}`,
    }
  } catch (error) {
    const { message, startLine, snippet } = error as { message?: string; startLine?: number; snippet?: string }
    throw new SyntaxError(`${file}:${startLine ?? '?'}\n${snippet?.trim() ?? ''}\n${message ?? error}`)
  }
}

type Next<C, R> = (name: string, context?: Partial<C>) => R

export function resolve<R>(specifier: string, context: ResolveHookContext, next: Next<ResolveHookContext, R>): R {
  return next(meant(specifier, context.parentURL), context)
}

export function load<R>(url: string, context: LoadHookContext, next: Next<LoadHookContext, R>): R | object {
  if (!url.startsWith('file:') || !TYPED.test(new URL(url).pathname)) return next(url, context)
  return { ...translated(fileURLToPath(url)), shortCircuit: true }
}
