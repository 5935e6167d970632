import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { timestamp } from '../../shared/clock.ts'
import { ApiClient } from '../api-client.ts'
import { CommandFailure } from '../command-failure.ts'
import { createJoinToken, deleteJoinToken, listJoinTokens } from '../join-token.ts'
import { dataDirectory, parseDuration } from '../options.ts'

interface ConnectionOptions {
  data?: string
  kubeconfig?: string
}

export function addTokenCommand(program: Command): void {
  const token = program.command('token').description('Make, list and revoke the tokens with which machines join.')
  withConnection(token.command('create'))
    .description('Make a token and print it. It is shown only now.')
    .addOption(
      new Option('--ttl <duration>', 'how long it admits new nodes: 90s, 30m, 24h, 7d, or 0 for ever')
        .argParser(parseDuration)
        .default(24 * 3_600_000, '24h'),
    )
    .option('--description <text>', 'what it is for, shown in the list', '')
    .addHelpText(
      'after',
      '\nExamples:\n  kubette token create\n  kubette token create --ttl 1h --description "the new Pi"',
    )
    .action((options: ConnectionOptions & { ttl: number; description: string }) =>
      withApi(options, async (api) => {
        console.log(await createJoinToken(api, { ttlMs: options.ttl, description: options.description }))
      }),
    )
  withConnection(token.command('list'))
    .description('List the tokens that there are.')
    .action((options: ConnectionOptions) => withApi(options, printTokens))
  withConnection(token.command('delete <id>'))
    .description('Revoke a token. Nodes that joined with it stay.')
    .action((id: string, options: ConnectionOptions) =>
      withApi(options, async (api) => {
        await deleteJoinToken(api, id)
        console.log(`token ${id} deleted`)
      }),
    )
}

function withConnection(command: Command): Command {
  return command
    .option('--data <dir>', "the server's directory (default: $KUBETTE_DATA or ~/.kubette)")
    .option('--kubeconfig <file>', 'the kubeconfig of an administrator (default: the one in the data directory)')
}

async function withApi(options: ConnectionOptions, use: (api: ApiClient) => Promise<void>): Promise<void> {
  const api = ApiClient.fromKubeconfig(options.kubeconfig ?? join(dataDirectory(options.data), 'kubeconfig'))
  try {
    await use(api)
  } catch (error) {
    throw new CommandFailure((error as Error).message)
  } finally {
    api.close()
  }
}

async function printTokens(api: ApiClient): Promise<void> {
  const tokens = await listJoinTokens(api)
  const rows = tokens.map(({ id, expiresAt, description }) => [
    id,
    expiresAt ? timestamp(expiresAt) : 'never',
    description,
  ])
  for (const [id = '', expires = '', description = ''] of [['ID', 'EXPIRES', 'DESCRIPTION'], ...rows]) {
    console.log(`${id.padEnd(12)}${expires.padEnd(24)}${description}`.trimEnd())
  }
}
