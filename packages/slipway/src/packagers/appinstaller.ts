// appinstaller: what installs an MSIX package from an address, and says where newer ones are (App Installer file schema of 2018).
import * as z from 'zod'
import { xml } from './linux/text.ts'
import { packager, stem, type Source } from './packager.ts'

/** Facts: none. Without `uri` it installs this version and looks for no other. */
export const appinstaller = packager({
  id: 'appinstaller',
  title: 'App Installer file',
  os: ['windows'],
  role: 'metadata',
  from: ['msix'],
  namesUrls: true,
  main: 'uri',
  options: {
    uri: z
      .string()
      .optional()
      .describe('Address that never changes, where the newest of these files will stand: Windows looks there for updates'),
    hours: z.int().min(0).max(255).default(12).describe('Hours between two looks; 0: at each start'),
  },
  ext: () => 'appinstaller',
  fileName: naming => `${stem(naming)}.appinstaller`,
  async *pack({ sources = [] }, { uri, hours }) {
    for (const source of sources) yield new TextEncoder().encode(documentOf(source, uri, hours))
    return {}
  },
})

const documentOf = ({ facts, url, file }: Source, uri: string | undefined, hours: number): string => {
  const fact = (name: string): string => xml(typeof facts[name] === 'string' ? facts[name] : '')
  const own = uri ?? `${url || file}.appinstaller`
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<AppInstaller xmlns="http://schemas.microsoft.com/appx/appinstaller/2018" Uri="${xml(own)}" Version="${fact('version')}">`,
    `  <MainPackage Name="${fact('identity')}" Publisher="${fact('publisher')}" Version="${fact('version')}" ProcessorArchitecture="${fact('arch')}" Uri="${xml(url || file)}"/>`,
    ...(uri === undefined ? [] : ['  <UpdateSettings>', `    <OnLaunch HoursBetweenUpdateChecks="${hours}"/>`, '  </UpdateSettings>']),
    '</AppInstaller>',
    '',
  ].join('\r\n')
}
