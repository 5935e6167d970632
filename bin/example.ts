import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { isApiError } from '../shared/api/api-error.ts'
import type { Deployment } from '../shared/api/kinds.ts'
import type { ApiClient } from './api-client.ts'
import { ROOT } from './installation.ts'

const EXAMPLE_FILE = join(ROOT, 'examples', 'hello.yaml')
const PATH = '/apis/apps/v1/namespaces/default/deployments'

/** The Deployment of examples/hello.yaml. */
export function readExample(): Deployment {
  return parse(readFileSync(EXAMPLE_FILE, 'utf8')) as Deployment
}

/** Creates the example. One that is there already is the user's by now and stays as it is. */
export async function applyExample(api: ApiClient, example: Deployment): Promise<void> {
  try {
    await api.call('POST', PATH, example)
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error
  }
}

/** As it is now; undefined where it is not there. */
export async function getExample(api: ApiClient, example: Deployment): Promise<Deployment | undefined> {
  try {
    return await api.call<Deployment>('GET', `${PATH}/${example.metadata.name}`)
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined
    throw error
  }
}
