import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addServerCommand } from '../../../bin/commands/server.ts'
import { addUpCommand } from '../../../bin/commands/up.ts'
import {
  advertisedAddress,
  clusterNetworkOf,
  type NetworkOptionValues,
  networkOptions,
} from '../../../bin/network-options.ts'

function parsed(...args: string[]): NetworkOptionValues {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  for (const option of networkOptions()) command.addOption(option)
  return command.parse(args, { from: 'user' }).opts()
}

describe('options of the network', () => {
  it('are the same for `kubette server` and `kubette up`', () => {
    for (const add of [addServerCommand, addUpCommand]) {
      const program = new Command()
      add(program)
      const names = program.commands[0]?.options.map(({ long }) => long)
      expect(names).toEqual(expect.arrayContaining(networkOptions().map(({ long }) => long)))
    }
  })

  it('say what is usual where they are not given', () => {
    const { podRange, services } = clusterNetworkOf(parsed())
    expect([podRange, services.addresses].map(String)).toEqual(['10.42.0.0/16', '10.43.0.0/16'])
    expect(services.nodePorts).toEqual({ first: 30_000, last: 32_767 })
  })

  it.each([
    ['--cluster-cidr=10.42.0.0/25', 'has less than 256 addresses'],
    ['--service-cidr=10.43.0.1/16', 'does not begin where a range of its size can: 10.43.0.0/16 does'],
    ['--service-cidr=fd00::/112', 'is no range of IPv4 addresses'],
    ['--service-node-port-range=40000-30000', 'give two ports, such as 30000-32767'],
    ['--service-node-port-range=30000', 'give two ports, such as 30000-32767'],
    ['--advertise-address=127.0.0.1', 'give an IPv4 address of this machine that its Pods can reach'],
  ])('are refused: %s', (argument, why) => {
    expect(() => parsed(argument)).toThrow(why)
  })

  it('are refused where Pods and Services would share addresses', () => {
    expect(() => clusterNetworkOf(parsed('--service-cidr=10.42.128.0/17'))).toThrow(
      '--cluster-cidr 10.42.0.0/16 and --service-cidr 10.42.128.0/17 overlap',
    )
  })

  it('take the address among the hosts for the one to advertise', () => {
    expect(advertisedAddress(undefined, ['cluster.lan', '192.0.2.5'])).toBe('192.0.2.5')
    expect(advertisedAddress('192.0.2.6', ['192.0.2.5'])).toBe('192.0.2.6')
    expect(advertisedAddress(undefined, ['127.0.0.1', '192.0.2.5'])).toBe('192.0.2.5')
    expect(advertisedAddress(undefined, ['127.0.0.1'])).not.toMatch(/^127\./)
  })
})
