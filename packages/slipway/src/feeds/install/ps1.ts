// install.ps1, whole: for Windows PowerShell 5.1 and PowerShell 7; its settings from the release, its table of packages, then what never changes.
import { mainChannel } from '@slipway/core'
import { factsLine, type Offer, type Offered } from './offer.ts'
import { powerMain } from './ps1-main.ts'
import { powerPlace } from './ps1-place.ts'
import { powerVerify } from './ps1-verify.ts'
import { variableOf } from './sh.ts'
import { powerWord, script } from './text.ts'

export const powerScript = (offer: Offer): string =>
  [opening(offer), settings(offer), table(offer), powerMain, powerPlace, powerVerify, closing].join('\n')

// All of it is one block: half of it does not parse, and what it defines stays out of the session of whoever pipes it into iex.
const opening = (offer: Offer): string => script`
# install.ps1: installs ${offer.app} for you alone, without an administrator. What it can do: .\install.ps1 -Help
${factsLine(offer)}
param(
  [string]$Version = '', [string]$Channel = '', [string]$Dir = '', [string]$Target = '', [switch]$NoPath, [switch]$RequireSignature,
  [switch]$Force, [switch]$DryRun, [switch]$Uninstall, [switch]$Quiet, [switch]$Help
)
& {
param([hashtable]$Options)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
if ($null -eq $Options) { throw 'This is not the whole script.' }
`

const closing = script`
try {
  Invoke-Main
} catch {
  $code = 4
  if ($_.Exception.Data.Contains('slipway')) { $code = $_.Exception.Data['slipway'] }
  # Piped into iex there is no script to leave, only the user's session.
  if ($Options.File -eq '' -or (Split-Path -Leaf $Options.File) -ne 'install.ps1') { throw }
  [Console]::Error.WriteLine("$\{app}: " + $_.Exception.Message)
  exit $code
}
} @{
  Version = $Version; Channel = $Channel; Dir = $Dir; Target = $Target; NoPath = [bool]$NoPath; RequireSignature = [bool]$RequireSignature
  Force = [bool]$Force; DryRun = [bool]$DryRun; Uninstall = [bool]$Uninstall; Quiet = [bool]$Quiet; Help = [bool]$Help; File = [string]$PSCommandPath
}
`

const settings = (offer: Offer): string => script`
$app = ${powerWord(offer.app)}
$ownChannel = ${powerWord(offer.channel)}
$channelName = $ownChannel
$mainChannel = ${powerWord(mainChannel)}
$ownVersion = ${powerWord(offer.version)}
$base = ${powerWord(offer.base)}
$scriptUrl = ${powerWord(offer.script)}
$publicKey = ${powerWord(offer.publicKey)}
$prefix = ${powerWord(variableOf(offer.app))}
`

const table = (offer: Offer): string => script`
# Names of another version differ by that version: which files it really has says its own list.
function Get-Place([string]$version) { ${offer.version === '' ? `"$\{base}releases/$version/"` : placed(offer)} }
function Get-Packages([string]$version) {
${offer.packages.map(one => entry(offer, one)).join('')}}
`

const entry = (offer: Offer, one: Offered): string => script`
  @{
    Target = ${powerWord(one.target)}; Kind = ${powerWord(one.kind)}; Command = ${powerWord(one.command)}
    File = ${versioned(offer, one.file)}
    Url = (Get-Place $version) + ${versioned(offer, one.url.slice(offer.at.length))}
    Folder = ${versioned(offer, one.folder)}
    Executable = ${versioned(offer, one.executable)}
    Sha256 = ${powerWord(one.sha256)}
  }
`

/** An expression in which the version of the release stands as a variable. */
const versioned = ({ version }: Offer, text: string): string => `(${text.split(version).map(powerWord).join(' + $version + ')})`

const placed = ({ at, version }: Offer): string => {
  const last = at.lastIndexOf(version)
  return last < 0 ? powerWord(at) : `${powerWord(at.slice(0, last))} + $version + ${powerWord(at.slice(last + version.length))}`
}
