// Loaded before a script in TypeScript: from here on Node takes such files.
import * as nodeModule from 'node:module'
import * as hooks from './typescript.js'

// Newer versions of Node run hooks where they are; 20 runs them in a thread of their own.
const { registerHooks } = nodeModule as { registerHooks?: (given: typeof hooks) => void }
if (registerHooks) registerHooks(hooks)
else nodeModule.register('./typescript.js', import.meta.url)
process.setSourceMapsEnabled(true)
