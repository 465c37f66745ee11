// One text value of an XML property list (Apple's PropertyList-1.0.dtd), enough to show a version.

/** The `<string>` behind a key; undefined where there is none, or the list is binary. */
export const plistText = (plist: string, key: string): string | undefined => {
  const found = new RegExp(`<key>\\s*${key}\\s*</key>\\s*<string>([^<]{0,256})</string>`).exec(plist)?.[1]
  return found === undefined ? undefined : xmlText(found)
}

const entities: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&apos;': "'" }

export const xmlText = (text: string): string => text.replace(/&(lt|gt|amp|quot|apos);/g, entity => entities[entity] ?? entity).trim()
