// install.ps1: each version in a folder of its own, a junction to the current one, the receipt, the user's PATH, removal.
import { script } from './text.ts'

export const powerPlace = script`
function Get-Root {
  $root = $Options.Dir
  if ($root -eq '') { $root = [string][Environment]::GetEnvironmentVariable("$($prefix)_INSTALL_DIR") }
  if ($root -eq '') { $root = Join-Path (Join-Path ([Environment]::GetFolderPath('LocalApplicationData')) 'Programs') $app }
  return $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($root)
}

function New-Root {
  try {
    [void](New-Item -ItemType Directory -Force -Path $root)
    $probe = Join-Path $root ('.new-' + [Guid]::NewGuid().ToString('N'))
    [IO.File]::WriteAllText($probe, '')
    [IO.File]::Delete($probe)
  } catch { Stop-Install 4 "cannot write in $\{root}: $($_.Exception.Message)" 'Name a folder of yours with -Dir. This script never needs an administrator.' }
  if (-not (Test-Path -LiteralPath $receiptFile) -and @(Get-ChildItem -LiteralPath $root -Force).Count -gt 0 -and -not $Options.Force) {
    Stop-Install 3 "$root holds files, and this script did not install them" 'Name another folder with -Dir, or go on with -Force.'
  }
}

# A program that runs keeps its files: the new version lies beside it, and only the junction moves. Gives the folder for the PATH.
function Set-Installation([string]$version, $package, [string]$file, [string]$checkedBy, $receipt) {
  $stage = Join-Path $root ('.new-' + [Guid]::NewGuid().ToString('N'))
  $home_ = Join-Path $root $version
  try {
    if ($package.Kind -eq 'zip') { Expand-Archive -LiteralPath $file -DestinationPath $stage }
    else {
      [void](New-Item -ItemType Directory -Path (Join-Path $stage $package.Folder))
      Copy-Item -LiteralPath $file -Destination (Join-Path (Join-Path $stage $package.Folder) $package.Executable)
    }
    $tree = Join-Path $stage $package.Folder
    if (-not (Test-Path -LiteralPath (Join-Path $tree $package.Executable) -PathType Leaf)) {
      Stop-Install 5 "$($package.File) holds no program $($package.Executable)" 'Tell the publisher. Nothing was installed.'
    }
    if (Test-Path -LiteralPath $home_) {
      try { [IO.Directory]::Move($home_, (Join-Path $stage '.replaced')) } catch { Stop-Install 4 "cannot replace $\{home_}: it is in use" "Close $app, and try again." }
    }
    [IO.Directory]::Move($tree, $home_)
    $path = Join-Path $root 'current'
    $inner = Split-Path -Parent $package.Executable
    if ($inner) { $path = Join-Path $path $inner }
    $keep = @($version)
    if ($null -ne $receipt -and $receipt.version -ne $version) { $keep += $receipt.version }
    Write-Receipt $version $package $checkedBy $path $keep
    Set-Current $home_
  } finally { Remove-Item -LiteralPath $stage -Recurse -Force -ErrorAction SilentlyContinue }
  foreach ($old in @(Get-ReceiptVersions $receipt)) {
    if ($keep -notcontains $old) { Remove-Item -LiteralPath (Join-Path $root $old) -Recurse -Force -ErrorAction SilentlyContinue }
  }
  return $path
}

function Set-Current([string]$target) {
  $current = Join-Path $root 'current'
  $new = Join-Path $root ('.current-' + [Guid]::NewGuid().ToString('N'))
  [void](New-Item -ItemType Junction -Path $new -Target $target)
  # Not recursive: of a junction that removes the junction alone.
  if (Test-Path -LiteralPath $current) { [IO.Directory]::Delete($current) }
  [IO.Directory]::Move($new, $current)
}

function Write-Receipt([string]$version, $package, [string]$checkedBy, [string]$path, $keep) {
  $files = @(foreach ($one in $keep) {
    foreach ($item in @(Get-ChildItem -LiteralPath (Join-Path $root $one) -Recurse -Force -File -ErrorAction SilentlyContinue)) {
      [ordered]@{ path = $item.FullName; sha256 = Get-Sha256 $item.FullName }
    }
  })
  $signature = $null
  if ($checkedBy -ne '') { $signature = $checkedBy }
  $text = ConvertTo-Json -Depth 4 ([ordered]@{
    schema = 'slipway.install/1'; app = $app; version = $version; channel = $channelName; target = $package.Target
    source = $package.Url; sha256 = $package.Expected; signature = $signature
    at = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ'); path = $path; versions = @($keep); files = $files
  })
  $new = "$receiptFile.new"
  [IO.File]::WriteAllText($new, $text)
  Move-Item -LiteralPath $new -Destination $receiptFile -Force
}

function Read-Receipt {
  if (-not (Test-Path -LiteralPath $receiptFile)) { return $null }
  return ConvertFrom-Json ([IO.File]::ReadAllText($receiptFile))
}

# Folders are removed by these names, so nothing that is no version may stand there.
function Get-ReceiptVersions($receipt) {
  if ($null -ne $receipt) { @($receipt.versions) | Where-Object { $_ -cmatch '\A[0-9][0-9A-Za-z.-]*\z' -and $_ -notmatch '\.\.' } }
}

function Test-Installed($receipt, [string]$version, [string]$expected) {
  if ($null -eq $receipt -or $receipt.version -cne $version -or $receipt.sha256 -cne $expected) { return $false }
  foreach ($file in @($receipt.files)) {
    if (-not (Test-Path -LiteralPath $file.path -PathType Leaf) -or (Get-Sha256 $file.path) -cne $file.sha256) { return $false }
  }
  return Test-Path -LiteralPath (Join-Path $root 'current')
}

function Remove-Installation {
  $receipt = Read-Receipt
  if ($null -eq $receipt) { Write-Line "$app is not installed: there is no $receiptFile"; return }
  if ($Options.DryRun) { @($receipt.files) | ForEach-Object { Write-Line $_.path }; return }
  foreach ($file in @($receipt.files)) {
    if (-not $file.path.StartsWith($root + [IO.Path]::DirectorySeparatorChar)) { continue }
    try { if (Test-Path -LiteralPath $file.path) { Remove-Item -LiteralPath $file.path -Force } }
    catch { Stop-Install 4 "cannot remove $($file.path): $($_.Exception.Message)" "Close $app, and try again." }
  }
  $current = Join-Path $root 'current'
  if (Test-Path -LiteralPath $current) { [IO.Directory]::Delete($current) }
  foreach ($version in @(Get-ReceiptVersions $receipt)) { Remove-EmptyFolders (Join-Path $root $version) }
  Remove-FromPath $receipt.path
  Remove-Item -LiteralPath $receiptFile -Force
  Remove-EmptyFolders $root
  Write-Line "$app $($receipt.version) removed"
}

function Remove-EmptyFolders([string]$folder) {
  if (-not (Test-Path -LiteralPath $folder)) { return }
  foreach ($inner in @(Get-ChildItem -LiteralPath $folder -Directory -Force)) { Remove-EmptyFolders $inner.FullName }
  if (@(Get-ChildItem -LiteralPath $folder -Force).Count -eq 0) { [IO.Directory]::Delete($folder) }
}

# The registry is asked, since what a process sees has its variables expanded already.
function Get-UserPath {
  $key = [Microsoft.Win32.Registry]::CurrentUser.OpenSubKey('Environment')
  if ($null -eq $key) { return @() }
  return @(([string]$key.GetValue('Path', '', 'DoNotExpandEnvironmentNames')) -split ';' | Where-Object { $_ -ne '' })
}

function Set-UserPath($parts) {
  $key = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey('Environment')
  $key.SetValue('Path', (@($parts) -join ';'), [Microsoft.Win32.RegistryValueKind]::ExpandString)
  # Tells programs that run, as Explorer, that the environment changed.
  [Environment]::SetEnvironmentVariable("$($prefix)_PATH_CHANGED", $null, 'User')
}

function Add-ToPath([string]$path) {
  $parts = @(Get-UserPath)
  if ($parts -contains $path) { return }
  if ($Options.NoPath -or [Environment]::GetEnvironmentVariable("$($prefix)_NO_MODIFY_PATH")) { Write-Line "Add this to your PATH: $path"; return }
  Set-UserPath (@($path) + $parts)
  $env:Path = "$path;$env:Path"
  Write-Line "$path is in your PATH now; programs that are open see it when they start again."
}

function Remove-FromPath([string]$path) {
  $parts = @(Get-UserPath)
  if ($parts -contains $path) { Set-UserPath @($parts | Where-Object { $_ -ne $path }) }
}
`
