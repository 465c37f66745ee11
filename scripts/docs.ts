// `npm run docs`: checks the project's pages; today their links.
import { brokenLinks } from './docs/links.ts'
import { ownFiles, projectRoot } from './lib/files.ts'

const problems = brokenLinks(projectRoot)
for (const line of problems) console.error(line)
console.log(`${ownFiles(projectRoot).filter(file => file.endsWith('.md')).length} pages, ${problems.length} broken links`)
if (problems.length > 0) process.exitCode = 1
