// Keys of state dicts are PyTorch's; options and fields here are the same words in camelCase.

/** `weightDecay` -> `weight_decay`, `TMax` -> `T_max`. */
export function snakeCase(name: string): string {
  return name
    .replace(/^T(?=[A-Z0-9])/, 'T_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[A-Z]/g, (letter, at) => (at === 0 ? letter : letter.toLowerCase()))
}

/** `weight_decay` -> `weightDecay`, `T_max` -> `TMax`. */
export function camelCase(name: string): string {
  return name.replace(/(?<=.)_(\w)/g, (_, letter: string) => letter.toUpperCase())
}
