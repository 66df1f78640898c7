// `glorot info`: what this installation runs on.
import { buildInfo } from '../core/info.js'

export function info({ json = false }: { json?: boolean }): void {
  const { version, isa, isas, threads } = buildInfo()
  const { platform, arch, versions } = process
  const facts = { version, isa, isas, threads, node: versions.node, platform: `${platform}-${arch}` }
  if (json) {
    process.stdout.write(`${JSON.stringify(facts)}\n`)
    return
  }
  const others = isas.filter(other => other !== isa)
  const lines: Record<string, string> = {
    glorot: version,
    'instruction set': others.length > 0 ? `${isa} (also here: ${others.join(', ')})` : isa,
    threads: String(threads),
    Node: versions.node,
    platform: facts.platform,
  }
  for (const [name, value] of Object.entries(lines)) process.stdout.write(`${name.padEnd(17)}${value}\n`)
}
