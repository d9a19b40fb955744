/**
 * The scripts of `kpf completion`, one for each shell. They hold no names: each asks
 * `kpf __complete`, so that a newer kpf needs no new script.
 */

// Bash breaks words at ":" and "=" and keeps their quotes, so the line is split here as the
// shell would, and what stands before the last break is taken off each answer; in an open
// quote nothing is broken. Works from bash 3.2, which macOS has.
const bash = `# bash completion of kpf. In ~/.bashrc: eval "$(kpf completion bash)"
_kpf() {
  local line="\${COMP_LINE:0:COMP_POINT}" current="" quote="" begun="" broken="" keep_open="" i char value meaning
  local -a words=()
  for ((i = 0; i < \${#line}; i++)); do
    char="\${line:i:1}"
    if [[ -n $quote ]]; then
      if [[ $char == "$quote" ]]; then quote=""; else current+="$char"; fi
    elif [[ $char == [\\"\\'] ]]; then
      quote="$char" begun=1
    elif [[ $char == "\\\\" ]]; then
      ((++i))
      current+="\${line:i:1}"
    elif [[ $char == [[:space:]] ]]; then
      [[ -n $current$begun ]] && words+=("$current")
      current="" begun=""
    else
      current+="$char"
    fi
  done
  if [[ -z $quote ]]; then
    [[ $COMP_WORDBREAKS == *:* && $current == *:* ]] && broken="\${current%:*}:"
    [[ -z $broken && $COMP_WORDBREAKS == *=* && $current == *=* ]] && broken="\${current%%=*}="
  fi
  COMPREPLY=()
  while IFS=$'\\t' read -r value meaning; do
    if [[ $value == :file ]]; then
      while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "\${current#"$broken"}")
      type compopt >/dev/null 2>&1 && compopt -o filenames 2>/dev/null
    else
      [[ $value == */ ]] && keep_open=1
      COMPREPLY+=("\${value#"$broken"}")
    fi
  done < <(command kpf __complete -- "\${words[@]:1}" "=$current" 2>/dev/null)
  [[ -n $keep_open ]] && type compopt >/dev/null 2>&1 && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _kpf kpf
`

const zsh = `#compdef kpf
# zsh completion of kpf. In ~/.zshrc, after compinit: source <(kpf completion zsh)
_kpf() {
  local line value meaning shown_value current="\${(Q)words[CURRENT]}" want_files=""
  local -a values shown open open_shown
  # A quote that is not yet closed.
  [[ $current == [\\"\\']* ]] && current="\${current:1}"
  for line in "\${(@f)$(command kpf __complete -- "\${(@Q)words[2,CURRENT-1]}" "=$current" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    if [[ $line == :file ]]; then
      want_files=1
      continue
    fi
    value="\${line%%$'\\t'*}"
    meaning=""
    [[ $line == *$'\\t'* ]] && meaning="  \${line#*$'\\t'}"
    # In columns, and no wider than the screen: zsh would break the line.
    shown_value="$value"
    [[ -n $meaning ]] && (( \${#value} < 16 )) && shown_value="\${(r:16:)value}"
    shown_value+="$meaning"
    shown_value="\${shown_value[1,\${COLUMNS:-80}-1]}"
    if [[ $value == */ ]]; then
      open+=("$value")
      open_shown+=("$shown_value")
    else
      values+=("$value")
      shown+=("$shown_value")
    fi
  done
  (( \${#values} )) && compadd -V kpf -l -d shown -a values
  (( \${#open} )) && compadd -V kpf-types -l -S '' -d open_shown -a open
  [[ -n $want_files ]] && _files
  return 0
}
compdef _kpf kpf
`

const fish = `# fish completion of kpf. In ~/.config/fish/config.fish: kpf completion fish | source
function __kpf_complete
    set -l words (commandline -opc)
    set -l current (string replace -r '^["\\']' '' -- (commandline -ct))
    set -e words[1]
    for line in (command kpf __complete -- $words "=$current" 2>/dev/null)
        if test "$line" = ":file"
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c kpf -f -k -a '(__kpf_complete)'
`

const powershell = `# PowerShell completion of kpf. In $PROFILE: kpf completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName kpf -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString().Trim('"', "'") })
  kpf __complete -- @before "=$wordToComplete" 2>$null | ForEach-Object {
    $value, $meaning = $_ -split "\`t", 2
    if ($value -eq ':file') {
      [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
    } else {
      if (-not $meaning) { $meaning = $value }
      [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $meaning)
    }
  }
}
`

/** By the shell's name. */
export const completionScripts = { bash, zsh, fish, powershell } as const

/** Whether there is a script for it. */
export function isShell(name: string): name is keyof typeof completionScripts {
  return Object.hasOwn(completionScripts, name)
}
