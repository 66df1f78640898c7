// Reads values off the charts: under the pointer, or by the arrow keys from step to step.
const NS = 'http://www.w3.org/2000/svg'

function mark(parent, name, attributes) {
  const element = parent.appendChild(document.createElementNS(NS, name))
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}

/** The point of a series that is nearest along the axis. */
function nearest(points, x) {
  let best = points[0]
  for (const point of points) if (Math.abs(point[1] - x) < Math.abs(best[1] - x)) best = point
  return best
}

function enliven(chart) {
  const svg = chart.querySelector('svg')
  const output = chart.querySelector('output')
  const cursor = chart.querySelector('.cursor')
  const { x: unit, series } = JSON.parse(chart.querySelector('script').textContent)
  const filled = series.filter(s => s.points.length > 0)
  if (filled.length === 0) return
  // The arrow keys walk along the series with the most points.
  const path = filled.reduce((a, b) => (b.points.length > a.points.length ? b : a)).points
  let at = -1

  const clear = () => {
    cursor.replaceChildren()
    output.textContent = ''
    at = -1
  }
  const show = i => {
    at = Math.max(0, Math.min(path.length - 1, i))
    const [step, x] = path[at]
    cursor.replaceChildren()
    mark(cursor, 'path', { d: `M${x} 26V216` })
    const values = filled.map(({ name, color, points }) => {
      const [, px, py, value] = nearest(points, x)
      if (py !== null) mark(cursor, 'circle', { cx: px, cy: py, r: 4, style: `--c:${color}` })
      return filled.length > 1 ? `${name} ${value}` : value
    })
    output.textContent = `${unit} ${step}: ${values.join(', ')}`
  }

  chart.addEventListener('pointermove', event => {
    const box = svg.getBoundingClientRect()
    const x = ((event.clientX - box.left) * svg.viewBox.baseVal.width) / box.width
    show(path.indexOf(nearest(path, x)))
  })
  chart.addEventListener('pointerleave', clear)
  chart.addEventListener('blur', clear)
  chart.addEventListener('keydown', event => {
    const jump = Math.max(1, Math.round(path.length / 10))
    const to = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      PageDown: at + jump,
      PageUp: at - jump,
      Home: 0,
      End: path.length - 1,
    }[event.key]
    if (event.key === 'Escape') clear()
    if (to === undefined) return
    event.preventDefault()
    show(to)
  })
}

function enlivenAll() {
  for (const chart of document.querySelectorAll('.chart[tabindex]')) enliven(chart)
}

enlivenAll()
// The live page draws its charts anew.
document.addEventListener('redrawn', enlivenAll)
