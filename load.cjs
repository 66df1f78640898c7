'use strict'
// Finds the native binary: build/Release in the repository, prebuilds/<platform>-<arch> in the published package.
const { existsSync } = require('node:fs')

// The two usual places first: node-gyp-build, which knows the unusual ones and GLOROT_PREBUILD, takes 2 ms to list folders.
const libc = process.platform !== 'linux' ? '' : existsSync('/etc/alpine-release') ? '.musl' : '.glibc'
const prebuilt = `${__dirname}/prebuilds/${process.platform}-${process.arch}/glorot${libc}.node`
const built = `${__dirname}/build/Release/glorot.node`

function search() {
  try {
    return require('node-gyp-build')(__dirname)
  } catch (cause) {
    const place = `${process.platform}-${process.arch}, Node ${process.versions.node}`
    const build = `npm explore glorot -- npm run build:source`
    if (!/No native build was found/.test(cause.message)) throw cause
    throw new Error(`glorot: no native binary for ${place}; build it with a C++ compiler and cmake: ${build}`, {
      cause,
    })
  }
}

const usual = process.env.GLOROT_PREBUILD ? [] : [built, prebuilt]
const found = usual.find(existsSync)
module.exports = found ? require(found) : search()
