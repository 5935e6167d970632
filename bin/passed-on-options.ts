import type { Command, Option } from 'commander'

/**
 * Adds options to a command that passes them on to the processes it starts. The list that is returned holds, once the
 * command line was read and found right, what such a process is to be given, as `--name=value`, or as
 * `--name` where it takes none.
 */
export function addPassedOnOptions(command: Command, options: readonly Option[], heading: string): string[] {
  const given: string[] = []
  for (const option of options) {
    command.addOption(option.helpGroup(heading))
    command.on(`option:${option.name()}`, (value?: string) =>
      given.push(value === undefined ? `${option.long}` : `${option.long}=${value}`),
    )
  }
  return given
}
