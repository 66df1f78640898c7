// gradcheck finds wrong gradients; Function makes operations of one's own.
import test from 'ava'
import { AutogradError, autograd, noGrad, ShapeError, type Tensor, tensor, ValueError } from 'glorot'
import { leaf } from '../harness/grad.js'

class Square extends autograd.Function {
  static override forward(ctx: autograd.FunctionContext, x: Tensor): Tensor {
    ctx.saveForBackward(x)
    return x.mul(x)
  }
  static override backward(ctx: autograd.FunctionContext, grad: Tensor): Tensor {
    const [x] = ctx.savedTensors
    return grad.mul(x).mul(2)
  }
}

class WrongSquare extends Square {
  static override backward(ctx: autograd.FunctionContext, grad: Tensor): Tensor {
    return Square.backward(ctx, grad).mul(1.01)
  }
}

test('gradcheck passes what is right and names what is wrong', t => {
  const x = leaf([2, 3])
  t.true(autograd.gradcheck(v => v.mul(v), x))
  t.true(autograd.gradcheck((a, b) => [a.mul(b), a.add(b)], [x, leaf([3], 2)]))
  const error = t.throws(() => autograd.gradcheck(v => WrongSquare.apply(v), x), { instanceOf: AutogradError })
  t.regex(error.message, /gradcheck: the gradient of output 0, element 0, by input 0 \[2, 3\], element 0, is/)
  t.false(autograd.gradcheck(v => WrongSquare.apply(v), x, { raiseException: false }))
  t.true(autograd.gradcheck(v => WrongSquare.apply(v), x, { rtol: 0.1 }))
  t.throws(() => autograd.gradcheck(v => v, tensor([1])), { instanceOf: ValueError })
})

test('gradcheck leaves its inputs as they were', t => {
  const x = leaf([4])
  const before = x.tolist()
  autograd.gradcheck(v => v.mul(v), x)
  t.deepEqual(x.tolist(), before)
  t.is(x.grad, null)
})

test('gradgradcheck goes through a second derivative', t => {
  t.true(autograd.gradgradcheck((a, b) => a.mul(a).mul(b), [leaf([3]), leaf([3], 2)]))
  t.true(autograd.gradgradcheck(v => Square.apply(v), leaf([3])))
  class FirstOnly extends Square {
    static override backward(ctx: autograd.FunctionContext, grad: Tensor): Tensor {
      return grad.mul(ctx.savedTensors[0].detach()).mul(2)
    }
  }
  t.true(autograd.gradcheck(v => FirstOnly.apply(v), leaf([3])))
  t.throws(() => autograd.gradgradcheck(v => FirstOnly.apply(v), leaf([3])), { instanceOf: AutogradError })
})

test('Function takes and returns several tensors and plain values', t => {
  class Scaled extends autograd.Function {
    static override forward(ctx: autograd.FunctionContext, x: Tensor, factor: number, y: Tensor): Tensor[] {
      t.deepEqual(ctx.needsInputGrad, [true, false, false])
      ctx.factor = factor
      const rank = tensor([0, 1], { dtype: 'int32' })
      ctx.markNonDifferentiable(rank)
      return [x.mul(factor), rank, y.add(1)]
    }
    static override backward(ctx: autograd.FunctionContext, dx: Tensor, _rank: Tensor, dy: Tensor): (Tensor | null)[] {
      t.deepEqual(dy.tolist(), [0, 0])
      return [dx.mul(ctx.factor as number), null, null]
    }
  }
  const x = tensor([1, 2], { requiresGrad: true })
  const [scaled, rank, other] = Scaled.apply(x, 3, tensor([5, 6]))
  t.false(rank.requiresGrad)
  t.deepEqual(other.tolist(), [6, 7])
  scaled.backward(tensor([1, 10]))
  t.deepEqual(x.grad!.tolist(), [3, 30])
})

test('Function hands its input through without becoming it', t => {
  class Reverse extends autograd.Function {
    static override forward(_: autograd.FunctionContext, x: Tensor): Tensor {
      return x
    }
    static override backward(_: autograd.FunctionContext, grad: Tensor): Tensor {
      return grad.mul(-1)
    }
  }
  const x = tensor([1, 2], { requiresGrad: true })
  const y = Reverse.apply(x)
  t.true(x.isLeaf)
  y.backward(tensor([1, 1]))
  t.deepEqual(x.grad!.tolist(), [-1, -1])
})

test('a gradient that Function keeps is not overwritten', t => {
  const kept: Tensor[] = []
  class Keep extends autograd.Function {
    static override forward(_: autograd.FunctionContext, x: Tensor): Tensor {
      return x.mul(1)
    }
    static override backward(_: autograd.FunctionContext, grad: Tensor): Tensor {
      const mine = grad.mul(2)
      kept.push(mine)
      return mine
    }
  }
  const x = tensor([1], { requiresGrad: true })
  Keep.apply(x).backward()
  Keep.apply(x).backward()
  t.deepEqual(
    kept.map(k => k.tolist()),
    [[2], [2]],
  )
  t.deepEqual(x.grad!.tolist(), [4])
})

test('Function refuses what does not fit', t => {
  const x = tensor([1, 2], { requiresGrad: true })
  class TooMany extends Square {
    static override backward(_: autograd.FunctionContext, grad: Tensor): never {
      return [grad, grad] as never
    }
  }
  t.throws(() => TooMany.apply(x).backward(tensor([1, 1])), {
    instanceOf: AutogradError,
    message: /TooMany.*2 gradients.*1 arg/,
  })
  class WrongShape extends Square {
    static override backward(_: autograd.FunctionContext, grad: Tensor): Tensor {
      return grad.reshape([2, 1])
    }
  }
  t.throws(() => WrongShape.apply(x).backward(tensor([1, 1])), { instanceOf: ShapeError, message: /\[2, 1\].*\[2\]/ })
  class NotATensor extends Square {
    static override forward(): never {
      return 3 as never
    }
  }
  t.throws(() => NotATensor.apply(x), { instanceOf: TypeError, message: /NotATensor.*3/ })
  t.throws(() => autograd.Function.apply(x), { instanceOf: AutogradError, message: /forward is not defined/ })
  const y = Square.apply(x)
  noGrad(() => x.add_(1))
  t.throws(() => y.backward(tensor([1, 1])), { instanceOf: AutogradError, message: /changed in place/ })
})
