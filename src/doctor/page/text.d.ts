/** A file as text, minified when the package is bundled: scripts/bundle.mjs. */
declare module '*?text' {
  const text: string
  export default text
}
