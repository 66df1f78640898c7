// Puts the present output of the examples into docs/why-not-learning.md: between a mark like `<!-- output: coin-flips -->` and the end
// of the code block under it. Run after `npm run build:ts && npx tsc -p tsconfig.test.json`.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const guide = path.join(root, 'docs/why-not-learning.md')

const text = readFileSync(guide, 'utf8').replaceAll(
  /(<!-- output: ([\w-]+) -->\n)(?:```text\n[\s\S]*?\n```\n)?/g,
  (_, mark, example) => {
    const file = path.join(root, 'out/examples/doctor', `${example}.js`)
    const output = execFileSync(process.execPath, [file], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
    return `${mark}\`\`\`text\n${output.trim()}\n\`\`\`\n`
  },
)
writeFileSync(guide, text)
