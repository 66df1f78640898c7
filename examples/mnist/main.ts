// `npm run demo`: why the founding network does not learn to read digits, and one that does.
//
//     npm run demo -- --epochs 3 --digits 10000 --seed 1
import { parseArgs } from 'node:util'
import { demo, type Settings } from './demo.js'
import { terminalOf } from './terminal.js'

/** @throws Error that says which option is wrong */
function settings(): Settings {
  const { values } = parseArgs({
    options: {
      epochs: { type: 'string', default: '8' },
      digits: { type: 'string', default: '60000' },
      seed: { type: 'string', default: '0' },
    },
  })
  const whole = (name: keyof typeof values, from: number) => {
    const value = Number(values[name])
    if (!/^\d+$/.test(values[name]) || value < from || !Number.isSafeInteger(value))
      throw new Error(`--${name} must be a whole number from ${from}, got '${values[name]}'`)
    return value
  }
  return { epochs: whole('epochs', 1), digits: whole('digits', 1), seed: whole('seed', 0) }
}

function settingsOrExit(): Settings {
  try {
    return settings()
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
}

process.exitCode = demo(settingsOrExit(), terminalOf(process.stdout)) ? 0 : 1
