'use strict'
// Runs cmake-js wherever npm put it; node-gyp's action has no PATH to node_modules/.bin.
const path = require('node:path')
require(path.join(path.dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js'))
