/** What each shell has to run: it hands its words to `flow __complete`, and shows the lines that come back. */

export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

// Bash splits words at ':', '=' and '@' too (an '@' begins the next part): the parts are joined again for the question,
// and what bash already has of the word is cut off the answers. It has to run in the bash 3.2 of macOS.
const bash = `# Completion of flow for bash. In ~/.bashrc: source <(flow completion bash)
_flow() {
  local -a words=()
  local rest=$COMP_LINE word part char i current quote= strip= is_open=
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $i == 0 || -z $COMP_LINE || $rest == [[:space:]]* ]]; then
      words+=("$word")
    else
      words[\${#words[@]}-1]+=$word
    fi
    rest=\${rest#"\${rest%%[![:space:]]*}"}
    rest=\${rest#"$word"}
  done
  current=\${words[\${#words[@]}-1]}
  if [[ $current == [\\'\\"]* ]]; then
    quote=yes
    current=\${current:1}
  else
    current=\${current//\\\\/}
    for char in : = @; do
      [[ $COMP_WORDBREAKS == *"$char"* && $current == *"$char"* ]] || continue
      part=\${current%"\${current##*"$char"}"}
      if [[ $char == @ ]]; then part=\${part%@}; fi
      if ((\${#part} > \${#strip})); then strip=$part; fi
    done
  fi
  words[\${#words[@]}-1]=$current
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    if [[ $word == *[/:=] ]]; then is_open=yes; fi
    word=\${word#"$strip"}
    if [[ -z $quote ]]; then printf -v word %q "$word"; fi
    COMPREPLY+=("$word")
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
  if [[ -n $is_open ]] && type compopt >/dev/null 2>&1; then compopt -o nospace 2>/dev/null; fi
}
complete -F _flow flow
`;

const zsh = `#compdef flow
# Completion of flow for zsh. In ~/.zshrc, after compinit: source <(flow completion zsh)
_flow() {
  local -a whole open
  local word about
  while IFS=$'\\t' read -r word about; do
    if [[ $word == *[/:=] ]]; then
      open+=("\${word//:/\\\\:}:$about")
    else
      whole+=("\${word//:/\\\\:}:$about")
    fi
  done < <("\${words[1]}" __complete -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)
  _describe flow whole -- open -S ''
}
if [[ \${funcstack[1]} == _flow ]]; then _flow "$@"; else compdef _flow flow; fi
`;

const fish = `# Completion of flow for fish: flow completion fish > ~/.config/fish/completions/flow.fish
function __flow_complete
    set -l words (commandline -opc) (commandline -ct)
    command $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c flow -f -a '(__flow_complete)'
`;

export const shellScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
