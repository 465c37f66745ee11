// `npm run docs`: checks the project's pages: their links, and that the commands, flags, scripts and files that they name exist.
import { brokenLinks } from './docs/links.ts'
import { unknownNames } from './docs/named.ts'
import { ownFiles, projectRoot } from './lib/files.ts'

const problems = [...brokenLinks(projectRoot), ...unknownNames(projectRoot)]
for (const line of problems) console.error(line)
console.log(`${ownFiles(projectRoot).filter(file => file.endsWith('.md')).length} pages, ${problems.length} problems`)
if (problems.length > 0) process.exitCode = 1
