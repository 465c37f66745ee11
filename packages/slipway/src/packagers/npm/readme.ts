// README.md of a platform package: what a page of the registry shows. Text of the app is untrusted: Markdown and HTML in it stay text.
import type { App } from '@slipway/core'
import { markdown } from '../linux/text.ts'

export const platformReadme = (app: App, { name, main }: { readonly name: string; readonly main: string }): string =>
  `# ${name}

The program of ${markdown(app.name)} for one platform. Install \`${main}\`, which brings the right one:

\`\`\`sh
npm install ${main}
\`\`\`
`
