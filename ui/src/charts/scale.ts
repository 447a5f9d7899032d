/** Round numbers to label an axis with, from nought. */
export function ticks(most: number, about = 4): number[] {
  if (!(most > 0)) return [0]
  const rough = most / about
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power
  const found: number[] = []
  for (let at = 0; at <= most * 1.0001; at += step) found.push(at)
  return found
}

/** Spread over at most `many` of `n` places, the first and the last with them. */
export function some(n: number, many: number): number[] {
  if (n <= many) return Array.from({ length: n }, (_, at) => at)
  const found = Array.from({ length: many }, (_, at) => Math.round((at * (n - 1)) / (many - 1)))
  return [...new Set(found)]
}
