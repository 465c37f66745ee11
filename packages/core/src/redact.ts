// Secrets that this process has read, and their removal from any text that leaves it.
const kept = new Set<string>()
const shortest = 4

/** Remembers a secret, so that `redact` removes it from now on. Texts under 4 characters are not remembered. */
export const keepSecret = (secret: string): void => {
  for (const form of [secret, ...secret.split('\n'), encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    if (form.trim().length >= shortest) kept.add(form.trim())
}

/** Replaces each remembered secret in a text with `[secret]`, the longest first. */
export const redact = (text: string): string => {
  let out = text
  for (const secret of [...kept].sort((a, b) => b.length - a.length)) out = out.replaceAll(secret, '[secret]')
  return out
}

/** Forgets all secrets; for tests. */
export const forgetSecrets = (): void => kept.clear()
