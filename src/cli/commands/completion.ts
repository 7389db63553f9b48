/** Completion scripts: words and flags of every command, written out, so that a shell needs nothing else. */
import { type Command, nameOf } from "../command.ts";
import { refuse } from "../errors.ts";
import { argOf } from "../given.ts";
import { GLOBAL_FLAGS } from "../parse.ts";
import { text } from "../text.ts";

const PROGRAMS = ["up", "demo", "rebuild", "verify"];

interface Tree {
  /** First words. */
  readonly resources: readonly string[];
  /** Second words by first. */
  readonly actions: ReadonlyMap<string, readonly string[]>;
  /** Flags by command. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
}

const treeOf = (commands: readonly Command[]): Tree => ({
  resources: [...new Set([...PROGRAMS, ...commands.map(({ words }) => words[0])])],
  actions: Map.groupBy(commands, ({ words }) => words[0])
    .entries()
    .reduce(
      (map, [resource, own]) =>
        map.set(
          resource,
          own.flatMap(({ words }) => words[1] ?? []),
        ),
      new Map<string, string[]>(),
    ),
  flags: new Map(
    commands.map((command) => [nameOf(command), [...command.flags, ...GLOBAL_FLAGS].map(({ name }) => `--${name}`)]),
  ),
});

const bash = ({ resources, actions, flags }: Tree): string => `# entente completion for bash
_entente() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [[ $COMP_CWORD -eq 1 ]]; then words="${resources.join(" ")}"
  elif [[ $cur == -* ]]; then
    case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${[...flags].map(([name, own]) => `      "${name}"*) words="${own.join(" ")}" ;;`).join("\n")}
    esac
  elif [[ $COMP_CWORD -eq 2 ]]; then
    case "\${COMP_WORDS[1]}" in
${[...actions].map(([name, own]) => `      ${name}) words="${own.join(" ")}" ;;`).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ -n $words ]] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _entente entente`;

const zsh = (tree: Tree): string => `#compdef entente
autoload -U +X bashcompinit && bashcompinit
${bash(tree)}`;

const fish = ({ resources, actions, flags }: Tree): string =>
  [
    "# entente completion for fish",
    `complete -c entente -n __fish_use_subcommand -f -a "${resources.join(" ")}"`,
    ...[...actions]
      .filter(([, own]) => own.length > 0)
      .map(
        ([name, own]) =>
          `complete -c entente -n "__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${own.join(" ")}" -f -a "${own.join(" ")}"`,
      ),
    ...[...flags].flatMap(([name, own]) => {
      const seen = name
        .split(" ")
        .map((word) => `__fish_seen_subcommand_from ${word}`)
        .join("; and ");
      return own.map((flag) => `complete -c entente -n "${seen}" -l ${flag.slice(2)}`);
    }),
  ].join("\n");

const SHELLS: Readonly<Record<string, (tree: Tree) => string>> = { bash, zsh, fish };

/** @param all every command, this one included */
export const completionCommand = (all: () => readonly Command[]): Command => ({
  words: ["completion"],
  summary: text("Print a completion script: bash, zsh or fish", "输出命令行补全脚本：bash、zsh 或 fish"),
  args: [{ name: "shell" }],
  flags: [],
  async run(context, given) {
    const shell = argOf(given, "shell");
    const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
    const command = "entente completion";
    if (!script) throw refuse("usage.value", { flag: "SHELL", value: shell, expected: "bash | zsh | fish", command });
    context.print(script(treeOf(all())));
    return undefined;
  },
});
