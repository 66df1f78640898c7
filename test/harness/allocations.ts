/** How many arrays for tensors `fn` asks V8 for. */
export function allocations(fn: () => void): number {
  const allocate = Buffer.allocUnsafeSlow
  let times = 0
  Buffer.allocUnsafeSlow = bytes => {
    times++
    return allocate(bytes)
  }
  try {
    fn()
  } finally {
    Buffer.allocUnsafeSlow = allocate
  }
  return times
}
