// The report as a page, in a browser: all there, no error, nothing fetched, usable by keyboard and screen reader, light, dark, on paper.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { Report } from 'glorot/doctor'
import type { Browser } from 'playwright-core'
import { browserTest, violations, type Watched, watchedPage } from './browser.js'
import { bare, HOSTILE, parts, report, trace } from './sample.js'

const folder = mkdtempSync(path.join(tmpdir(), 'glorot-report-'))

async function opened(browser: Browser, shown: Report, options = {}): Promise<Watched> {
  const file = path.join(folder, `${Math.random().toString(36).slice(2)}.html`)
  writeFileSync(file, shown.toHTML())
  const watched = await watchedPage(browser, options)
  await watched.page.goto(pathToFileURL(file).href)
  return watched
}

browserTest('findings, charts and tables are on the page', async (t, open) => {
  const { page, complaints, requests } = await opened(await open(), report)
  t.is(await page.title(), 'glorot doctor: Sequential')
  t.is(await page.locator('h1').textContent(), '1 error, 1 warning, 1 note')
  t.deepEqual(await page.locator('h2').allTextContents(), [
    'Findings',
    'Training',
    'Layers',
    'Activations',
    'Data',
    'Model',
  ])
  const ids = (await page.locator('article > h3').allTextContents()).map(text => text.split(' ')[1])
  t.deepEqual(ids, ['symmetric-init', 'lr-too-high', 'class-imbalance'])
  t.regex((await page.locator('article').first().textContent())!, /nn\.init\.zeros_\(model\.get\('0'\)\.bias\)/)
  t.deepEqual(await page.locator('figure h3').allTextContents(), [
    'The fix, tried',
    'Loss',
    'Validation accuracy',
    'Learning rate',
    'Gradient by layer',
    'Gradient over time',
    'Update ratio',
    'Travel',
    'Saturated and dead units',
    'Rows per class',
  ])
  t.is(await page.locator('figure svg[role=img]').count(), 10)
  t.is(await page.locator('figure table').count(), 10)
  t.is(await page.locator('.cards svg').count(), 3)
  t.deepEqual(complaints, [])
  t.is(requests.length, 1)
})

browserTest('gradients are drawn on a logarithmic axis, one layer a decade above the other', async (t, open) => {
  const { page } = await opened(await open(), report)
  const heights = await page
    .locator('#flow svg circle')
    .evaluateAll(dots => dots.map(d => Number(d.getAttribute('cy'))))
  // Three moments of three layers, two decades apart: 0, 2, 4.
  t.is(heights.length, 9)
  t.true(heights[0] > heights[1] && heights[1] > heights[2])
  t.true(Math.abs(heights[0] - heights[1] - (heights[1] - heights[2])) < 0.2, heights.join(' '))
})

browserTest('nothing that is given by the user becomes markup', async (t, open) => {
  const { page, complaints } = await opened(await open(), report)
  t.is(await page.locator('img').count(), 0)
  t.deepEqual(complaints, [])
  t.true((await page.locator('article').nth(1).textContent())!.includes('<img src=x onerror=alert(1)>'))
  t.false(report.toHTML().includes(HOSTILE))
})

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [what, shown] of Object.entries({ full: report, empty: bare })) {
    browserTest(`axe finds nothing: ${what}, ${colorScheme}`, async (t, open) => {
      const watched = await opened(await open(), shown, { colorScheme })
      for (const details of await watched.page.locator('summary').all()) await details.click()
      t.deepEqual(await violations(watched), [])
    })
  }
}

browserTest('charts are read by the arrow keys and by the pointer', async (t, open) => {
  const { page } = await opened(await open(), report)
  const chart = page.locator('#loss .chart')
  await chart.focus()
  await page.keyboard.press('ArrowRight')
  t.regex((await chart.locator('output').textContent())!, /^step 1: each step 601, smoothed/)
  await page.keyboard.press('End')
  t.regex((await chart.locator('output').textContent())!, /^step 300: each step 0\.9,/)
  await page.keyboard.press('Escape')
  t.is(await chart.locator('output').textContent(), '')
  await chart.hover()
  t.regex((await chart.locator('output').textContent())!, /^step 1[0-9][0-9]: /)
})

browserTest('the first stop of the keyboard leads past the header', async (t, open) => {
  const { page } = await opened(await open(), report)
  await page.keyboard.press('Tab')
  t.is(await page.evaluate('document.activeElement?.textContent'), 'To the findings')
  await page.keyboard.press('Enter')
  t.is(await page.evaluate('document.activeElement?.id'), 'main')
})

for (const width of [320, 375, 768, 1600]) {
  browserTest(`nothing sticks out at ${width} pixels`, async (t, open) => {
    const { page } = await opened(await open(), report, { viewport: { width, height: 800 } })
    t.true((await page.evaluate<number>('document.documentElement.scrollWidth')) <= width)
  })
}

browserTest('on paper: light, with charts, without tables to open', async (t, open) => {
  const { page } = await opened(await open(), report, { colorScheme: 'dark' })
  await page.emulateMedia({ media: 'print' })
  t.is(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)')
  t.false(await page.locator('summary').first().isVisible())
  t.true(await page.locator('#loss .chart svg').isVisible())
})

browserTest('losses that are not numbers are marked where they start', async (t, open) => {
  const losses = Array.from({ length: 50 }, (_, i) => ({ step: i + 1, loss: i < 30 ? 2 ** i : Number.NaN }))
  const { page, complaints } = await opened(await open(), new Report({ ...parts, trace: { ...trace, losses } }))
  t.is(await page.locator('#loss text.break').innerHTML(), 'NaN from step 31')
  t.deepEqual(complaints, [])
})

test('a long run makes a page of bounded size', t => {
  const many = (n: number) => Array.from({ length: n }, (_, i) => ({ step: i + 1, loss: 1 + Math.sin(i) / 2 }))
  const size = (n: number) => new Report({ ...parts, trace: { ...trace, losses: many(n) } }).toHTML().length
  t.true(size(200_000) < size(2000) * 1.2)
})
