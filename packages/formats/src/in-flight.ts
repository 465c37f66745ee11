// Work on a few things at once, with results in order: so that no core waits, and nothing piles up.

/** What is made of each, in order, at most `atOnce` in the making. */
export async function* inFlight<From, To>(
  all: AsyncIterable<From> | Iterable<From>,
  make: (one: From) => Promise<To>,
  atOnce = 4,
): AsyncGenerator<To> {
  const flying: Promise<To>[] = []
  for await (const one of all) {
    const made = make(one)
    // Whoever stops reading leaves some behind; their failure is then nobody's.
    made.catch(() => undefined)
    flying.push(made)
    const first = flying.length >= atOnce ? flying.shift() : undefined
    if (first !== undefined) yield await first
  }
  for (const made of flying) yield await made
}
