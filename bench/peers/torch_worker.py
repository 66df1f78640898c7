"""PyTorch's side of the comparison: answers one JSON line per request (protocol: worker.ts). The works are those of works.ts, in the
same order of random draws, so that both sides start from the same numbers and the orchestrator can check that they agree."""

import json
import re
import sys

from serve import serve

try:
    import torch
except ImportError as problem:
    print(json.dumps({"missing": str(problem)}), flush=True)
    sys.exit()

from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def snake(name):
    return re.sub("[A-Z]", lambda m: "_" + m.group().lower(), name)


def mean_size(t):
    return t.detach().abs().mean().item()


def targets(loss, batch, outputs):
    if loss == "CrossEntropyLoss":
        return torch.randint(0, outputs, (batch,))
    if loss == "BCELoss":
        return torch.randint(0, 2, (batch, outputs)).float()
    return torch.randn(batch, outputs)


def network(layers, batch, hidden, loss, optimizer, lr, output=None, fill=None, xavier=False, checked=2):
    """One step of full-batch training."""
    modules = []
    for i, (a, b) in enumerate(zip(layers, layers[1:])):
        if i > 0:
            modules.append(getattr(nn, hidden)())
        modules.append(nn.Linear(a, b))
    if output is not None:
        modules.append(getattr(nn, output)())
    model = nn.Sequential(*modules)
    with torch.no_grad():
        for layer in model:
            if isinstance(layer, nn.Linear) and fill is not None:
                layer.weight.fill_(fill)
                layer.bias.fill_(fill)
            elif isinstance(layer, nn.Linear) and xavier:
                nn.init.xavier_uniform_(layer.weight)
    x = torch.randn(batch, layers[0])
    y = targets(loss, batch, layers[-1])
    criterion = getattr(nn, loss)()
    optim = getattr(torch.optim, optimizer)(model.parameters(), lr=lr)

    def step():
        optim.zero_grad()
        value = criterion(model(x), y)
        value.backward()
        optim.step()
        return value

    def value():
        for _ in range(checked - 1):
            step()
        return step().item()

    return step, value


class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(hidden, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        return self.sigmoid(self.fc2(self.relu(self.fc1(x))))


def loader(samples, inputs, hidden, batch, lr):
    """One epoch over a shuffled DataLoader."""
    x = torch.randn(samples, inputs)
    y = torch.randint(0, 2, (samples, 1)).float()
    x = (x - x.mean(0)) / x.std(0)
    batches = DataLoader(TensorDataset(x, y), batch_size=batch, shuffle=True)
    model = Net(inputs, hidden)
    criterion = nn.BCELoss()
    optim = torch.optim.Adam(model.parameters(), lr=lr)

    def epoch():
        for features, labels in batches:
            optim.zero_grad()
            loss = criterion(model(features), labels)
            loss.backward()
            optim.step()
        return loss

    return epoch, lambda: epoch().item()


def passes(op, x, direction):
    """Forward: op(x), nothing recorded. Backward: the gradient of an op(x) that was recorded once."""
    if direction == "forward":
        return lambda: op(x), lambda: mean_size(op(x))
    x.requires_grad_(True)
    y = op(x)
    g = torch.randn(y.shape)

    def backward():
        return torch.autograd.grad(y, x, g, retain_graph=True)[0]

    return backward, lambda: mean_size(backward())


def activation(op, n, direction):
    return passes(getattr(nn, op)(), torch.randn(n), direction)


def rows(op, shape, direction):
    return passes(lambda x: getattr(x, snake(op))(-1), torch.randn(shape), direction)


def elementwise(op, shapes):
    a, b = [torch.randn(s) for s in shapes]
    f = getattr(torch, op)
    return lambda: f(a, b), lambda: mean_size(f(a, b))


def layer(op, args, shape, below=None, options=None):
    """Forward and backward of a layer, to its parameters and, where it is floats, its input."""
    module = getattr(nn, op)(*args, **{snake(k): v for k, v in (options or {}).items()})
    x = torch.randn(shape, requires_grad=True) if below is None else torch.randint(0, below, shape)
    gradient = torch.randn(module(x).shape)
    every = ([x] if below is None else []) + list(module.parameters())

    def both():
        for t in every:
            t.grad = None
        module(x).backward(gradient)

    def value():
        both()
        return mean_size(every[0].grad)

    return both, value


def lenet(batch):
    """A step of Adam and cross entropy for a network of LeNet's kind."""
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )
    x = torch.randn(batch, 1, 28, 28)
    y = torch.randint(0, 10, (batch,))
    criterion = nn.CrossEntropyLoss()
    optim = torch.optim.Adam(model.parameters(), lr=0.001)

    def step():
        optim.zero_grad()
        value = criterion(model(x), y)
        value.backward()
        optim.step()
        return value

    return step, lambda: step().item()


def sequence(op, args, shape, options=None):
    """Forward and backward of a layer over sequences, to its parameters, which are the only ones that want gradients."""
    module = getattr(nn, op)(*args, **{snake(k): v for k, v in (options or {}).items()})
    x = torch.randn(shape)
    learned = list(module.parameters())

    def step():
        for p in learned:
            p.grad = None
        result = module(x)
        (result[0] if isinstance(result, tuple) else result).square().mean().backward()

    def value():
        step()
        return mean_size(learned[0].grad)

    return step, value


def loss(op, shape):
    """Forward and backward of a loss."""
    criterion = getattr(nn, op)()
    x = torch.rand(shape) if op == "BCELoss" else torch.randn(shape)
    y = torch.randint(0, shape[1], (shape[0],)) if op in ("CrossEntropyLoss", "NLLLoss") else torch.rand(shape)
    x.requires_grad_(True)

    def both():
        x.grad = None
        criterion(x, y).backward()
        return x.grad

    return both, lambda: mean_size(both())


def optimizer(op, tensors, n, **options):
    """One step of an optimizer over gradients that stay."""
    parameters = [nn.Parameter(torch.randn(n)) for _ in range(tensors)]
    for p in parameters:
        p.grad = torch.randn(n)
    optim = getattr(torch.optim, op)(parameters, **options)

    def value():
        optim.step()
        return mean_size(parameters[-1])

    return optim.step, value


WORKS = {f.__name__: f for f in (network, loader, activation, rows, elementwise, layer, lenet, sequence, loss, optimizer)}


def start(request):
    torch.set_num_threads(request.get("threads", 1))
    if request["do"] == "prepare":
        torch.manual_seed(0)


torch.set_num_interop_threads(1)
serve({
    "name": "PyTorch",
    "version": torch.__version__,
    "details": f"{torch.backends.cpu.get_cpu_capability()}, {'MKL' if torch.backends.mkl.is_available() else 'no MKL'}",
}, WORKS, start)
