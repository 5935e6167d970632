import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addAgentCommand } from '../../../bin/commands/agent.ts'
import { addUpCommand } from '../../../bin/commands/up.ts'
import { nodeOptions } from '../../../bin/node-options.ts'
import { addPassedOnOptions } from '../../../bin/passed-on-options.ts'

const optionsOf = (add: (program: Command) => void) => {
  const program = new Command()
  add(program)
  return program.commands[0]!.options.map(({ long }) => long ?? '')
}

/** What `kubette up` decides for each of its agents, and what is for tests only. */
const DECIDED_BY_UP = [
  '--server',
  '--token',
  '--token-file',
  '--name',
  '--data',
  '--capacity',
  '--log-level',
  '--no-drain',
]

describe('options of nodes', () => {
  it('are the same for `kubette agent` and `kubette up`', () => {
    const agent = optionsOf(addAgentCommand)
    expect(agent).toEqual(expect.arrayContaining(nodeOptions().map(({ long }) => long)))
    expect(optionsOf(addUpCommand)).toEqual(
      expect.arrayContaining(agent.filter((name) => !DECIDED_BY_UP.includes(name))),
    )
  })

  it('are passed on as they were written, in their order', () => {
    const given = passedOn(
      '--device',
      'example.com/a=/dev/null',
      '--labels=disk=ssd',
      '--device=example.com/a=/dev/zero',
    )
    expect(given).toEqual(['--device=example.com/a=/dev/null', '--labels=disk=ssd', '--device=example.com/a=/dev/zero'])
    expect(passedOn('--no-shortcuts')).toEqual(['--no-shortcuts'])
    expect(passedOn()).toEqual([])
  })

  it('are checked before anything is started', () => {
    expect(() => passedOn('--device', 'dongle')).toThrow(/'--device .*' argument 'dongle' is invalid/)
  })
})

function passedOn(...args: string[]): string[] {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  const given = addPassedOnOptions(command, nodeOptions(), 'Options for the nodes:')
  command.parse(args, { from: 'user' })
  return given
}
