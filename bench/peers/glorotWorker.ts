// glorot's side of the comparison as a process: see worker.ts.
import { buildInfo, setNumThreads } from 'glorot'
import { serve } from './serve.js'
import { works } from './works.js'

await serve(async () => {
  const { version, isa } = buildInfo()
  return {
    greeting: { name: 'glorot', version, details: `${isa}, Node ${process.versions.node}` },
    works,
    setThreads: setNumThreads,
  }
})
