// A headless browser for tests of pages: Debian's chromium, or the one that CHROME_PATH names.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import test, { type ExecutionContext } from 'ava'
import { type Browser, chromium, type Page } from 'playwright-core'

const candidates = [
  process.env.CHROME_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
const executablePath = candidates.find(file => file !== undefined && existsSync(file))

let browser: Promise<Browser> | undefined

/** A test that needs a browser; skipped, and said so, where there is none. */
export function browserTest(
  title: string,
  run: (t: ExecutionContext, open: () => Promise<Browser>) => Promise<void>,
): void {
  if (executablePath === undefined) {
    test.skip(`${title}: no chromium found, install it (apt-get install chromium) or set CHROME_PATH`, () => {})
    return
  }
  test(title, t => {
    browser ??= chromium.launch({ executablePath, args: ['--no-sandbox'] })
    return run(t, () => browser!)
  })
}

test.after.always(async () => {
  await (await browser)?.close()
})

export interface Watched {
  readonly page: Page
  /** Errors and warnings of the console and of scripts. */
  readonly complaints: string[]
  /** Everything that was asked of a network. */
  readonly requests: string[]
}

/** A new page whose console and network are watched. */
export async function watchedPage(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Watched> {
  const page = await (await browser.newContext(options)).newPage()
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('request', request => {
    if (!request.url().startsWith('data:')) requests.push(request.url())
  })
  return { page, complaints, requests }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Axe's findings, in its words. The policy of the page forbids foreign scripts, so it is evaluated from outside. */
export async function violations({ page }: Pick<Watched, 'page'>): Promise<string[]> {
  await page.evaluate(axe)
  const found = await page.evaluate<{ id: string; help: string; nodes: { html: string }[] }[]>(
    'axe.run().then(results => results.violations)',
  )
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(n => n.html.slice(0, 120)).join(' ')}`)
}
