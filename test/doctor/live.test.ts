// The live page: it follows a loop that gives the event loop no turn, survives a refresh, ends with the process, answers to its own name alone,
// and nothing listens unless asked.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { nn, optim } from 'glorot'
import { watch } from 'glorot/doctor'
import { browserTest, violations, watchedPage } from './render/browser.js'

const root = path.join(import.meta.dirname, '../../..')
const folder = mkdtempSync(path.join(root, 'out/live-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const program = (options: string, stop: string) => `
import { existsSync } from 'node:fs'
import { manualSeed, nn, optim, randn } from 'glorot'
import { watch } from 'glorot/doctor'
manualSeed(0)
const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 1))
const X = randn([64, 4])
const y = X.mul(X).sum(1, { keepdim: true })
const criterion = new nn.MSELoss()
const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 })
const watcher = watch({ model, criterion, optimizer, ${options} })
console.log('url ' + watcher.url)
for (let step = 0; step < 100 || !existsSync(${JSON.stringify(stop)}); step++) {
  optimizer.zeroGrad()
  criterion.forward(model.forward(X), y).backward()
  optimizer.step()
}
`

interface Running {
  readonly url: string
  readonly errors: () => string
  /** Ends the loop. @returns the exit code */
  readonly stop: () => Promise<number>
}

let files = 0

/** Starts a program and waits until it says where its page is. */
async function start(t: ExecutionContext, options: string): Promise<Running> {
  const file = path.join(folder, `${files++}.mjs`)
  const stop = `${file}.stop`
  writeFileSync(file, program(options, stop))
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', text => {
    errors += text
  })
  const [line] = await once(child.stdout!.setEncoding('utf8'), 'data')
  const end = async () => {
    const closed = once(child, 'close')
    writeFileSync(stop, '')
    return (await closed)[0] as number
  }
  return { url: line.match(/url (\S+)/)[1], errors: () => errors, stop: end }
}

/** Waits until a condition holds; what it is read from is gone now and then, while the page is drawn anew. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 60_000; !(await holds()); await sleep(50))
    if (performance.now() > end) throw new Error('waited in vain')
}

/** A GET with any Host header. */
function get(url: string, host?: string, method = 'GET'): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { Host: host }
    request(url, { headers, method }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, text }))
    })
      .on('error', reject)
      .end()
  })
}

browserTest('a page follows the run, survives a refresh, and says when it is over', async (t, open) => {
  const { url, errors, stop } = await start(t, 'serve: true')
  t.regex(url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
  t.true(errors().includes(url))
  const { page, complaints, requests } = await watchedPage(await open())
  await page.goto(url)
  const status = async () => (await page.locator('#status').textContent())!
  const step = async () => Number((await status()).replaceAll(/\D/g, ''))
  await until(async () => (await step()) > 0)
  const first = await step()
  await until(async () => (await step()) > first)
  await page.locator('#loss summary').click()
  const second = await step()
  await until(async () => (await step()) > second)
  t.is(await page.locator('#loss details').getAttribute('open'), '')

  t.deepEqual(await violations({ page }), [])
  await page.reload()
  t.true((await step()) >= second)
  t.is(await page.locator('#loss svg[role=img]').count(), 1)
  t.is(await stop(), 0)
  await until(async () => (await status()).includes('has ended'))
  t.regex((await page.locator('#status').textContent())!, /^Step [\d,]+\. The run has ended\.$/)
  t.deepEqual(complaints, [])
  t.deepEqual([...new Set(requests.map(r => new URL(r).origin))], [new URL(url).origin])
})

test('the server answers to its own name alone, to GET alone, at two places', async t => {
  const { url, stop } = await start(t, 'serve: true')
  const { port } = new URL(url)
  t.is((await get(url)).status, 200)
  t.is((await get(url, `localhost:${port}`)).status, 200)
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1',
    `127.0.0.1:${Number(port) + 1}`,
    `0.0.0.0:${port}`,
  ])
    t.is((await get(url, host)).status, 403, host)
  t.is((await get(url, undefined, 'POST')).status, 405)
  t.is((await get(`${url}etc/passwd`)).status, 404)
  t.is(await stop(), 0)
})

test('a process is not kept alive by its page, and the page goes with it', async t => {
  const { url, stop } = await start(t, 'serve: true')
  t.is((await get(url)).status, 200)
  t.is(await stop(), 0)
  await t.throwsAsync(get(url))
})

test('a port can be asked for; one that is taken is an error', async t => {
  const { url, stop } = await start(t, 'serve: true')
  const { port } = new URL(url)
  const model = new nn.Linear(1, 1)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
  const error = t.throws(() => watch({ model, optimizer, serve: { port: Number(port) } }))
  t.regex(error.message, new RegExp(`watch: cannot listen on port ${port} of 127\\.0\\.0\\.1: .*EADDRINUSE`))
  t.throws(() => watch({ model, optimizer, serve: { port: -1 } }), { message: /port must be a whole number/ })
  t.is(await stop(), 0)
})

test('nothing listens unless asked', async t => {
  const { url, errors, stop } = await start(t, '')
  t.is(url, 'null')
  t.is(await stop(), 0)
  t.is(errors(), '')
})
