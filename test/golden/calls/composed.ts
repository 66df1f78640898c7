// Networks of the golden programs.
import { nn, type Tensor } from 'glorot'

const recurrent = { LSTM: nn.LSTM, GRU: nn.GRU, RNN: nn.RNN }

/** A recurrent layer over [batch, time, features], its last result made a number. */
export class Sequence extends nn.Module {
  rnn: nn.RNN | nn.GRU | nn.LSTM
  head: nn.Linear

  constructor(kind: keyof typeof recurrent, inputs: number, hidden: number) {
    super()
    this.rnn = new recurrent[kind](inputs, hidden, { batchFirst: true })
    this.head = new nn.Linear(hidden, 1)
  }

  override forward(x: Tensor): Tensor {
    const [output] = (this.rnn as nn.RNN).forward(x)
    return this.head.forward(output.select(1, -1))
  }
}

export function convnet(channels: number, size: number, classes: number): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, channels, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(channels),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Dropout({ p: 0.25 }),
    new nn.Linear(channels * (size / 2) ** 2, classes),
  )
}
