// Networks whose layers glorot does not have, made of its operations as PyTorch makes them: what a golden program of theirs shows
// is that operations, gradients, draws and optimizers compose.
import { cat, nn, noGrad, type Tensor, zeros } from 'glorot'
import { freshModule } from './freshModule.js'

/** Parameters drawn in order, under PyTorch's names. */
class Drawn extends nn.Module {
  constructor(parameters: Record<string, Tensor>) {
    super()
    for (const [name, t] of Object.entries(parameters)) this.registerParameter(name, new nn.Parameter(t))
  }
}

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

/** A 3x3 convolution with padding 1 and without bias, [N, C, H, W]: the nine shifted images as the rows of a matrix. */
class Convolution3x3 extends Drawn {
  declare weight: nn.Parameter

  constructor(inChannels: number, outChannels: number) {
    super(freshModule('Conv2d', { inChannels, outChannels, kernelSize: 3, bias: false }))
  }

  override forward(x: Tensor): Tensor {
    const [N, C, H, W] = x.shape
    const rows = cat([zeros([N, C, 1, W]), x, zeros([N, C, 1, W])], 2)
    const padded = cat([zeros([N, C, H + 2, 1]), rows, zeros([N, C, H + 2, 1])], 3)
    const shifted: Tensor[] = []
    for (let dy = 0; dy < 3; dy++) {
      for (let dx = 0; dx < 3; dx++) shifted.push(padded.narrow(2, dy, H).narrow(3, dx, W).reshape([N, C, 1, H * W]))
    }
    const columns = cat(shifted, 2).reshape([N, C * 9, H * W])
    const out = this.weight.reshape([this.weight.shape[0], C * 9]).matmul(columns)
    return out.reshape([N, this.weight.shape[0], H, W])
  }
}

class BatchNorm extends nn.Module {
  weight: nn.Parameter
  bias: nn.Parameter
  declare running_mean: Tensor
  declare running_var: Tensor
  declare num_batches_tracked: Tensor

  constructor(channels: number) {
    super()
    const { weight, bias } = freshModule('BatchNorm1d', { numFeatures: channels })
    this.weight = new nn.Parameter(weight)
    this.bias = new nn.Parameter(bias)
    this.registerBuffer('running_mean', zeros([channels]))
    this.registerBuffer('running_var', zeros([channels]).add(1))
    this.registerBuffer('num_batches_tracked', zeros([], { dtype: 'int32' }))
  }

  override forward(x: Tensor): Tensor {
    const per = (t: Tensor) => t.reshape([1, -1, 1, 1])
    let [mean, variance] = [this.running_mean, this.running_var]
    if (this.training) {
      mean = x.mean([0, 2, 3])
      variance = x.var([0, 2, 3], { correction: 0 })
      noGrad(() => {
        this.num_batches_tracked.add_(1)
        this.running_mean.mul_(0.9).add_(mean, { alpha: 0.1 })
        this.running_var.mul_(0.9).add_(x.var([0, 2, 3]), { alpha: 0.1 })
      })
    }
    return x.sub(per(mean)).div(per(variance.add(1e-5).sqrt())).mul(per(this.weight)).add(per(this.bias))
  }
}

/** The largest of each 2x2 square. */
class MaxPool2 extends nn.Module {
  override forward(x: Tensor): Tensor {
    const [N, C, H, W] = x.shape
    return x.reshape([N, C, H / 2, 2, W / 2, 2]).amax([3, 5])
  }
}

export function convnet(channels: number, size: number, classes: number): nn.Sequential {
  return new nn.Sequential(
    new Convolution3x3(1, channels),
    new BatchNorm(channels),
    new nn.ReLU(),
    new MaxPool2(),
    new nn.Flatten(),
    new nn.Dropout({ p: 0.25 }),
    new nn.Linear(channels * (size / 2) ** 2, classes),
  )
}
