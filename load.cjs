'use strict'
// Finds the native binary: prebuilds/<platform>-<arch> in the published package, build/Release in the repository.
const nodeGypBuild = require('node-gyp-build')

try {
  module.exports = nodeGypBuild(__dirname)
} catch (cause) {
  const place = `${process.platform}-${process.arch}, Node ${process.versions.node}`
  const build = `npm explore glorot -- npm run build:source`
  if (!/No native build was found/.test(cause.message)) throw cause
  throw new Error(`glorot: no native binary for ${place}; build it with a C++ compiler and cmake: ${build}`, { cause })
}
