// A transformer that reads characters and says, after each, which one comes next. Vaswani et al. 2017, arXiv:1706.03762
import { arange, cat, multinomial, nn, noGrad, type Tensor } from 'glorot'

/** Characters that the network looks back at. */
export const CONTEXT = 64
const WIDTH = 96

export class CharacterModel extends nn.Module {
  characters: nn.Embedding
  positions = new nn.Embedding(CONTEXT, WIDTH)
  encoder: nn.TransformerEncoder
  head: nn.Linear
  declare place: Tensor

  constructor(alphabet: number, dropout: number) {
    super()
    this.characters = new nn.Embedding(alphabet, WIDTH)
    const options = {
      dimFeedforward: 4 * WIDTH,
      dropout,
      activation: 'gelu' as const,
      batchFirst: true,
      normFirst: true,
    }
    this.encoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(WIDTH, 4, options), 3, {
      norm: new nn.LayerNorm(WIDTH),
    })
    this.head = new nn.Linear(WIDTH, alphabet)
    this.registerBuffer('place', arange(CONTEXT, { dtype: 'int32' }), { persistent: false })
    for (const e of [this.characters, this.positions]) nn.init.normal_(e.weight, 0, 0.02)
    // Copies start alike; stacked layers learn sooner if each starts from numbers of its own.
    for (const p of this.encoder.parameters()) if (p.shape.length > 1) nn.init.xavierUniform_(p)
  }

  /** Characters [N, L] to the logits of what follows each, [N, L, alphabet]. */
  override forward(x: Tensor): Tensor {
    const places = this.positions.forward(this.place.narrow(0, 0, x.size(1)))
    const read = this.encoder.forward(this.characters.forward(x).add(places), { isCausal: true })
    return this.head.forward(read)
  }
}

/** `count` characters after `start`, drawn one by one from what the model expects. */
export function write(model: CharacterModel, start: Tensor, count: number, temperature = 0.8): Tensor {
  model.eval()
  return noGrad(() => {
    let text = start
    for (let i = 0; i < count; i++) {
      const seen = Math.min(CONTEXT, text.size(0))
      const logits = model.forward(text.narrow(0, text.size(0) - seen, seen).unsqueeze(0))
      const next = multinomial(logits.select(1, -1).div(temperature).softmax(-1), 1)
      text = cat([text, next.reshape([1])])
    }
    return text
  })
}
