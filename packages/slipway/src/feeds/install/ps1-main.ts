// install.ps1: what it is asked for, and the order of an installation.
import { script } from './text.ts'

export const powerMain = script`
function Invoke-Main {
  if ($Options.Help) { Show-Help; return }
  if ($PSVersionTable.PSVersion.Major -lt 5) { Stop-Install 4 "this is PowerShell $($PSVersionTable.PSVersion)" 'It needs 5.1 or later, which Windows 10 and 11 have.' }
  if ($PSVersionTable.PSVersion.Major -ge 6 -and -not $IsWindows) { Stop-Install 2 'this script is for Windows' "In a shell: curl -fsSL $($scriptUrl -replace 'ps1$', 'sh') | sh" }
  $root = Get-Root
  $receiptFile = Join-Path $root 'receipt.json'
  if ($Options.Uninstall) { Remove-Installation; return }
  # Windows PowerShell 5.1 may offer nothing newer than TLS 1.0 by itself.
  [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
  $work = Join-Path ([IO.Path]::GetTempPath()) ("$app-install-" + [Guid]::NewGuid().ToString('N'))
  [void](New-Item -ItemType Directory -Path $work)
  try { Install-Release } finally { Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction SilentlyContinue }
}

function Install-Release {
  $channelName = Select-Channel
  $version = Select-Version
  $sums = Get-Sums $version
  $package = Select-Package $version $sums
  $receipt = Read-Receipt
  if (-not $Options.Force -and (Test-Installed $receipt $version $package.Expected)) {
    Write-Line "$app $version is installed already: $root"
    Add-ToPath $receipt.path
    return
  }
  if ($Options.DryRun) { Write-Line "Would install $app $version ($($package.Target)) from $($package.Url) into $root"; return }
  New-Root
  $file = Join-Path $work 'package.zip'
  Get-Remote $package.Url $file
  if ((Get-Sha256 $file) -ne $package.Expected) {
    Stop-Install 5 "$($package.File) is not the file of release $\{version}: its SHA-256 is another" 'The download broke, or somebody changed it. Nothing was installed.'
  }
  $path = Set-Installation $version $package $file $sums.CheckedBy $receipt
  if ($null -ne $receipt -and $receipt.version -ne $version) { Write-Line "$app $version installed in place of $($receipt.version): $root" }
  else { Write-Line "$app $version installed: $root" }
  if ($sums.CheckedBy -eq '') {
    Write-Unchecked $package.Url $sums.Unable
  }
  Add-ToPath $path
}

function Select-Channel {
  if ($Options.Channel -eq '') { return $channelName }
  if ($Options.Channel -cnotmatch '\A[a-z][a-z0-9-]{0,31}\z') { Stop-Install 2 'this is no name of a channel' "As: -Channel $channelName" }
  return $Options.Channel
}

function Select-Version {
  $version = $Options.Version -replace '\Av', ''
  if ($version -eq '') {
    if ($channelName -ceq $ownChannel) { $version = $ownVersion } else { $version = Get-Offered }
  }
  if ($version -eq '') { Stop-Install 3 "nothing is released on $channelName at the moment" 'Try again later, or name a version: -Version 1.2.3' }
  if ($version -cnotmatch '\A[0-9][0-9A-Za-z.-]*\z') { Stop-Install 2 'this is no version' 'As: -Version 1.2.3' }
  return $version
}

# What another channel offers stands in the second line of its own script; no part of that script is run.
function Get-Offered {
  $url = "$\{base}feeds/$channelName/install/install.ps1"
  if ($channelName -ceq $mainChannel) { $url = "$\{base}install.ps1" }
  $file = Join-Path $work 'head'
  Get-Remote $url $file
  $line = @(Get-Content -LiteralPath $file -TotalCount 2 -Encoding UTF8)[-1]
  if ($line -cnotmatch ('\A# slipway \{"n":\d+,"channel":"' + $channelName + '","version":"([0-9A-Za-z.-]+)"\}\z')) { Stop-Install 5 "$url is not the script of channel $channelName" 'Tell the publisher.' }
  if ($Matches[1] -eq '0.0.0') { return '' }
  return $Matches[1]
}

function Select-Package([string]$version, $sums) {
  $targets = @(Get-Targets)
  foreach ($target in $targets) {
    foreach ($package in @(Get-Packages $version)) {
      if ($package.Target -ne $target) { continue }
      $expected = $package.Sha256
      if ($null -ne $sums.Hashes) { $expected = $sums.Hashes[$package.File] }
      if ($null -eq $expected) { continue }
      if ($version -ceq $ownVersion -and $expected -cne $package.Sha256) {
        Stop-Install 5 "the list of release $version names another SHA-256 for $($package.File) than this script" 'Somebody changed one of them. Nothing was installed.'
      }
      $package.Expected = $expected
      return $package
    }
  }
  Stop-Install 2 "release $version has no package for this system ($($targets -join ' '))" "What there is: $\{base}releases/"
}

# Of the system, not of this process, which may be emulated.
function Get-Targets {
  if ($Options.Target -ne '') { return $Options.Target }
  $machine = [Environment]::GetEnvironmentVariable('PROCESSOR_ARCHITECTURE', 'Machine')
  switch ($machine) {
    'AMD64' { return 'windows-x64' }
    'ARM64' { return @('windows-arm64', 'windows-x64') }
    'x86' { return 'windows-x86' }
    default { return "windows-$machine" }
  }
}

function Get-Remote([string]$url, [string]$file) {
  $request = @{ Uri = $url; OutFile = $file; UseBasicParsing = $true; TimeoutSec = 600 }
  foreach ($name in @('https_proxy', 'http_proxy')) {
    $proxy = [Environment]::GetEnvironmentVariable($name)
    if ($proxy -and $url.StartsWith($name.Split('_')[0] + ':')) { $request.Proxy = $proxy }
  }
  try { Invoke-WebRequest @request } catch { Stop-Install 4 "cannot download $\{url}: $($_.Exception.Message)" "Look at the network and its proxy; what there is: $\{base}releases/" }
}

function Write-Line([string]$text) { if (-not $Options.Quiet) { Write-Host $text } }

# Exit codes: 2 asked for something that cannot be, 3 refused, 4 this machine or its network, 5 wrong bytes.
function Stop-Install([int]$code, [string]$what, [string]$how) {
  $failure = New-Object System.Exception ($what + [Environment]::NewLine + '  ' + $how)
  $failure.Data['slipway'] = $code
  throw $failure
}

function Show-Help {
  Write-Host "Installs $app for you alone, without an administrator. The same command again upgrades it."
  Write-Host ''
  Write-Host "  irm $scriptUrl | iex"
  Write-Host "  & ([scriptblock]::Create((irm $scriptUrl))) -Version 1.2.3"
  Write-Host ''
  Write-Host '  -Version VERSION   that version, not the one on offer'
  Write-Host "  -Channel CHANNEL   what that channel offers (here: $channelName)"
  Write-Host "  -Dir DIR           where it goes (default: $env:LOCALAPPDATA\Programs\$app); also $($prefix)_INSTALL_DIR"
  Write-Host "  -NoPath            leave your PATH alone; also $($prefix)_NO_MODIFY_PATH"
  Write-Host '  -RequireSignature  refuse where the signature cannot be checked'
  Write-Host '  -Force             again, whatever is there'
  Write-Host '  -Target TARGET     for another system than this one, as windows-x64'
  Write-Host '  -DryRun            say what would be done'
  Write-Host '  -Uninstall         remove what was installed'
  Write-Host '  -Quiet  -Help'
  Write-Host ''
  Write-Host 'Environment: https_proxy, http_proxy. Exit codes: 0 done, 2 wrong use, 3 refused, 4 this machine or its network, 5 wrong bytes or signature.'
}
`
