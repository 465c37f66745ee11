// Patterns for paths of an app, as git and asar know them: `*` and `?` within a name, `**` over folders, `{a,b}`; a folder stands for all in it.

/** Whether a path, or a folder that it lies in, matches one of the patterns. One without a slash is for names wherever they are. */
export const matcherOf = (patterns: readonly string[]): ((path: string) => boolean) => {
  const tests = patterns.map(pattern => ({ test: expressionOf(pattern), isName: !trimmed(pattern).includes('/') }))
  return path => {
    const steps = path.split('/')
    return steps.some((step, index) => {
      const above = steps.slice(0, index + 1).join('/')
      return tests.some(one => one.test.test(one.isName ? step : above))
    })
  }
}

const trimmed = (pattern: string): string => pattern.replace(/^(\.?\/)+/, '').replace(/\/+$/, '')

const expressionOf = (pattern: string): RegExp => {
  let depth = 0
  const source = trimmed(pattern).replaceAll(/\*\*\/|\*\*|[*?{},]|[\\^$.|+()[\]]/g, sign => {
    if (sign === '**/') return '(?:.*/)?'
    if (sign === '**') return '.*'
    if (sign === '*') return '[^/]*'
    if (sign === '?') return '[^/]'
    if (sign === '{') depth += 1
    else if (sign === '}' && depth > 0) depth -= 1
    else if (sign !== ',' || depth === 0) return sign === ',' ? sign : `\\${sign}`
    return sign === '{' ? '(?:' : sign === '}' ? ')' : '|'
  })
  return new RegExp(`^${source}${')'.repeat(depth)}$`, 'su')
}
