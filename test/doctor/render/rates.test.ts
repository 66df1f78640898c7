// The plot of a learning-rate range test.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { manualSeed, nn, optim, randn } from 'glorot'
import { lrFind } from 'glorot/doctor'
import { browserTest, watchedPage } from './browser.js'

function found() {
  manualSeed(0)
  const X = randn([300, 4])
  const model = new nn.Sequential(new nn.Linear(4, 16), new nn.ReLU(), new nn.Linear(16, 1))
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
  return lrFind({ model, criterion: new nn.MSELoss(), optimizer, data: [X, X.mul(X).sum(1, { keepdim: true })] })
}

test('in a terminal: the suggestion, the curve, powers of ten, and a sign under the rate to begin with', t => {
  const result = found()
  const lines = result.toString({ columns: 80, color: false, unicode: true }).split('\n')
  const suggested = String(Number(result.suggestion!.toPrecision(3)))
  t.regex(lines[1], new RegExp(`^Begin with ${suggested.replace('.', '\\.')}`))
  const plot = lines.filter(line => /[▁▂▃▄▅▆▇█]/.test(line))
  t.true(plot.length >= 7)
  const axis = lines.find(line => line.includes('1e-7'))!
  const sign = lines[lines.length - 1]
  t.regex(sign, new RegExp(`^ +▲ ${suggested.replace('.', '\\.')}$`))
  // Between the powers of ten that it is between.
  const [below, above] = [
    10 ** Math.floor(Math.log10(result.suggestion!)),
    10 ** Math.ceil(Math.log10(result.suggestion!)),
  ]
  const at = (power: number) => axis.indexOf(String(power).replace('e-0', 'e-'))
  t.true(sign.indexOf('▲') >= at(below) && (at(above) === -1 || sign.indexOf('▲') <= at(above)), `${axis}\n${sign}`)
  for (const line of lines) t.true([...line].length <= 80)
})

browserTest('as a page: the curve over a logarithmic axis, the suggestion marked', async (t, open) => {
  const result = found()
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'glorot-rates-')), 'rates.html')
  writeFileSync(file, result.toHTML())
  const { page, complaints } = await watchedPage(await open())
  await page.goto(pathToFileURL(file).href)
  t.is(await page.locator('h1').textContent(), 'Learning-rate range test')
  t.true((await page.locator('figcaption p').textContent())!.startsWith('Begin with '))
  t.is(await page.locator('svg text.level').textContent(), String(Number(result.suggestion!.toPrecision(3))))
  t.true((await page.locator('svg text').allTextContents()).includes('1e-5'))
  t.deepEqual(complaints, [])
})
