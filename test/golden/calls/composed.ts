// Networks whose layers glorot does not have, made of its operations as PyTorch makes them: what a golden program of theirs shows
// is that operations, gradients, draws and optimizers compose.
import { cat, linear, nn, noGrad, type Tensor, zeros } from 'glorot'
import { freshModule } from './freshModule.js'

type Kind = 'LSTM' | 'GRU' | 'RNN'

/** Parameters drawn in order, under PyTorch's names. */
class Drawn extends nn.Module {
  constructor(parameters: Record<string, Tensor>) {
    super()
    for (const [name, t] of Object.entries(parameters)) this.registerParameter(name, new nn.Parameter(t))
  }
}

/** One layer over [batch, time, features], gates in PyTorch's order: i f g o, or r z n. */
class Recurrent extends Drawn {
  constructor(
    readonly kind: Kind,
    inputSize: number,
    readonly hiddenSize: number,
  ) {
    super(freshModule(kind, { inputSize, hiddenSize }))
  }

  override forward(x: Tensor): Tensor {
    const p = Object.fromEntries(this.namedParameters())
    const batch = x.shape[0]
    let h = zeros([batch, this.hiddenSize])
    let c = zeros([batch, this.hiddenSize])
    for (let t = 0; t < x.shape[1]; t++) {
      const fromInput = linear(x.select(1, t), p.weight_ih_l0, p.bias_ih_l0)
      const fromState = linear(h, p.weight_hh_l0, p.bias_hh_l0)
      if (this.kind === 'RNN') h = fromInput.add(fromState).tanh()
      else if (this.kind === 'GRU') {
        const [ri, zi, ni] = fromInput.chunk(3, 1)
        const [rh, zh, nh] = fromState.chunk(3, 1)
        const update = zi.add(zh).sigmoid()
        const fresh = ni.add(ri.add(rh).sigmoid().mul(nh)).tanh()
        h = fresh.add(update.mul(h.sub(fresh)))
      } else {
        const [i, f, g, o] = fromInput.add(fromState).chunk(4, 1)
        c = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()))
        h = o.sigmoid().mul(c.tanh())
      }
    }
    return h
  }
}

export class Sequence extends nn.Module {
  rnn: Recurrent
  head: nn.Linear

  constructor(kind: Kind, inputs: number, hidden: number) {
    super()
    this.rnn = new Recurrent(kind, inputs, hidden)
    this.head = new nn.Linear(hidden, 1)
  }

  override forward(x: Tensor): Tensor {
    return this.head.forward(this.rnn.forward(x))
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
