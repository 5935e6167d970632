import { Command, type Option } from 'commander'
import { COMMANDS } from '../bin/commands.ts'

interface Row {
  option: Option
  commands: string[]
}

/** Every option of every command, as a Markdown table: one row for all commands that have it in the same words. */
export async function optionTable(): Promise<string> {
  const rows = new Map<string, Row>()
  for (const { name, options } of await allCommands()) {
    for (const option of options.filter(({ hidden }) => !hidden)) {
      const key = `${option.flags} ${option.description}`
      const row = rows.get(key) ?? { option, commands: [] }
      row.commands.push(`\`${name}\``)
      rows.set(key, row)
    }
  }
  return ['| Option | Of | What | Default |', '|---|---|---|---|', ...[...rows.values()].map(line)].join('\n')
}

async function allCommands(): Promise<{ name: string; options: readonly Option[] }[]> {
  const program = new Command()
  for (const load of Object.values(COMMANDS)) (await load())(program)
  return program.commands.flatMap((command) => [
    { name: command.name(), options: command.options },
    ...command.commands.map((each) => ({ name: `${command.name()} ${each.name()}`, options: each.options })),
  ])
}

function line({ option, commands }: Row): string {
  const what = [option.description, option.argChoices ? `one of ${option.argChoices.join(', ')}` : '']
  return `| \`${option.flags}\` | ${commands.join(', ')} | ${what.filter(Boolean).join(': ')} | ${defaultOf(option)} |`
}

function defaultOf({ defaultValue, defaultValueDescription, negate }: Option): string {
  if (defaultValueDescription !== undefined) return `\`${defaultValueDescription}\``
  return negate || defaultValue === undefined || defaultValue === '' ? '' : `\`${defaultValue}\``
}
