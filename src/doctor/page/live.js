// Shows what the run sends. What is open stays open; a chart that is being read is not taken away.
const live = document.getElementById('live')
const status = document.getElementById('status')
const events = new EventSource('/events')

/** Updates that came while a chart was in use: the last of them. */
let held = null
let over = false
const reading = () => live.querySelector('.chart:hover, .chart:focus') !== null

function redraw({ title, body }) {
  const open = [...live.querySelectorAll('details[open]')].map(details => details.id)
  const focused = document.activeElement?.closest('details')?.id
  live.innerHTML = body
  document.title = title
  for (const id of open) document.getElementById(id)?.setAttribute('open', '')
  if (focused) document.getElementById(focused)?.querySelector('summary')?.focus()
  document.dispatchEvent(new Event('redrawn'))
}

/** @param aloud whether screen readers shall say it too: not every step */
function say(text, aloud) {
  if (aloud) status.setAttribute('role', 'status')
  status.textContent = text
}

function show(update) {
  const { status: step, ended } = update
  if (ended) {
    over = true
    events.close()
  }
  held = reading() && !ended ? update : null
  if (held === null) redraw(update)
  say(ended ? `${step}. The run has ended.` : held ? `${step}. Charts wait while you read one.` : step, ended)
}

events.addEventListener('report', event => show(JSON.parse(event.data)))
events.addEventListener('error', () => {
  // The process is gone, and nobody will listen there again.
  events.close()
  if (!over) say('The process has ended. This is the last that it sent.', true)
})
for (const kind of ['pointerout', 'focusout'])
  live.addEventListener(kind, () => setTimeout(() => held !== null && !reading() && show(held)))
