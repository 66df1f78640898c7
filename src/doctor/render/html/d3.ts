// What d3-scale needs of d3-interpolate and d3-format where ranges are of numbers and labels our own: scripts/bundle.mjs puts this in
// the place of both.

export const interpolateNumber =
  (a: number, b: number) =>
  (t: number): number =>
    a * (1 - t) + b * t

export { interpolateNumber as interpolate, interpolateNumber as interpolateRound }

function absent(): never {
  throw new Error('not part of the bundle: see scripts/bundle.mjs')
}

export {
  absent as format,
  absent as formatPrefix,
  absent as formatSpecifier,
  absent as piecewise,
  absent as precisionFixed,
  absent as precisionPrefix,
  absent as precisionRound,
}
