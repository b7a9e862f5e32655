# Completion of fmaspec for PowerShell, written by "fmaspec completion powershell".

Register-ArgumentCompleter -Native -CommandName fmaspec -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text })
    $program = $words[0]
    $words = @($words | Select-Object -Skip 1)
    $current = ''
    if ($commandAst.CommandElements[-1].Extent.EndOffset -ge $cursorPosition -and $words.Count -gt 0) {
        $current = $words[-1]
    } elseif ($PSVersionTable.PSVersion -ge [version]'7.3' -and $PSNativeCommandArgumentPassing -ne 'Legacy') {
        $words += ''
    } else {
        $words += '""' # older versions drop an empty argument
    }
    $out = @(& $program completion words -- @words 2>$null)
    if ($out.Count -eq 0) { return }
    $kind, $prefix = $out[0] -split ' ', 2
    if ($kind -eq 'files' -or $kind -eq 'folders') {
        $part = $current.Substring([Math]::Min("$prefix".Length, $current.Length))
        Get-ChildItem -Path "$part*" -Directory:($kind -eq 'folders') -ErrorAction SilentlyContinue | ForEach-Object {
            $name = (Join-Path (Split-Path "$part*") $_.Name)
            [System.Management.Automation.CompletionResult]::new("$prefix$name", $_.Name, 'ProviderItem', $name)
        }
        return
    }
    $out | Select-Object -Skip 1 | Where-Object { $_.StartsWith($current) } | ForEach-Object {
        $word, $says = $_ -split "`t", 2
        if (-not $says) { $says = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $says)
    }
}
