// Where the processes of the sides are.
import path from 'node:path'
import type { Side } from './rows.js'
import { Worker } from './worker.js'

const sources = path.join(import.meta.dirname, '..', '..', '..', 'bench', 'peers')

/** A Python with what the sides in Python need. */
export const PYTHON = process.env.GLOROT_PYTHON || 'python3'

function command(side: Side, python: string): [program: string, args: string[]] {
  const script = (name: string) => path.join(import.meta.dirname, name)
  switch (side) {
    case 'glorot':
      return [process.execPath, [script('glorotWorker.js')]]
    case 'PyTorch':
      return [python, [path.join(sources, 'torch_worker.py')]]
    case 'TensorFlow.js wasm':
      return [process.execPath, [script('tfjsWorker.js'), 'wasm']]
    case 'TensorFlow.js cpu':
      return [process.execPath, [script('tfjsWorker.js'), 'cpu']]
    case 'js-pytorch':
      return [process.execPath, [script('jsPytorchWorker.js')]]
    case 'numpy':
      return [python, [path.join(sources, 'numpy_worker.py')]]
  }
}

/** @throws Error saying why the side cannot take part */
export const startSide = (side: Side, python = PYTHON): Promise<Worker> => Worker.start(...command(side, python))
