// README.md of the main package: what a page of the registry shows. Text of the app is untrusted: Markdown and HTML in it stay text.
import type { App } from '@slipway/core'
import { markdown } from '../linux/text.ts'

export interface PlatformRow {
  readonly name: string
  readonly system: string
}

export const mainReadme = (app: App, { name, rows }: { readonly name: string; readonly rows: readonly PlatformRow[] }): string =>
  `# ${markdown(app.name)}
${app.summary === '' ? '' : `\n${markdown(app.summary)}\n`}
\`\`\`sh
npm install --global ${name}
\`\`\`

npm brings the program for your platform as an optional dependency. Nothing runs at install, and nothing is downloaded but packages.

| platform | package |
|---|---|
${rows.map(one => `| ${one.system} | \`${one.name}\` |`).join('\n')}

The exit code is that of the program; a signal that ends the program ends the launcher too. 127: no program for this platform is installed. 126: it is there and cannot be started.

From JavaScript, \`require('${name}').binaryPath()\` is the path of the program.
`
