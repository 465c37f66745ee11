// What npm takes as the name of a new package (validate-npm-package-name 7; docs.npmjs.com, package.json, "name").

/** Why npm would not take a name; undefined where it does. */
export const nameFault = (name: string): string | undefined => {
  if (name.length > 214) return 'it has more than 214 characters'
  const [, scope, own = name] = /^@([^/]*)\/(.*)$/s.exec(name) ?? []
  for (const part of scope === undefined ? [own] : [scope, own]) {
    if (part === '') return 'a part of it is empty'
    if (/^[._-]/.test(part)) return 'it begins with a dot, a dash or an underscore'
    if (part !== part.toLowerCase()) return 'it has capital letters'
    if (!/^[a-z0-9._-]+$/.test(part)) return 'it has a character that no name of npm may have, or more than one slash'
  }
  if (scope !== undefined) return undefined
  if (own === 'node_modules' || own === 'favicon.ico') return 'npm keeps this name for itself'
  return modules.has(own) ? 'a module of Node has this name' : undefined
}

/** Node 24, `require('node:module').builtinModules`: a list of ours, since that of the running Node changes. */
const modules = new Set(
  `assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain events fs http http2 https
  inspector module net os path perf_hooks process punycode querystring readline repl stream string_decoder sys timers tls trace_events tty url
  util v8 vm wasi worker_threads zlib`.split(/\s+/),
)
