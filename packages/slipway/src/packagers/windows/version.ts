// The version of a release as Windows keeps it: four numbers of 16 bits (VS_FIXEDFILEINFO).

/** `1.2.3-beta.4` is `1.2.3.0`; undefined where a number is above 65535. */
export const fourNumbers = (version: string): string | undefined => {
  const parts = (/^\d+(?:\.\d+){0,3}/.exec(version)?.[0] ?? '').split('.').map(Number)
  if (parts.some(part => !(part <= 0xffff)) || version === '') return undefined
  return [...parts, 0, 0, 0].slice(0, 4).join('.')
}
