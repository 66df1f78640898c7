// A server that trains: how long a trivial request takes while this process trains a network, by runEpoch and by a plain loop. The
// client is a process of its own. Run it with: node out/bench/latency.js
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { compile, data, manualSeed, nn, optim, randint, randn, setNumThreads, type Tensor } from 'glorot'

const REQUESTS = 1000

/** Milliseconds of requests, one after the other. */
async function client(port: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < REQUESTS; i++) {
    const start = performance.now()
    const [response] = await once(get({ port, host: '127.0.0.1' }), 'response')
    for await (const _ of response);
    times.push(performance.now() - start)
  }
  return times
}

/** Trains for as long as `busy` says, in one of three ways. */
async function train(how: string, busy: () => boolean): Promise<number> {
  manualSeed(0)
  const model = new nn.Sequential(
    new nn.Linear(784, 512),
    new nn.ReLU(),
    new nn.Linear(512, 256),
    new nn.ReLU(),
    new nn.Linear(256, 10),
  )
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 })
  const criterion = new nn.CrossEntropyLoss()
  const dataset = new data.TensorDataset(randn([6400, 784]), randint(0, 10, [6400]))
  const loader = new data.DataLoader(dataset, { batchSize: 128, shuffle: true })
  const fn = (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(x), y)
    loss.backward()
    optimizer.step()
    return loss
  }
  const step = compile(fn)
  let batches = 0
  while (busy()) {
    if (how === 'runEpoch') batches += (await step.runEpoch(loader)).numel()
    else if (how === 'a loop that lets the event loop turn after each step') {
      for (const [x, y] of loader) {
        fn(x, y)
        batches++
        await turn()
      }
    } else await turn()
  }
  return batches
}

async function main(): Promise<void> {
  setNumThreads(1)
  const server = createServer((_, response) => response.end('ok'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const how of ['nothing', 'a loop that lets the event loop turn after each step', 'runEpoch']) {
    const child = fork(import.meta.filename, ['client', String(port)])
    let times: number[] | null = null
    child.once('message', message => {
      times = message as number[]
    })
    const start = performance.now()
    const batches = await train(how, () => times === null)
    const seconds = (performance.now() - start) / 1000
    const sorted = (times as unknown as number[]).sort((a, b) => a - b)
    const at = (q: number) => `${sorted[Math.floor(q * (REQUESTS - 1))].toFixed(2)} ms`
    console.log(
      `${how}: p50 ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)}; ${(batches / seconds).toFixed(0)} batches/s meanwhile`,
    )
  }
  server.close()
}

if (process.argv[2] === 'client') process.send!(await client(Number(process.argv[3])))
else await main()
