; Puts the terminal programs on the person's PATH, and takes them away. By PowerShell, because NSIS cuts long texts.
!macro customInstall
  nsExec::Exec `powershell -NoProfile -NonInteractive -Command "$$bin = '$INSTDIR\resources\bin'; $$path = @([Environment]::GetEnvironmentVariable('Path', 'User') -split ';' | Where-Object { $$_ -and $$_ -ne $$bin }); [Environment]::SetEnvironmentVariable('Path', (($$path + $$bin) -join ';'), 'User')"`
!macroend

!macro customUnInstall
  ${ifNot} ${isUpdated}
    nsExec::Exec `powershell -NoProfile -NonInteractive -Command "$$bin = '$INSTDIR\resources\bin'; $$path = @([Environment]::GetEnvironmentVariable('Path', 'User') -split ';' | Where-Object { $$_ -and $$_ -ne $$bin }); [Environment]::SetEnvironmentVariable('Path', ($$path -join ';'), 'User')"`
  ${endIf}
!macroend
