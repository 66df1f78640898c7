// Programs in C++ that measure kernels without Node: built into build-bench/, run, read.
import { spawnSync } from 'node:child_process'
import path from 'node:path'

/** What a program prints. @throws Error with the end of its output if it fails */
export function run(command: string, args: readonly string[]): string {
  const environment = { ...process.env }
  // It would make OpenBLAS take kernels that are not this machine's.
  delete environment.OPENBLAS_CORETYPE
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env: environment })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}:\n${stdout.slice(-1000)}${stderr.slice(-1000)}`)
  return stdout
}

/** Builds `bench_<area>` of bench/<area>; gives the program's path. */
export function build(root: string, area: string): string {
  const folder = path.join(root, 'build-bench')
  const options = ['-DGLOROT_ADDON=OFF', '-DGLOROT_BENCH=ON', '-DCMAKE_BUILD_TYPE=Release']
  run('cmake', ['-S', root, '-B', folder, ...options])
  run('cmake', ['--build', folder, '--target', `bench_${area}`, '--parallel', '2'])
  return path.join(folder, 'bench', area, `bench_${area}`)
}
