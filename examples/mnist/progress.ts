// Progress of an epoch: a live bar in a terminal; elsewhere (a file, a pipe, CI) one plain line every few seconds.
import { SingleBar } from 'cli-progress'

export interface Progress {
  update(done: number, loss: number): void
  stop(): void
}

/** Seconds between two plain lines. */
const EVERY = 5

export function startProgress(title: string, total: number, out: NodeJS.WriteStream = process.stdout): Progress {
  if (out.isTTY) {
    const format = `  ${title} [{bar}] {percentage}% | loss {loss} | {eta_formatted} left`
    const bar = new SingleBar({
      format,
      stream: out,
      hideCursor: false,
      linewrap: true,
      clearOnComplete: true,
      barsize: 30,
      fps: 15,
    })
    bar.start(total, 0, { loss: '-' })
    return {
      update: (done, loss) => bar.update(done, { loss: loss.toFixed(4) }),
      stop: () => bar.stop(),
    }
  }
  let last = performance.now()
  return {
    update(done, loss) {
      if (performance.now() - last < EVERY * 1000) return
      last = performance.now()
      out.write(`  ${title} ${Math.round((100 * done) / total)}%, loss ${loss.toFixed(4)}\n`)
    },
    stop() {},
  }
}
