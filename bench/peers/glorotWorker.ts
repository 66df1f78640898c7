// glorot's side of the comparison as a process: see worker.ts.
import { createInterface } from 'node:readline'
import { buildInfo, manualSeed, setNumThreads } from 'glorot'
import { measure } from './clock.js'
import type { Answer, Greeting, Request } from './worker.js'
import { works } from './works.js'

const prepared = new Map<string, () => unknown>()

function answer(request: Request): Answer {
  if (request.do === 'forget') {
    prepared.clear()
    return {}
  }
  setNumThreads(request.threads)
  if (request.do === 'run') return { samples: measure(prepared.get(request.key)!, request.seconds, request.cpu) }
  manualSeed(0)
  const { step, value } = works[request.work](request.args)
  prepared.set(request.key, step)
  return { value: value() }
}

const say = (message: Answer | Greeting) => process.stdout.write(`${JSON.stringify(message)}\n`)

const { version, isa } = buildInfo()
say({ name: 'glorot', version, details: `${isa}, Node ${process.versions.node}` })
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say(answer(JSON.parse(line)))
  } catch (problem) {
    say({ error: String(problem).split('\n')[0] })
  }
}
